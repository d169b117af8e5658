/**
 * What a request to the API can end in, as one error with a remedy. `transport.ts` makes it of answers,
 * `unreachable.ts` of requests that got none; operations read it, and `toNodeApiError` shows it to the user. It holds
 * nothing of the request itself: n8n stores what a node throws, and the request carries the key.
 */
import { NodeApiError, type INode } from 'n8n-workflow';
import type { ErrorBody } from '../../api/contract/error-schema.ts';

/** What is shown of a failure, by the API or by this package. */
export interface Fault {
	/** Stable: from the API's table of errors, or one of `LocalCode`. */
	readonly code: string;
	readonly message: string;
	/** What to do. */
	readonly hint: string;
	/** Path of the wrong field. */
	readonly field?: string | undefined;
	/** HTTP status; undefined where no answer came. */
	readonly status?: number | undefined;
	/** The same request can succeed later, by itself or once somebody has mended address, network or server. */
	readonly retryable: boolean;
	/** Names the request in the API's log. */
	readonly requestId?: string | undefined;
	/** The failed receipt that tells of it in the API. */
	readonly jobId?: string | undefined;
}

/** What this package finds out by itself: some of it has the name that the API gives to the same. */
export type LocalCode =
	| 'address_blocked'
	| 'address_invalid'
	| 'answer_too_large'
	| 'binary_missing'
	| 'changed_since'
	| 'contract_mismatch'
	| 'deletions_held'
	| 'file_access'
	| 'file_unreadable'
	| 'files_missing'
	| 'folder_missing'
	| 'invalid'
	| 'key_invalid'
	| 'not_docdrop'
	| 'not_found'
	| 'owned'
	| 'redirected'
	| 'superseded'
	| 'timeout'
	| 'tls'
	| 'too_large'
	| 'unreachable'
	| 'vanished';

export class ApiFailure extends Error implements Fault {
	override readonly name = 'ApiFailure';
	readonly code: string;
	readonly hint: string;
	readonly field: string | undefined;
	readonly status: number | undefined;
	readonly retryable: boolean;
	readonly requestId: string | undefined;
	readonly jobId: string | undefined;
	/** Code of a network failure, such as ECONNREFUSED. */
	override readonly cause: string | undefined;

	constructor(fault: Fault, cause?: string) {
		super(fault.message);
		this.code = fault.code;
		this.hint = fault.hint;
		this.field = fault.field;
		this.status = fault.status;
		this.retryable = fault.retryable;
		this.requestId = fault.requestId;
		this.jobId = fault.jobId;
		this.cause = cause;
	}
}

export const isApiFailure = (error: unknown): error is ApiFailure => error instanceof ApiFailure;

/** `cause`: code of a network failure. */
export function localFailure(
	code: LocalCode,
	message: string,
	hint: string,
	more: { readonly status?: number; readonly field?: string; readonly retryable?: boolean } = {},
	cause?: string,
): ApiFailure {
	return new ApiFailure({ code, message, hint, retryable: true, ...more }, cause);
}

/** Answers are shown to people and stored with executions; nothing that answers decides how much. */
const maxText = 2_000;

/** An answer that is not 2xx: the API's own words, or what it means that somebody else answered. */
export function answeredFailure(status: number, body: string, host: string): ApiFailure {
	const error = errorOf(body);
	if (error === null) return foreignAnswer(status, body, host);
	const { code, field, retryable, requestId, jobId } = error;
	const { message, hint } = code === 'unauthorized' ? ofCredential(error) : error;
	return new ApiFailure({
		code,
		message: message.slice(0, maxText),
		hint: hint.slice(0, maxText),
		field: typeof field === 'string' ? field.slice(0, maxText) : undefined,
		status,
		retryable,
		requestId: typeof requestId === 'string' ? requestId.slice(0, maxText) : undefined,
		jobId: typeof jobId === 'string' ? jobId.slice(0, maxText) : undefined,
	});
}

/** Where a person enters the key, instead of the header that carries it. */
const ofCredential = ({ message }: Pick<Fault, 'message'>) => ({
	message: `${message}: see API Key in the DocDrop API credential`,
	hint: 'Open the credential in this node, and enter a key of the API: one that docdrop keys add showed, or one that it was started with (DOCDROP_API_KEYS).',
});

/** `status` says what was answered, in the words of whoever stands before the API, or in its place. */
export function foreignAnswer(status: number, body: string, host: string): ApiFailure {
	const isPage = /^\s*<(!doctype|html|head|body)/i.test(body);
	const message = `${host} answered ${status}${isPage ? ' with a web page' : ''}, but not as the DocDrop API does`;
	const gateway = 'A proxy that does not reach the API answers like this: look whether the API runs.';
	const other = `Open the Address of the credential with /v1/info behind it: it must show "name": "docdrop". If a proxy stands between, let its path lead to the API${status === 413 ? ', and let it take bodies as large as the API does' : ''}.`;
	return localFailure('not_docdrop', message, [502, 503, 504].includes(status) ? gateway : other, { status });
}

function errorOf(body: string): ErrorBody['error'] | null {
	try {
		const { error } = JSON.parse(body) as Partial<ErrorBody>;
		const isOurs =
			typeof error?.code === 'string' &&
			typeof error.message === 'string' &&
			typeof error.hint === 'string' &&
			typeof error.retryable === 'boolean';
		return isOurs ? error : null;
	} catch {
		return null;
	}
}

/** What n8n shows of a failure: its message as the title, its remedy below. */
export function toNodeApiError(node: INode, fault: Fault, itemIndex?: number): NodeApiError {
	const { code, message, hint, field, status, retryable, requestId } = fault;
	const facts = {
		code,
		retryable,
		...(field !== undefined && { field }),
		...(requestId !== undefined && { requestId }),
	};
	const trace =
		requestId !== undefined && (status ?? 0) >= 500 ? ` The API logged it as request ${requestId}.` : '';
	const error = new NodeApiError(node, facts, {
		message,
		description: `${hint}${trace}`,
		...(status !== undefined && { httpCode: String(status) }),
		...(itemIndex !== undefined && { itemIndex }),
	});
	// n8n replaces messages in which it finds the name of an error of Node's, wherever it stands.
	error.message = message;
	return error;
}

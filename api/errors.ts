/**
 * Every error that DocDrop raises on purpose, in one table: what it is called, what it says, which HTTP
 * status carries it, and whether the same request can succeed later. Anything thrown that is not in the
 * table is a defect and is answered as `internal`, with nothing of its text.
 *
 * Messages name the field, the demand and the value. They never hold a path of this machine, a secret, a
 * stack, or a document's content: they are shown to callers as they are.
 */
interface ErrorRow {
	readonly status: number;
	readonly retryable: boolean;
	readonly hint: string;
}

const table = {
	// What a caller sent.
	invalid: { status: 400, retryable: false, hint: 'Correct the named field and send the request again.' },
	unauthorized: {
		status: 401,
		retryable: false,
		hint: 'Send a key as "Authorization: Bearer KEY" or in the header x-api-key.',
	},
	forbidden: { status: 403, retryable: false, hint: 'Use a key that is valid for this tenant.' },
	not_found: {
		status: 404,
		retryable: false,
		hint: 'Check the address and the ids; GET /docs lists every route.',
	},
	method_not_allowed: {
		status: 405,
		retryable: false,
		hint: 'GET /docs lists every route with its methods.',
	},
	conflict: { status: 409, retryable: false, hint: 'Read the current state and decide again.' },
	changed_since: {
		status: 412,
		retryable: false,
		hint: 'Nothing was taken. Look at what is there now, and send it with its own hash, or without one.',
	},
	owned: {
		status: 409,
		retryable: false,
		hint: 'Another source owns this document. Send takeOver: true to take it over, or use another docId.',
	},
	too_large: {
		status: 413,
		retryable: false,
		hint: 'GET /v1/info lists the limits; stream one large file by PUT.',
	},
	unsupported_type: { status: 415, retryable: false, hint: 'GET /v1/info lists the types that can be read.' },
	unreadable: {
		status: 422,
		retryable: false,
		hint: 'The file could not be read as its type; open it and save it anew.',
	},
	encrypted: {
		status: 422,
		retryable: false,
		hint: 'The file asks for a password. Save a copy without one and send that.',
	},
	unsupported_encryption: {
		status: 422,
		retryable: false,
		hint: 'The file is protected in a way that only the program that made it can open. Save a copy without protection.',
	},
	no_text_layer: {
		status: 422,
		retryable: false,
		hint: 'The file holds pictures of text, such as a scan. With the setting DOCDROP_OCR they are read; or let another program for text recognition (OCR) add the text.',
	},
	// It says nothing of the document: once somebody has granted more, the same request succeeds.
	credits_exhausted: {
		status: 402,
		retryable: true,
		hint: 'Ask the operator for credits: PUT /v1/credits grants them, GET /v1/credits shows what is left.',
	},
	rate_limited: { status: 429, retryable: true, hint: 'Wait for the time in Retry-After.' },
	// What this process cannot do now.
	queue_full: {
		status: 503,
		retryable: true,
		hint: 'Wait for the time in Retry-After; the queue drains by itself.',
	},
	shutting_down: {
		status: 503,
		retryable: true,
		hint: 'The process is stopping; send the request again after its restart.',
	},
	store_unavailable: {
		status: 503,
		retryable: true,
		hint: 'The state store did not answer; look at the log of the process.',
	},
	store_lost: {
		status: 500,
		retryable: false,
		hint: 'Start DocDrop again: what was accepted is on disk and goes on. The log says why it ended.',
	},
	content_missing: {
		status: 500,
		retryable: false,
		hint: 'The stored content of this change is gone from the data folder; send the document again.',
	},
	successor_failed: {
		status: 409,
		retryable: false,
		hint: 'Retry the document that this one was moved to, or send it again: then the old name goes by itself.',
	},
	extractor_unavailable: {
		status: 503,
		retryable: true,
		hint: 'No process could be started to read files; look at the memory and the limits of the machine.',
	},
	index_unavailable: {
		status: 503,
		retryable: true,
		hint: 'The vector index does not answer; accepted changes wait on disk.',
	},
	search_timeout: {
		status: 504,
		retryable: true,
		hint: 'Ask with fewer words or name a docId; DOCDROP_SEARCH_TIMEOUT_MS is the limit.',
	},
	index_throttled: {
		status: 503,
		retryable: true,
		hint: 'The vector index asks to wait; accepted changes wait on disk.',
	},
	index_rejected: {
		status: 502,
		retryable: false,
		hint: 'The vector index refused this content; its reason is in the message.',
	},
	index_mismatch: {
		status: 500,
		retryable: false,
		hint: 'The index was made with another model or shape. Point DocDrop at a new collection or data folder.',
	},
	// Neither is ever a caller's: a search that was not reranked is answered, and says so.
	reranker_unavailable: {
		status: 503,
		retryable: true,
		hint: 'The reranker does not answer; searches go out in their own order. Check DOCDROP_RERANKER_URL, its key and its model.',
	},
	reranker_rejected: {
		status: 502,
		retryable: false,
		hint: 'The reranker refused this question; its reason is in the message.',
	},
	index_forbidden: {
		status: 502,
		retryable: true,
		hint: 'The vector index refused the key; check DOCDROP_QDRANT_API_KEY.',
	},
	embedder_unavailable: {
		status: 503,
		retryable: true,
		hint: 'The embedder does not answer; accepted changes wait on disk.',
	},
	embedder_throttled: {
		status: 503,
		retryable: true,
		hint: 'The embedder asks to wait; accepted changes wait on disk.',
	},
	embedder_rejected: {
		status: 502,
		retryable: false,
		hint: 'The embedder refused this text; its reason is in the message.',
	},
	embedder_mismatch: {
		status: 502,
		retryable: true,
		hint: 'The embedder refuses every text, or answers vectors of another length: check DOCDROP_EMBEDDER_MODEL, DOCDROP_EMBEDDER_DIMENSIONS and DOCDROP_EMBEDDER_URL.',
	},
	embedder_forbidden: {
		status: 502,
		retryable: true,
		hint: 'The embedder refused the key; check DOCDROP_EMBEDDER_API_KEY.',
	},
	disk_full: {
		status: 507,
		retryable: true,
		hint: 'Free disk space where the data folder is; nothing accepted was lost.',
	},
	// What stops a start.
	store_locked: {
		status: 500,
		retryable: false,
		hint: 'Stop the other process, or use another DOCDROP_DATA_DIR.',
	},
	store_newer: { status: 500, retryable: false, hint: 'Upgrade DocDrop, or use another DOCDROP_DATA_DIR.' },
	store_corrupt: {
		status: 500,
		retryable: false,
		hint: 'Restore the data folder from a copy, or start with an empty one.',
	},
	clock_ahead: {
		status: 500,
		retryable: false,
		hint: 'Set the clock of the machine. If it is right, upgrade DocDrop, or use another DOCDROP_DATA_DIR.',
	},
	config_invalid: {
		status: 500,
		retryable: false,
		hint: 'docs/settings.md lists every setting with its unit and default.',
	},
	installation_damaged: {
		status: 500,
		retryable: false,
		hint: 'A file of the package is missing or is not what it was made as: install DocDrop again.',
	},
	internal: { status: 500, retryable: true, hint: 'This is a defect. The log holds it under the requestId.' },
} satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof table;
export const errorTable: Readonly<Record<ErrorCode, ErrorRow>> = table;

const brand = Symbol.for('docdrop.error');

export interface ErrorDetails {
	/** The field of the caller's input that is wrong, as a path such as `documents/3/docId`. */
	readonly field?: string;
	/** Replaces the table's hint where a better one is known. */
	readonly hint?: string;
	/** The failed receipt that tells of it. */
	readonly jobId?: string;
	/** When to try again, milliseconds from now. */
	readonly retryAfterMs?: number;
	/** The HTTP status that a peer answered; for logs and for classification, never shown. */
	readonly peerStatus?: number;
	/** The peer answers others meanwhile: what failed says nothing of it. Said by who asked it a control question. */
	readonly isOwn?: boolean;
	/** Of a file that no reader takes: what its content shows it to be. Another reader may be asked for it. */
	readonly unreadType?: string;
	readonly cause?: unknown;
}

/** An error from the table. Recognise it with `isDocDropError`, never by instanceof: bundles may hold two copies. */
export class DocDropError extends Error {
	override readonly name = 'DocDropError';
	readonly code: ErrorCode;
	readonly field: string | undefined;
	readonly hint: string;
	readonly retryable: boolean;
	readonly jobId: string | undefined;
	readonly retryAfterMs: number | undefined;
	readonly peerStatus: number | undefined;
	readonly isOwn: boolean;
	readonly unreadType: string | undefined;

	constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
		super(message, details.cause === undefined ? undefined : { cause: details.cause });
		const row = errorTable[code];
		this.code = code;
		this.field = details.field;
		this.hint = details.hint ?? row.hint;
		this.retryable = row.retryable;
		this.jobId = details.jobId;
		this.retryAfterMs = details.retryAfterMs;
		this.peerStatus = details.peerStatus;
		this.isOwn = details.isOwn ?? false;
		this.unreadType = details.unreadType;
		Object.defineProperty(this, brand, { value: true });
	}
}

export function isDocDropError(error: unknown): error is DocDropError {
	return typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[brand] === true;
}

/** The same error after it crossed a thread or a process, where prototypes and symbols are lost. */
export interface PlainError {
	readonly code: ErrorCode;
	readonly message: string;
	readonly details: Omit<ErrorDetails, 'cause'>;
	readonly stack?: string | undefined;
}

export function toPlainError(error: unknown): PlainError {
	if (!isDocDropError(error)) {
		const stack = error instanceof Error ? error.stack : String(error);
		return { code: 'internal', message: 'internal error', details: {}, stack };
	}
	const { code, message, field, hint, jobId, retryAfterMs, peerStatus, unreadType } = error;
	return {
		code,
		message,
		details: {
			hint,
			...(field !== undefined && { field }),
			...(jobId !== undefined && { jobId }),
			...(retryAfterMs !== undefined && { retryAfterMs }),
			...(peerStatus !== undefined && { peerStatus }),
			...(unreadType !== undefined && { unreadType }),
		},
		stack: error.stack,
	};
}

export function fromPlainError(plain: PlainError): DocDropError {
	return new DocDropError(plain.code, plain.message, { ...plain.details, cause: plain.stack });
}

/** The same error as an answer of the API holds it. A newer process may know errors that this one does not. */
export function fromErrorBody(body: unknown): DocDropError {
	const { error } = body as {
		readonly error: Partial<Record<'code' | 'message' | 'hint' | 'field', string>>;
	};
	const { code = '', message = 'the API gave an unknown answer', hint, field } = error;
	return new DocDropError(Object.hasOwn(errorTable, code) ? (code as ErrorCode) : 'internal', message, {
		...(hint !== undefined && { hint }),
		...(field !== undefined && { field }),
	});
}

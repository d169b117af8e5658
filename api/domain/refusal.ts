import type { DocumentInput } from '../contract/document-schema.ts';
import { docIdFault } from '../contract/doc-id-fault.ts';
import { DocDropError, type ErrorCode } from '../errors.ts';
import type { Change } from './change.ts';
import { maxRank } from './place.ts';

/**
 * What the ingress refuses for good. Where it is known whose document it was, it leaves a receipt: a sender that
 * reads no answers, or goes on after errors, would otherwise lose it without a trace. Pure.
 */
export interface Refused extends Pick<Change, 'tenant' | 'docId' | 'op'> {
	readonly error: DocDropError;
}

/** Sending the same again ends the same. What is wrong with a key or a server says nothing of a document. */
const lasting: readonly ErrorCode[] = ['invalid', 'too_large', 'unsupported_type'];

/** The error alone where it does not last, or where nothing can be called by the name. */
export function refusalOf(
	error: DocDropError,
	{ tenant, docId, op = 'put' }: Pick<DocumentInput, 'tenant' | 'docId' | 'op'>,
): Refused | DocDropError {
	if (!lasting.includes(error.code) || docIdFault(docId) !== null) return error;
	return { tenant, docId, op, error };
}

/** Of a type that can be read and is ruled out by a setting. */
export const unwantedError = (mimeType: string, setting: string) =>
	new DocDropError(
		'unsupported_type',
		`mimeType must be one that ${setting} allows, got ${JSON.stringify(mimeType)}`,
		{ field: 'mimeType', hint: `The operator has ruled this type out: see the setting ${setting}.` },
	);

/** Of a picture, where pictures are not read. */
export const NEEDS_OCR =
	'Pictures are read by text recognition (OCR), which is off: see the setting DOCDROP_OCR.';

/** `owner`: what people know it by. `of`: it is the old name of a move that another source owns. */
export const ownedError = (owner: string, of?: 'previous') =>
	new DocDropError('owned', `${of ?? 'docId'} belongs to another source, ${JSON.stringify(owner)}`, {
		field: of ?? 'source',
	});

/** `of`: it is the old name of a move. */
export const spentError = (of?: 'previous') =>
	new DocDropError(
		'conflict',
		`${of ?? 'docId'} must not change its source or its source’s epoch more than ${maxRank} times, and has done so`,
		{
			field: of ?? 'docId',
			hint: 'Go on from the source and epoch that it has, or publish the document under another docId.',
		},
	);

/** Of a change by filter, where the document has become another one meanwhile. */
export const unmatchedError = () =>
	new DocDropError('not_found', 'the document is not like the filter any more, or not there', {
		field: 'filter',
	});

export const unpaidError = (
	tenant: string,
	{ needed, left }: { readonly needed: number; readonly left: number },
) =>
	new DocDropError(
		'credits_exhausted',
		`the tenant ${JSON.stringify(tenant)} has ${left} credits left, and this needs ${needed}`,
		{ field: 'tenant' },
	);

/** The same error, naming the receipt that tells of it. */
export function withReceipt(error: DocDropError, jobId: string): DocDropError {
	const { code, message, field, hint, cause } = error;
	return new DocDropError(code, message, { hint, cause, jobId, ...(field !== undefined && { field }) });
}

/** The two requests that carry changes, and what their refusals say. Called by the sender only. */
import type { BatchItem, BatchResponse } from '../../../api/contract/batch-schema.ts';
import type { Receipt } from '../../../api/contract/document-schema.ts';
import type { Priority } from '../../../api/contract/job-schema.ts';
import type { Fault } from '../node-errors.ts';
import type { Head } from '../input/submission.ts';
import { until } from '../session.ts';
import type { ByteStream, Transport } from '../transport.ts';
import { formOf } from './form.ts';
import type { BatchContent } from './load.ts';

export interface Wire {
	readonly api: Transport;
	readonly signal: AbortSignal | undefined;
}

/** How the changes of one request wait at the API. */
export interface Waiting {
	readonly priority: Priority | undefined;
	readonly coalesced: boolean;
}

export interface BatchEntry {
	readonly op: 'put' | 'delete';
	readonly head: Head;
	readonly content: BatchContent | null;
}

const options = ({ priority, coalesced }: Waiting) => ({
	...(coalesced && { coalesced: true }),
	...(priority !== undefined && { priority }),
});

/** One result an entry, in order. */
export async function postBatch(
	wire: Wire,
	entries: readonly BatchEntry[],
	waiting: Waiting,
): Promise<readonly BatchItem[]> {
	const files: Buffer[] = [];
	const batch = {
		documents: entries.map(({ op, head, content }) => ({
			...(op === 'delete' && { op }),
			...head,
			...(content !== null && {
				content: 'bytes' in content ? { part: files.push(content.bytes) - 1 } : content,
			}),
		})),
		...options(waiting),
	};
	const { results } = await wire.api.request<BatchResponse>({
		method: 'POST',
		path: '/v1/ingest/batch',
		// As a form, files go as the bytes that they are.
		...(files.length === 0 ? { body: batch } : formOf(batch, files)),
		...until(wire),
	});
	return results;
}

/** `open` is asked anew for each try. */
export async function putContent(
	wire: Wire,
	{ tenant, docId, title, path, mimeType, metadata, source, previous, takeOver }: Head,
	open: () => Promise<ByteStream | Buffer>,
	{ ifSha256, ...waiting }: Waiting & { readonly ifSha256: string | null },
): Promise<Receipt> {
	const { name: sourceName, ...order } = source ?? {};
	return wire.api.request<Receipt>({
		method: 'PUT',
		path: '/v1/documents/content',
		query: {
			tenant,
			docId,
			title,
			path,
			mimeType,
			...(metadata !== undefined && { metadata: JSON.stringify(metadata) }),
			...(previous !== undefined && { previousTenant: previous.tenant, previousDocId: previous.docId }),
			...order,
			sourceName,
			...(takeOver === true && { takeOver }),
			...(ifSha256 !== null && { ifSha256 }),
			...options(waiting),
		},
		headers: { 'content-type': 'application/octet-stream' },
		body: open,
		...until(wire),
	});
}

/** The API's word on one document of a batch. Its place in our request means nothing to the user. */
export function ofDocument({ status, error }: BatchItem): Fault | null {
	if (error === undefined) return null;
	const { field, ...rest } = error;
	return { ...rest, status, ...(field !== undefined && { field: field.replace(/^documents\/\d+\/?/, '') }) };
}

/** Codes by which the API refuses a document for what it is; any other is about the way there. */
const ofDocuments: readonly string[] = [
	'changed_since',
	'conflict',
	'encrypted',
	'forbidden',
	'invalid',
	'no_text_layer',
	'owned',
	'too_large',
	'unreadable',
	'unsupported_encryption',
	'unsupported_type',
];

/** Whether other documents may go the way that this one failed on. */
export const blamesDocument = ({ code }: Fault): boolean => ofDocuments.includes(code);

import type { ChunkView, DocumentView } from '../contract/document-schema.ts';
import { DocDropError, isDocDropError } from '../errors.ts';
import { queryOf, type AgentView, type Arguments } from './agent-view.ts';
import { fitting } from './fitting.ts';

/** Documents and their chunks as the API's lists have them, in pages that an agent's client takes. */
interface Chunks {
	readonly chunks: readonly ChunkView[];
	readonly next: string | null;
}

/** Chunks that nobody named a number for: of the usual size they just fit. */
export const chunksUnset = 20;
export const documentsUnset = 50;

const get = (view: AgentView, route: string, query: Arguments, signal: AbortSignal) =>
	view.ask({ method: 'GET', path: `${route}?${queryOf(query)}` }, signal);

/** A document with a page of its chunks; `query` is what the model gave, and the tenant. */
export async function readDocument(query: Arguments, view: AgentView, signal: AbortSignal) {
	const read = async (limit: unknown) =>
		(await get(view, '/v1/documents/chunks', { ...query, limit }, signal).catch(sayWhereFrom)) as Chunks;
	const found = await read(query['limit'] ?? chunksUnset);
	const kept = fitting(found.chunks, ({ text }) => text.length);
	// Where a page ends is named by the API alone, so a shorter one is asked for.
	const page = kept < found.chunks.length ? await read(kept) : found;
	const { tenant, docId } = query;
	const document = (await get(view, '/v1/documents/state', { tenant, docId }, signal)) as DocumentView;
	return { document, ...page };
}

function sayWhereFrom(error: unknown): never {
	if (!isDocDropError(error) || error.code !== 'not_found') throw error;
	throw new DocDropError('not_found', error.message, {
		field: 'docId',
		hint: 'Take the docId from search or list_documents.',
	});
}

const charsOf = ({ docId, title, path }: DocumentView): number =>
	docId.length + (title?.length ?? 0) + (path?.length ?? 0);

export async function readDocuments(query: Arguments, view: AgentView, signal: AbortSignal) {
	const page = (await get(view, '/v1/documents', { limit: documentsUnset, ...query }, signal)) as {
		readonly documents: readonly DocumentView[];
		readonly next: string | null;
	};
	const documents = page.documents.slice(0, fitting(page.documents, charsOf));
	const isCut = documents.length < page.documents.length;
	return { documents, next: isCut ? (documents.at(-1)?.docId ?? null) : page.next };
}

import { ErrorCode, McpError } from '@modelcontextprotocol/sdk/types.js';
import { DocDropError } from '../errors.ts';
import { tenantOf, type AgentView } from './agent-view.ts';
import { readDocument, readDocuments } from './document-pages.ts';
import { nameOf, uriOf, uriTemplate } from './document-uri.ts';

/** Documents as resources: listed of the view's own tenant, and read by their URI from any that it may see. */
export const templates = [
	{
		uriTemplate,
		name: 'document',
		title: 'A document of the index',
		description: 'Both names percent-encoded, as search and list_documents give them.',
		mimeType: 'text/plain',
	},
];

export async function listResources(after: string | undefined, view: AgentView, signal: AbortSignal) {
	const tenant = tenantOf(undefined, view);
	const query = { tenant, ...(after !== undefined && { after }) };
	const { documents, next } = await readDocuments(query, view, signal);
	return {
		resources: documents
			.filter(({ published }) => published !== null)
			.map((document) => ({
				uri: uriOf(document),
				name: document.docId,
				...(document.title !== null && { title: document.title }),
				mimeType: 'text/plain',
			})),
		...(next !== null && { nextCursor: next }),
	};
}

/** The beginning of a document's text; the rest is read by the tool, page by page. */
export async function readResource(uri: string, view: AgentView, signal: AbortSignal) {
	const named = nameOf(uri);
	if (named === null) {
		throw new McpError(ErrorCode.InvalidParams, `uri must be of the form ${uriTemplate}`);
	}
	const tenant = tenantOf(asWritten(named.tenant, view), view);
	const { document, chunks, next } = await readDocument({ tenant, docId: named.docId }, view, signal);
	if (document.published === null) {
		throw new DocDropError('not_found', `the index has nothing of this document: it is ${document.state}`, {
			hint: 'Call get_document to see why.',
		});
	}
	const rest =
		next === null
			? ''
			: `\n\n[The first ${chunks.length} of ${document.published.chunks} chunks. The tool get_document goes on with after: ${JSON.stringify(next)}]`;
	const text = chunks.map((chunk) => chunk.text).join('\n\n') + rest;
	return { contents: [{ uri, mimeType: 'text/plain', text }] };
}

/** Clients that hold a URI in an object of their language write its host in lower case. */
const asWritten = (tenant: string, { onlyTenant }: AgentView): string =>
	onlyTenant?.toLowerCase() === tenant ? onlyTenant : tenant;

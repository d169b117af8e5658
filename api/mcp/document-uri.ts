/** How a document is named among the resources of an agent: docdrop://TENANT/DOCID, each percent-encoded. */
export interface DocumentName {
	readonly tenant: string;
	readonly docId: string;
}

export const uriTemplate = 'docdrop://{tenant}/{docId}';

export const uriOf = ({ tenant, docId }: DocumentName): string =>
	`docdrop://${encodeURIComponent(tenant)}/${encodeURIComponent(docId)}`;

/** Null where it is no such URI. Slashes of the docId may stand as they are: people and models write them so. */
export function nameOf(uri: string): DocumentName | null {
	const [, tenant, docId] = /^docdrop:\/\/([^/]+)\/(.+)$/isu.exec(uri) ?? [];
	if (tenant === undefined || docId === undefined) return null;
	try {
		return { tenant: decodeURIComponent(tenant), docId: decodeURIComponent(docId) };
	} catch {
		return null;
	}
}

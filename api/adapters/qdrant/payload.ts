/**
 * The payload of a point, and back. n8n's Qdrant Vector Store node and LangChain read `content` and
 * `metadata`; the caller's own names stand in `metadata` beside ours. Pure.
 *
 * A null is never stored: `set_payload` removes a key whose value is null, so that a kept point could not
 * hold what a new one does. Ours read back as null, the caller's as not there.
 */
import { readAs, readStored, reservedMetadata } from '../../contract/stored-fields.ts';
import type { DocFields, DocWrite, NewPoint, StoredPoint } from '../../ports/index.ts';

export type Payload = Record<string, unknown>;

export const tenantKey = 'metadata.tenant';
export const docIdKey = 'metadata.docId';
export const versionKey = 'metadata.version';

/** Where in the payload a field is; Qdrant wants all but plain names in quotes. */
export const metadataKey = (name: string): string =>
	/^[\w-]+$/.test(name) ? `metadata.${name}` : `metadata."${name}"`;

const reserved: ReadonlySet<string> = new Set(reservedMetadata);

const docMetadata = ({ extra, ...own }: DocFields): Payload => ({ ...extra, ...own });

function withoutNulls(payload: Payload): Payload {
	return Object.fromEntries(
		Object.entries(payload).filter(([, value]) => value !== null && value !== undefined),
	);
}

/**
 * The payload of each new point of a document, as JSON. What is the document's is written out once for all of
 * them.
 */
export function newPayloads(
	write: Pick<DocWrite, 'tenant' | 'docId' | 'fields'>,
): (point: NewPoint) => string {
	const { tenant, docId, fields } = write;
	const shared = JSON.stringify(withoutNulls({ ...docMetadata(fields), tenant, docId })).slice(1, -1);
	return ({ content, heading, page, order }) => {
		const placed = heading === null ? '' : `,"heading":${JSON.stringify(heading)}`;
		const paged = page === null ? '' : `,"page":${page}`;
		return `{"content":${JSON.stringify(content)},"metadata":{${shared}${placed}${paged},"order":${JSON.stringify(order)}}}`;
	};
}

/** What `set_payload` merges into the `metadata` of kept points; null removes. */
export function keptMetadata({ fields, droppedExtra }: DocWrite): Payload {
	return { ...Object.fromEntries(droppedExtra.map((name) => [name, null])), ...docMetadata(fields) };
}

/** Reads leniently: what another program put into the collection has an empty tenant and docId. */
export function storedPoint(id: string | number, payload: unknown): StoredPoint {
	const { content, metadata } = (payload ?? {}) as { content?: unknown; metadata?: unknown };
	const found = (typeof metadata === 'object' && metadata !== null ? metadata : {}) as Payload;
	return {
		id: String(id),
		tenant: readAs.text(found['tenant']),
		docId: readAs.text(found['docId']),
		content: readAs.text(content),
		heading: readAs.textOrNull(found['heading']),
		page: readAs.numberOrNull(found['page']),
		order: readAs.text(found['order']),
		fields: {
			...readStored(found),
			extra: Object.fromEntries(Object.entries(found).filter(([name]) => !reserved.has(name))),
		},
	};
}

/** Points and vectors by id, on an open database; for index-reader.ts. Searches are in index-search.ts, pages and counts in index-pages.ts. */
import type { DatabaseSync } from 'node:sqlite';
import { readStored } from '../../contract/stored-fields.ts';
import type { DocFields, StoredPoint } from '../../ports/index.ts';
import { uuidFromBytes, uuidToBytes } from '../sqlite/index.ts';
import type { ReaderMethods } from './index-messages.ts';
import { createIndexPages, firstById } from './index-pages.ts';

interface PointRow {
	id: Uint8Array;
	tenant: string;
	doc_id: string;
	fields: string;
	sort_key: string;
	page: number | null;
	heading: string | null;
	content: string;
}

export const pointColumns = `
	points.id, tenants.name AS tenant, docs.doc_id, docs.fields,
	points.sort_key, points.page, points.heading, points.content
`;
export const pointTables = `
	points JOIN docs ON docs.doc = points.doc JOIN tenants ON tenants.tenant = points.tenant
`;

/** See `marksOfRow`. */
export const contentsOfRow = `
	SELECT ${pointColumns} FROM ${pointTables} WHERE points.doc = ? AND points.id > ? ORDER BY points.id LIMIT ?
`;

export function toPoint(row: unknown): StoredPoint {
	const { id, tenant, doc_id, fields, sort_key, page, heading, content } = row as PointRow;
	const written = JSON.parse(fields) as DocFields;
	return {
		id: uuidFromBytes(id),
		tenant,
		docId: doc_id,
		content,
		heading,
		page,
		order: sort_key,
		// In the order of the text, which a repair writes again: the writer knows equal fields by it.
		fields: { ...written, ...readStored(written) },
	};
}

export function createIndexReader(db: DatabaseSync): Omit<ReaderMethods, 'byVector' | 'byWords'> {
	const version = db.prepare('PRAGMA user_version');
	const findPoint = db.prepare(
		`SELECT point, embedded FROM points JOIN tenants USING (tenant) WHERE id = ? AND name = ?`,
	);
	const findVector = db.prepare('SELECT vector FROM vectors WHERE rowid = ?');
	const dimensions = Number(db.prepare(`SELECT value FROM meta WHERE key = 'dimensions'`).get()?.['value']);
	const next = db.prepare(
		`SELECT ${pointColumns} FROM ${pointTables}
		WHERE (points.id, points.tenant) > (?, coalesce((SELECT tenant FROM tenants WHERE name = ?), -1))
		ORDER BY points.id, points.tenant LIMIT ?`,
	);
	const nextOfTenant = db.prepare(
		`SELECT ${pointColumns} FROM ${pointTables}
		WHERE points.id > ? AND points.tenant = (SELECT tenant FROM tenants WHERE name = ?)
		ORDER BY points.id LIMIT ?`,
	);
	const nextOfRow = db.prepare(contentsOfRow);
	const { rowsOf, ...pages } = createIndexPages(db);

	return {
		...pages,
		ping: () => void version.get(),
		vectors(tenant, ids) {
			const found: string[] = [];
			const vectors = new Int8Array(ids.length * dimensions);
			for (const id of ids) {
				const row = findPoint.get(uuidToBytes(id), tenant);
				if (row === undefined) continue;
				if (row['embedded'] === 1) {
					const vector = findVector.get(Number(row['point']))?.['vector'] as Uint8Array;
					new Uint8Array(vectors.buffer).set(vector, found.length * dimensions);
				}
				found.push(id);
			}
			return { ids: found, vectors: vectors.slice(0, found.length * dimensions) };
		},
		page({ tenant, docId, after, size }) {
			const from = after === null ? new Uint8Array(0) : uuidToBytes(after.id);
			if (tenant === null) return next.all(from, after?.tenant ?? '', size).map(toPoint);
			if (docId === null) return nextOfTenant.all(from, tenant, size).map(toPoint);
			return firstById(
				rowsOf(tenant, docId).map(({ doc }) => nextOfRow.all(doc, from, size) as unknown as PointRow[]),
				size,
			).map(toPoint);
		},
	};
}

/** What the index is held against the manifest by: pages without texts, and counts; on an open database, for read.ts. */
import type { DatabaseSync } from 'node:sqlite';
import { readStored } from '../../contract/stored-fields.ts';
import type { DocFields, Page } from '../../ports/index.ts';
import { uuidFromBytes, uuidToBytes } from '../sqlite/index.ts';
import type { ReaderMethods } from './index-messages.ts';

interface MarkRow {
	readonly id: Uint8Array;
	readonly sort_key: string;
}

/** A document's row; it has more than one while points of older versions wait to be removed. */
interface FieldsRow {
	readonly doc: number;
	readonly fields: string;
}

/** From the index of the document's row alone, in order; test/adapters/sqlite-vec/store.test.ts verifies SQLite's plan. */
export const marksOfRow = 'SELECT id, sort_key FROM points WHERE doc = ? AND id >= ? ORDER BY id LIMIT ?';

export function createIndexPages(db: DatabaseSync): Pick<
	ReaderMethods,
	'points' | 'documents' | 'counts' | 'countAll'
> & {
	rowsOf(tenant: string, docId: string): FieldsRow[];
} {
	const ofTenant = 'tenant = (SELECT tenant FROM tenants WHERE name = ?)';
	const findRows = db.prepare(`SELECT doc, fields FROM docs WHERE ${ofTenant} AND doc_id = ?`);
	const marks = db.prepare(marksOfRow);
	const names = db.prepare(
		`SELECT DISTINCT doc_id FROM docs WHERE ${ofTenant} AND doc_id >= ? ORDER BY doc_id LIMIT ?`,
	);
	const count = db.prepare('SELECT points FROM tenants WHERE name = ?');
	const countAll = db.prepare('SELECT coalesce(sum(points), 0) AS points FROM tenants');
	const rowsOf = (tenant: string, docId: string) => findRows.all(tenant, docId) as unknown as FieldsRow[];

	return {
		rowsOf,
		points({ tenant, docId, from, limit }) {
			const first = from === null ? new Uint8Array(0) : uuidToBytes(from);
			const lists = rowsOf(tenant, docId).map(({ doc, fields: text }) => {
				const written = JSON.parse(text) as DocFields;
				const fields = { ...written, ...readStored(written) };
				const rows = marks.all(doc, first, limit + 1) as unknown as MarkRow[];
				return rows.map(({ id, sort_key }) => ({ id, order: sort_key, fields }));
			});
			const found = firstById(lists, limit + 1).map(({ id, order, fields }) => {
				return { id: uuidFromBytes(id), tenant, docId, order, fields };
			});
			return cut(found, limit, ({ id }) => id);
		},
		documents({ tenant, from, limit }) {
			const found = names.all(tenant, from ?? '', limit + 1).map((row) => row['doc_id'] as string);
			return cut(found, limit, (docId) => docId);
		},
		counts: (tenants) => tenants.map((tenant) => Number(count.get(tenant)?.['points'] ?? 0)),
		countAll: () => Number(countAll.get()?.['points']),
	};
}

/** The first of several lists that are each in the order of their ids. */
export function firstById<T extends { readonly id: Uint8Array }>(
	lists: readonly (readonly T[])[],
	limit: number,
): T[] {
	const [only = [], ...more] = lists;
	if (more.length === 0) return only.slice(0, limit);
	return lists
		.flat()
		.sort((a, b) => Buffer.compare(a.id, b.id))
		.slice(0, limit);
}

/** A page of what was read with one more than belongs to it. */
function cut<T>(found: readonly T[], limit: number, nameOf: (item: T) => string): Page<T> {
	const after = found[limit];
	return { items: found.slice(0, limit), next: after === undefined ? null : nameOf(after) };
}

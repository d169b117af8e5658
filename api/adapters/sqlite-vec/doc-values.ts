/**
 * The table that filters read: a row for each value of each field of a document (api/domain/filter-match.ts says which
 * there are), in the order in which a condition looks for them. What a filter selects costs what it selects.
 *
 * The id of a document is not in it: `docs` has an index of its own for that. Rows go with their row of `docs`, by the
 * trigger. Used by the writer, by the step from an older file, and by verify.ts.
 */
import type { DatabaseSync } from 'node:sqlite';
import { filterableDoc, type DocFields } from '../../domain/index.ts';

export const docValueTables = `
	CREATE TABLE doc_values(
		tenant INTEGER NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, value NOT NULL, doc INTEGER NOT NULL,
		PRIMARY KEY(tenant, name, kind, value, doc)
	) WITHOUT ROWID;
	CREATE INDEX doc_values_by_doc ON doc_values(doc, name, kind, value);
	CREATE TRIGGER doc_values_of_gone AFTER DELETE ON docs BEGIN DELETE FROM doc_values WHERE doc = old.doc; END;
`;

interface ValueRow {
	readonly name: string;
	readonly kind: string;
	readonly value: string | number;
}

/** By a text that is the same for the same row. */
function rowsOf(fields: string): Map<string, ValueRow> {
	const rows = new Map<string, ValueRow>();
	// Metadata may be missing in what another program wrote.
	type Written = Omit<DocFields, 'extra'> & Partial<Pick<DocFields, 'extra'>>;
	const { extra = {}, ...own } = JSON.parse(fields) as Written;
	for (const [name, values] of filterableDoc('', { ...own, extra })) {
		if (name === 'docId') continue;
		for (const one of values) {
			const value = one.kind === 'other' ? 0 : one.kind === 'flag' ? Number(one.value) : one.value;
			rows.set(JSON.stringify([name, one.kind, value]), { name, kind: one.kind, value });
		}
	}
	return rows;
}

export interface DocValues {
	/** `before`: the fields whose rows are there; null for a new row of `docs`. */
	set(tenant: number, doc: number, before: string | null, fields: string): void;
}

export function createDocValues(db: DatabaseSync): DocValues {
	const add = db.prepare(
		'INSERT OR IGNORE INTO doc_values(tenant, name, kind, value, doc) VALUES(?, ?, ?, ?, ?)',
	);
	const drop = db.prepare(
		'DELETE FROM doc_values WHERE tenant = ? AND name = ? AND kind = ? AND value = ? AND doc = ?',
	);
	return {
		set(tenant, doc, before, fields) {
			const old = before === null ? new Map<string, ValueRow>() : rowsOf(before);
			const now = rowsOf(fields);
			for (const [key, { name, kind, value }] of old)
				if (!now.has(key)) drop.run(tenant, name, kind, value, doc);
			for (const [key, { name, kind, value }] of now)
				if (!old.has(key)) add.run(tenant, name, kind, value, doc);
		},
	};
}

/** For a file that was made before there was the table. */
export function fillDocValues(db: DatabaseSync): void {
	const values = createDocValues(db);
	for (const { tenant, doc, fields } of db.prepare('SELECT tenant, doc, fields FROM docs').iterate())
		values.set(Number(tenant), Number(doc), null, fields as string);
}

/** Documents whose rows are not those that their fields ask for. */
export function countWrongDocValues(db: DatabaseSync): number {
	const count = db.prepare('SELECT count(*) AS rows FROM doc_values WHERE doc = ?');
	const find = db.prepare(
		'SELECT 1 FROM doc_values WHERE tenant = ? AND name = ? AND kind = ? AND value = ? AND doc = ?',
	);
	let wrong = 0;
	for (const { tenant, doc, fields } of db.prepare('SELECT tenant, doc, fields FROM docs').iterate()) {
		const wanted = [...rowsOf(fields as string).values()];
		const isThere = ({ name, kind, value }: ValueRow) =>
			find.get(tenant as number, name, kind, value, doc as number) !== undefined;
		if (count.get(doc as number)?.['rows'] !== wanted.length || !wanted.every(isThere)) wrong += 1;
	}
	return wrong;
}

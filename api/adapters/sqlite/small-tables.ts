import type { DatabaseSync } from 'node:sqlite';
import type { LedgerRow, MarkersTable, CreditsTable } from '../doc-store/index.ts';
import { insertSql, integer, integerOrNull, object, query, text, valuesOf } from './columns.ts';

const ledgerFields = object<LedgerRow>({
	tenant: text('tenant'),
	granted: integerOrNull('granted'),
	spent: integer('spent'),
	refunded: integer('refunded'),
});

export function createCreditsTable(db: DatabaseSync): CreditsTable {
	const ledgers = query(db, ledgerFields, 'FROM credits');
	const page = query(db, ledgerFields, 'FROM credits WHERE tenant > ? ORDER BY tenant LIMIT ?');
	const save = db.prepare(
		`${insertSql('credits', ledgerFields.names)} ON CONFLICT DO UPDATE SET granted = excluded.granted, spent = excluded.spent, refunded = excluded.refunded`,
	);
	return {
		ledgers: () => ledgers.all(),
		listLedgers: (after, limit) => page.all(after, limit),
		saveLedger: (row) => void save.run(...valuesOf(ledgerFields, row)),
	};
}

export function createMarkersTable(db: DatabaseSync): MarkersTable {
	const find = query(db, text('value'), 'FROM notes WHERE name = ?');
	const save = db.prepare('INSERT OR REPLACE INTO notes (name, value) VALUES (?, ?)');
	const remove = db.prepare('DELETE FROM notes WHERE name = ?');
	return {
		marker: (name) => find.get(name) ?? null,
		setMarker: (name, value) => void (value === null ? remove.run(name) : save.run(name, value)),
	};
}

import { DatabaseSync } from 'node:sqlite';

/**
 * Counts what really reaches the embedded index: triggers in its file, set while no server holds it, keep a line
 * for each row of `points` that is written or removed. Rows that are written with what they held already count.
 */
export function countWrites(file: string): void {
	const db = new DatabaseSync(file);
	const note = (what: string, row: string) =>
		`INSERT INTO bench_writes SELECT '${what}', lower(hex(${row}.id)), count(*) FROM bench_writes;`;
	db.exec(`
		CREATE TABLE bench_writes(what TEXT, id TEXT, at INTEGER);
		CREATE TRIGGER bench_put AFTER INSERT ON points BEGIN ${note('put', 'NEW')} END;
		CREATE TRIGGER bench_set AFTER UPDATE ON points BEGIN ${note('set', 'NEW')} END;
		CREATE TRIGGER bench_drop AFTER DELETE ON points BEGIN ${note('drop', 'OLD')} END;
		CREATE TRIGGER bench_fields AFTER UPDATE ON docs BEGIN
			INSERT INTO bench_writes SELECT 'fields', NULL, count(*) FROM bench_writes;
		END;
	`);
	db.close();
}

export interface IndexWrites {
	/** Points of which a row was written or removed, each counted once. */
	readonly points: number;
	readonly upserted: number;
	readonly deleted: number;
	/** Updates of a document's own row, which holds the fields of all its points. */
	readonly fields: number;
}

/** What was written since a moment, and where the next moment begins. The server may run. */
export function writesSince(file: string, from: number): IndexWrites & { readonly next: number } {
	const db = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
	const rows = db.prepare('SELECT what, id FROM bench_writes WHERE at >= ?').all(from) as {
		what: 'put' | 'set' | 'drop' | 'fields';
		id: string | null;
	}[];
	db.close();
	const idsOf = (...kinds: string[]) =>
		new Set(rows.filter(({ what }) => kinds.includes(what)).map(({ id }) => id)).size;
	return {
		points: idsOf('put', 'set', 'drop'),
		upserted: idsOf('put'),
		deleted: idsOf('drop'),
		fields: rows.filter(({ what }) => what === 'fields').length,
		next: from + rows.length,
	};
}

import type { DatabaseSync } from 'node:sqlite';
import type { Tables } from '../doc-store/index.ts';
import type { Bodies } from './bodies.ts';
import { createDocsTable } from './docs-table.ts';
import { createEntriesTable } from './entries-table.ts';
import { openEpochs } from './epochs.ts';
import { createJobsTable } from './jobs-table.ts';
import { isUnreadableRow } from './sqlite-errors.ts';
import { createCreditsTable, createMarkersTable } from './small-tables.ts';

/** The document store's tables in SQLite. Owned by the store's thread; `db` is open, migrated and locked. */
export function createSqliteTables(db: DatabaseSync, bodies: Bodies): Tables {
	const begin = db.prepare('BEGIN IMMEDIATE');
	const commit = db.prepare('COMMIT');
	const rollback = db.prepare('ROLLBACK');
	const epochs = openEpochs(db);
	const { countDocs, ...docs } = createDocsTable(db, epochs);
	const { countJobs, ...jobs } = createJobsTable(db);
	return {
		...docs,
		...jobs,
		...createEntriesTable(db),
		...createCreditsTable(db),
		...createMarkersTable(db),
		...bodies.table,
		...epochs.table,
		isUnreadable: isUnreadableRow,
		counts: () => ({ ...countDocs(), jobs: countJobs() }),
		transaction(run) {
			begin.run();
			let result;
			try {
				result = run();
				bodies.flush();
				commit.run();
			} catch (error) {
				// After a full disk SQLite has rolled back by itself.
				if (db.isTransaction) rollback.run();
				bodies.undo();
				epochs.forget();
				throw error;
			}
			bodies.finish();
			return result;
		},
	};
}

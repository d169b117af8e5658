/**
 * The thread that writes the embedded index, by group commit of up to MAX_ROWS rows. (A savepoint for each call would
 * keep a failure alone too, but makes FTS5 write out a segment at every one.)
 */
import type { DatabaseSync } from 'node:sqlite';
import { type MessagePort, workerData } from 'node:worker_threads';
import { freezing, fromSqliteError } from '../sqlite/index.ts';
import { goBehind, groupCommit, serveThread } from '../thread/index.ts';
import { type IndexShape, type OpenOptions, openForWriting } from './index-schema.ts';
import { MAX_ROWS } from './split.ts';
import type { WirePut, WriterMethods } from './index-messages.ts';
import { type ChangeLog, createChangeLog } from './vector-changes.ts';
import { createIndexWriter } from './write.ts';

goBehind(5);

function transact<T>(db: DatabaseSync, log: ChangeLog, work: () => T): T {
	db.exec('BEGIN IMMEDIATE');
	log.begin();
	try {
		const result = work();
		db.exec('COMMIT');
		log.committed();
		return result;
	} catch (error) {
		// A full disk may have ended the transaction already.
		if (db.isTransaction) db.exec('ROLLBACK');
		throw error;
	}
}

const rowsOf = ({ writes }: WirePut) => writes.reduce((sum, write) => sum + write.points.length, 0);

interface WriterData extends OpenOptions {
	readonly shape: IndexShape;
	/** To the thread that has vectors in memory; null where there is none. */
	readonly changes: MessagePort | null;
}

serveThread({
	open() {
		const { shape, changes, ...options } = workerData as WriterData;
		const db = openForWriting(options, shape);
		const log = createChangeLog((noted) => changes?.postMessage(noted));
		const copying = freezing(db);
		const methods: WriterMethods = {
			...createIndexWriter(db, shape.dimensions, log.note),
			...copying,
		};
		const batch = groupCommit({
			methods,
			transaction: (work) => transact(db, log, work),
			sizeOf: ({ method, args }) =>
				method === 'remove' ? (args[1] as readonly string[]).length : rowsOf(args[0] as WirePut),
			...{ most: MAX_ROWS, apart: copying },
		});
		return { methods, batch, close: () => db.close() };
	},
	mapError: fromSqliteError,
});

/**
 * The thread that writes the embedded index. Calls that wait together share one transaction and one fsync, up
 * to MAX_ROWS rows; where one of them fails, the transaction is undone and each runs in one of its own. (A
 * savepoint for each would do too, but makes FTS5 write out a segment at every one.)
 */
import type { DatabaseSync } from 'node:sqlite';
import { DocDropError } from '../../errors.ts';
import { fromSqliteError } from '../sqlite/index.ts';
import { goBehind, serveThread, type ThreadCall } from '../thread/index.ts';
import { openForWriting } from './index-schema.ts';
import { MAX_ROWS } from './split.ts';
import type { WirePut, WriterMethods } from './index-messages.ts';
import { createIndexWriter, type IndexWriter } from './write.ts';

goBehind(5);
let opened: { db: DatabaseSync; index: IndexWriter } | null = null;

const methods: WriterMethods = {
	open(options, shape) {
		const db = openForWriting(options, shape);
		opened = { db, index: createIndexWriter(db, shape.dimensions) };
	},
	put: (put) => current().index.put(put),
	remove: (tenant, ids) => current().index.remove(tenant, ids),
};

function current(): { db: DatabaseSync; index: IndexWriter } {
	if (opened === null) throw new DocDropError('store_unavailable', 'the vector index is not open');
	return opened;
}

function batch(calls: readonly ThreadCall[], send: () => void): void {
	let group: ThreadCall[] = [];
	let rows = 0;
	const flush = () => {
		if (group.length > 0) transact(group);
		send();
		group = [];
		rows = 0;
	};
	for (const call of calls) {
		if (call.method === 'open') {
			flush();
			settle([call], () => run(call));
			continue;
		}
		const size = sizeOf(call);
		if (rows + size > MAX_ROWS) flush();
		group.push(call);
		rows += size;
	}
	flush();
}

function sizeOf({ method, args }: ThreadCall): number {
	if (method === 'remove') return (args[1] as readonly string[]).length;
	return (args[0] as WirePut).writes.reduce((sum, write) => sum + write.points.length, 0);
}

function transact(group: readonly ThreadCall[]): void {
	settle(group, () => {
		const { db } = current();
		db.exec('BEGIN IMMEDIATE');
		try {
			for (const call of group) run(call);
			db.exec('COMMIT');
		} catch (error) {
			// A full disk may have ended the transaction already.
			if (db.isTransaction) db.exec('ROLLBACK');
			throw error;
		}
	});
}

function settle(group: readonly ThreadCall[], work: () => void): void {
	try {
		work();
	} catch (error) {
		if (group.length === 1) group[0]?.reject(error);
		else for (const call of group) transact([call]);
		return;
	}
	for (const call of group) call.resolve();
}

function run({ method, args }: ThreadCall): void {
	const known = methods[method as keyof WriterMethods] as (...args: readonly unknown[]) => void;
	known(...args);
}

serveThread({ methods, batch, mapError: fromSqliteError, close: () => opened?.db.close() });

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { workerData } from 'node:worker_threads';
import { createDocEngine, type DocEngine } from '../doc-store/engine.ts';
import { serveThread, type ThreadCall } from '../thread/host.ts';
import { openBlobs } from './blobs.ts';
import { createSqliteTables } from './doc-tables.ts';
import { fromSqliteError } from './errors.ts';
import { migrate } from './schema.ts';

/**
 * The document store's thread: one SQLite file, one engine, and group commit. Every call that waits when the
 * thread is free runs in one transaction with one sync to disk, and is answered after it; where one of them
 * throws, the transaction is undone and each runs in its own, so that a failure stays alone.
 */
export type DocStoreMethods = {
	open(): void;
} & { [K in keyof DocEngine]: DocEngine[K] };

const { dir } = workerData as { dir: string };
let db: DatabaseSync | null = null;
let engine: DocEngine | null = null;

function open(): void {
	if (engine !== null) return;
	mkdirSync(dir, { recursive: true, mode: 0o700 });
	db = new DatabaseSync(join(dir, 'docs.db'));
	// Exclusive locking in WAL mode holds the file's lock for the life of the process, and the kernel lets go of
	// it however the process ends: no stale lock, no second process.
	db.exec(`
		PRAGMA locking_mode = EXCLUSIVE;
		PRAGMA page_size = 16384;
		PRAGMA journal_mode = WAL;
		PRAGMA synchronous = FULL;
		PRAGMA cache_size = -65536;
		PRAGMA temp_store = MEMORY;
		BEGIN IMMEDIATE;
		COMMIT;
	`);
	migrate(db);
	const tables = createSqliteTables(db);
	engine = createDocEngine({ tables, blobs: openBlobs(join(dir, 'blobs'), tables.blobs()) });
}

function run(call: ThreadCall): unknown {
	if (engine === null) throw new Error('the store is not open');
	const method = engine[call.method as keyof DocEngine] as ((...args: unknown[]) => unknown) | undefined;
	if (method === undefined) throw new Error(`no method ${call.method}`);
	return method(...call.args);
}

function runTogether(calls: readonly ThreadCall[]): void {
	if (calls[0]?.method === 'open') {
		open();
		calls[0].resolve();
		if (calls.length > 1) runTogether(calls.slice(1));
		return;
	}
	try {
		const results = engine?.transaction(() => calls.map(run));
		if (results === undefined) throw new Error('the store is not open');
		for (const [index, call] of calls.entries()) call.resolve(results[index]);
	} catch (error) {
		if (calls.length === 1) throw error;
		for (const call of calls) {
			try {
				runTogether([call]);
			} catch (own) {
				call.reject(own);
			}
		}
	}
}

serveThread({ methods: {}, batch: runTogether, mapError: fromSqliteError, close: () => db?.close() });

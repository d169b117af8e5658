import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { workerData } from 'node:worker_threads';
import { createDocEngine, type DocEngine } from '../doc-store/index.ts';
import { serveThread, type ThreadCall } from '../thread/index.ts';
import { openBlobs } from './blobs.ts';
import { openBodies, type Bodies } from './bodies.ts';
import { createSqliteTables } from './doc-tables.ts';
import { fromSqliteError } from './sqlite-errors.ts';
import { migrate } from './doc-schema.ts';

/**
 * The document store's thread: one SQLite file, one engine, and group commit. The calls that wait when the thread
 * is free run in one transaction with one sync to disk, and are answered after it; where one of them throws, the
 * transaction is undone and each runs in its own, so that a failure stays alone.
 */
export type DocStoreMethods = {
	open(): void;
} & { [K in keyof DocEngine]: DocEngine[K] };

const { dir, weights } = workerData as { dir: string; weights: ReadonlyMap<string, number> };
let db: DatabaseSync | null = null;
let engine: DocEngine | null = null;
let bodies: Bodies | null = null;

/**
 * Where more wait, they run in several transactions, each answered when it is durable: the main thread works on
 * the answers and on what comes next while this one works on the rest, instead of one waiting for the other.
 */
const changesATransaction = 400;

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
		PRAGMA cache_size = -4096;
		PRAGMA temp_store = MEMORY;
		BEGIN IMMEDIATE;
		COMMIT;
	`);
	migrate(db);
	bodies = openBodies(db, join(dir, 'bodies'));
	const tables = createSqliteTables(db, bodies);
	engine = createDocEngine({
		tables,
		blobs: openBlobs(join(dir, 'blobs'), tables.blobs()),
		weightOf: (tenant) => weights.get(tenant) ?? 1,
	});
}

function run(call: ThreadCall): unknown {
	if (engine === null) throw new Error('the store is not open');
	const method = engine[call.method as keyof DocEngine] as ((...args: unknown[]) => unknown) | undefined;
	if (method === undefined) throw new Error(`no method ${call.method}`);
	return method(...call.args);
}

function runTogether(calls: readonly ThreadCall[]): void {
	try {
		const results = engine?.transaction(() => calls.map(run));
		if (results === undefined) throw new Error('the store is not open');
		for (const [index, call] of calls.entries()) call.resolve(results[index]);
	} catch (error) {
		if (calls.length === 1) calls[0]?.reject(error);
		else for (const call of calls) runTogether([call]);
	}
}

const changesIn = ({ method, args }: ThreadCall): number =>
	method === 'accept' ? (args[0] as readonly unknown[]).length : 1;

function runAll(calls: readonly ThreadCall[], send: () => void): void {
	let group: ThreadCall[] = [];
	let changes = 0;
	for (const call of calls) {
		if (call.method === 'open') {
			open();
			call.resolve();
			continue;
		}
		if (group.length > 0 && changes + changesIn(call) > changesATransaction) {
			runTogether(group);
			send();
			group = [];
			changes = 0;
		}
		group.push(call);
		changes += changesIn(call);
	}
	if (group.length > 0) runTogether(group);
}

function close(): void {
	bodies?.close();
	db?.close();
}

serveThread({ methods: {}, batch: runAll, mapError: fromSqliteError, close });

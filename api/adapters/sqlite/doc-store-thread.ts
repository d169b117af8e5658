import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { workerData } from 'node:worker_threads';
import { createDocEngine, type DocEngine } from '../doc-store/index.ts';
import { groupCommit, type Served, serveThread, type ThreadCall } from '../thread/index.ts';
import {
	type AcceptMessage,
	packResults,
	type ResultMessage,
	unpackChanges,
	unpackLimits,
} from './accept-message.ts';
import { openBlobs } from './blobs.ts';
import { bodyLimits, openBodies, type Bodies } from './bodies.ts';
import { createSqliteTables } from './doc-tables.ts';
import { fromSqliteError } from './sqlite-errors.ts';
import { migrate } from './doc-schema.ts';
import { freezing } from './frozen-file.ts';
import { createRemovals } from './removals.ts';

/** The document store's thread: one SQLite file, one engine, and group commit. */
const { dir, weights, maxFailedBytes } = workerData as {
	dir: string;
	weights: ReadonlyMap<string, number>;
	maxFailedBytes: number;
};

/** What a backup asks of the thread, beside the engine. */
type CopyMethods = ReturnType<typeof freezing> & {
	holdRemovals(): void;
	releaseRemovals(): void;
};

/** The engine's methods, as they are called across threads. */
export type DocThread = Omit<DocEngine, 'accept' | 'transaction' | 'end'> &
	CopyMethods & {
		accept(...message: AcceptMessage): ResultMessage[];
	};

const changesATransaction = 400;

/** What the store shows, and what upkeep and preparation look up: nobody who asks waits for a sync of others' writes. */
const reads: ReadonlySet<keyof DocEngine> = new Set([
	...(['job', 'document', 'jobsStep', 'documentsStep', 'stats', 'progress', 'refusals'] as const),
	...(['pendingBytes', 'tenants', 'chunks', 'manifest', 'sourceDocuments', 'credits'] as const),
	...(['creditLedgers', 'tally', 'entriesOf', 'texts'] as const),
]);

function open(): Served {
	mkdirSync(dir, { recursive: true, mode: 0o700 });
	const db = new DatabaseSync(join(dir, 'docs.db'));
	let bodies: Bodies | null = null;
	const close = () => {
		bodies?.close();
		db.close();
	};
	try {
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
		const removals = createRemovals();
		bodies = openBodies(db, join(dir, 'bodies'), bodyLimits, removals);
		const tables = createSqliteTables(db, bodies);
		const engine = createDocEngine({
			tables,
			blobs: openBlobs(join(dir, 'blobs'), tables.blobs(), removals),
			weightOf: (tenant) => weights.get(tenant) ?? 1,
			maxFailedBytes,
		});
		const copying: CopyMethods = {
			...{ holdRemovals: removals.hold, releaseRemovals: removals.release },
			...freezing(db),
		};
		const { transaction, end, ...others } = engine;
		const methods: DocThread = {
			...{ ...others, ...copying },
			accept: (...message) =>
				packResults(engine.accept(unpackChanges(message), message[1], unpackLimits(message))),
		};
		const batch = groupCommit({
			methods,
			transaction,
			sizeOf,
			most: changesATransaction,
			...{ reads, apart: copying },
		});
		return { methods, batch, close: () => closeInOrder(end, close) };
	} catch (error) {
		close();
		throw error;
	}
}

/** In changes that are accepted in the same time: whoever asks next waits for a transaction at most. */
const costs: Readonly<Record<string, number>> = { accept: 1, recordIntent: 2, commit: 3 };
function sizeOf({ method, args }: ThreadCall): number {
	const cost = costs[method];
	return cost === undefined ? 1 : cost * (args[0] as readonly unknown[]).length;
}

function closeInOrder(end: () => void, close: () => void): void {
	try {
		end();
	} finally {
		close();
	}
}

serveThread({ open, mapError: fromSqliteError });

import { constants, mkdirSync } from 'node:fs';
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DocStore } from '../../ports/index.ts';
import { wholeLists } from '../doc-store/index.ts';
import { forward, openThread, threadFile } from '../thread/index.ts';
import { packAccept, unpackResults } from './accept-message.ts';
import { blobSize, writeBlob } from './blobs.ts';
import type { DocThread } from './doc-store-thread.ts';
import { copyFrozen } from './frozen-file.ts';
import { fromFileError } from './sqlite-errors.ts';

export interface SqliteDocStore extends DocStore {
	/**
	 * Copies `docs.db`, `bodies/` and `blobs/` as they belong together into a folder that is there, while work goes on. Files
	 * of bodies that are not needed any more stay until the copy is whole: the rows in it may name them.
	 */
	backup(to: string): Promise<void>;
}

/**
 * The durable document store: `docs.db`, `bodies/` and `blobs/` in `dir`, held by one thread of one process. Rejects with
 * store_locked, store_newer or store_corrupt. Each call is durable (WAL, synchronous FULL) when it resolves.
 */
export async function openSqliteDocStore({
	dir,
	weights = new Map(),
	maxFailedBytes = Infinity,
	onLost = () => {},
}: {
	readonly dir: string;
	/** Tenants' shares of the work; 1 where none is named. */
	readonly weights?: ReadonlyMap<string, number>;
	/** Contents that dead letters keep for a retry, bytes. */
	readonly maxFailedBytes?: number;
	/**
	 * The thread ended by itself (memory, a defect): every call rejects from now on. It is not begun anew here, because
	 * leases, counters and blobs under way are of one life of the process.
	 */
	readonly onLost?: (cause: unknown) => void;
}): Promise<SqliteDocStore> {
	// What goes wrong before is the answer of the opening.
	let isOpen = false;
	const thread = openThread<DocThread>({
		file: threadFile('adapters/sqlite/doc-store-thread'),
		workerData: { dir, weights, maxFailedBytes },
		onLost: (cause) => isOpen && onLost(cause),
	});
	const { holdRemovals, releaseRemovals, freeze, thaw, ...methods } = forward<DocThread>(
		await thread.open(),
		thread.call,
	);
	isOpen = true;
	const blobs = join(dir, 'blobs');
	mkdirSync(blobs, { recursive: true, mode: 0o700 });
	const lists = wholeLists(methods);
	return {
		...{ ...methods, ...lists },
		accept: async (changes, now, limits) =>
			unpackResults(await methods.accept(...packAccept(changes, now, limits)), changes),
		writeBlob: (bytes) => writeBlob(blobs, bytes),
		blobSize: (blob) => blobSize(blobs, blob),
		async backup(to) {
			await holdRemovals();
			try {
				await copyFrozen(join(dir, 'docs.db'), join(to, 'docs.db'), { freeze, thaw });
				// After the rows: what they name was there before them, and is there still.
				for (const folder of ['bodies', 'blobs']) await copyFolder(join(dir, folder), join(to, folder));
			} finally {
				await releaseRemovals();
			}
		},
		close: thread.close,
	};
}

/** Files that are still written under a name for the time being belong to no row yet. */
async function copyFolder(from: string, to: string): Promise<void> {
	try {
		await mkdir(to, { mode: 0o700 });
		for (const name of await readdir(from)) {
			if (name.endsWith('.tmp')) continue;
			await copyFile(join(from, name), join(to, name), constants.COPYFILE_FICLONE);
		}
	} catch (error) {
		throw fromFileError(error);
	}
}

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DocStore } from '../../ports/index.ts';
import { wholeLists } from '../doc-store/index.ts';
import { forward, openThread, threadFile } from '../thread/index.ts';
import { packAccept, unpackResults } from './accept-message.ts';
import { blobSize, writeBlob } from './blobs.ts';
import type { DocThread } from './doc-store-thread.ts';

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
}): Promise<DocStore> {
	// What goes wrong before is the answer of the opening.
	let isOpen = false;
	const thread = openThread<DocThread>({
		file: threadFile('adapters/sqlite/doc-store-thread'),
		workerData: { dir, weights, maxFailedBytes },
		onLost: (cause) => isOpen && onLost(cause),
	});
	const methods = forward<DocThread>(await thread.open(), thread.call);
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
		close: thread.close,
	};
}

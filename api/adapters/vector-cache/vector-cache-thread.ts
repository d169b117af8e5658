/** The thread of the vector cache: one SQLite file, which is begun anew where it cannot be opened or used. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { workerData } from 'node:worker_threads';
import type { VectorEntry } from '../../ports/index.ts';
import { fromSqliteError } from '../sqlite/index.ts';
import { serveThread } from '../thread/index.ts';
import { type CacheFile, openCacheFile } from './cache-file.ts';

const { dir, maxBytes } = workerData as { dir: string; maxBytes: number };
const file = join(dir, 'vectors.db');

function open(): CacheFile {
	mkdirSync(dir, { recursive: true, mode: 0o700 });
	try {
		return openCacheFile(file, maxBytes);
	} catch (error) {
		if (fromSqliteError(error).code === 'store_locked') throw error;
		return beginAnew();
	}
}

function beginAnew(): CacheFile {
	for (const ending of ['', '-wal', '-shm']) rmSync(file + ending, { force: true });
	return openCacheFile(file, maxBytes);
}

serveThread({
	open() {
		let cache = open();
		/** Damage may show as late as at a row. */
		const orAnew = <T>(run: () => T, otherwise: T): T => {
			try {
				return run();
			} catch (error) {
				if (fromSqliteError(error).code !== 'store_corrupt') throw error;
				cache.close();
				cache = beginAnew();
				return otherwise;
			}
		};
		return {
			methods: {
				find: (keys: readonly string[], now: number) =>
					orAnew(
						() => cache.find(keys, now),
						keys.map(() => undefined),
					),
				keep: (entries: readonly VectorEntry[], now: number) =>
					orAnew(() => cache.keep(entries, now), undefined),
			},
			close: () => cache.close(),
		};
	},
	mapError: fromSqliteError,
});

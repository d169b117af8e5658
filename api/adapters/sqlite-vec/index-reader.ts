/**
 * The thread that reads the embedded index, on a connection of its own that cannot write: in WAL mode no write
 * delays it, and the next read after a commit sees it.
 */
import { workerData } from 'node:worker_threads';
import { fromSqliteError } from '../sqlite/index.ts';
import { serveThread } from '../thread/index.ts';
import { createIndexReader } from './read.ts';
import { type OpenOptions, openForReading } from './index-schema.ts';
import { createSearch } from './index-search.ts';
import type { ReaderMethods } from './index-messages.ts';

serveThread({
	open() {
		const db = openForReading(workerData as OpenOptions);
		const methods: ReaderMethods = { ...createIndexReader(db), ...createSearch(db) };
		return { methods, close: () => db.close() };
	},
	mapError: fromSqliteError,
});

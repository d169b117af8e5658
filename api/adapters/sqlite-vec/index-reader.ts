/**
 * The thread that reads the embedded index, on a connection of its own that cannot write: in WAL mode no write
 * delays it, and the next read after a commit sees it.
 */
import type { DatabaseSync } from 'node:sqlite';
import { DocDropError } from '../../errors.ts';
import { fromSqliteError } from '../sqlite/index.ts';
import { serveThread } from '../thread/index.ts';
import { createIndexReader } from './read.ts';
import { openForReading } from './index-schema.ts';
import { createSearch } from './index-search.ts';
import type { ReaderMethods } from './index-messages.ts';

let db: DatabaseSync | null = null;
let index: Omit<ReaderMethods, 'open'> | null = null;

function current(): Omit<ReaderMethods, 'open'> {
	if (index === null) throw new DocDropError('store_unavailable', 'the vector index is not open');
	return index;
}

const methods: ReaderMethods = {
	open(options) {
		db = openForReading(options);
		index = { ...createIndexReader(db), search: createSearch(db) };
	},
	ping: () => current().ping(),
	search: (query) => current().search(query),
	vectors: (tenant, ids) => current().vectors(tenant, ids),
	page: (page) => current().page(page),
	count: (tenant) => current().count(tenant),
};

serveThread({ methods, mapError: fromSqliteError, close: () => db?.close() });

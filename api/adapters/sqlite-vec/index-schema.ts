/**
 * The file of the embedded index: its tables, how it is opened, and what it refuses. Used by the writer and
 * reader threads and by verify.ts.
 *
 * One point is one row in each of three tables under the same number: `points` (what a hit shows), `vectors`
 * (vec0; left out where the vector is all zeros, which has no direction and would else be found by every
 * search) and `texts` (FTS5 without content). All fields that belong to a document are in `docs`, one row a
 * document, so that a new version of them is one update. A document has further rows, marked `superseded`,
 * only while points of an older version wait to be removed: those keep the fields they were published with.
 */
import { DatabaseSync } from 'node:sqlite';
import { DocDropError } from '../../errors.ts';
import { docValueTables, fillDocValues } from './doc-values.ts';
import { removeOutdated } from './outdated-index.ts';
import { rebuildTexts } from './rebuild-texts.ts';

export interface OpenOptions {
	readonly file: string;
	/** Absolute path of sqlite-vec's library. */
	readonly library: string;
}

export interface IndexShape {
	readonly dimensions: number;
	/** The embedder's; null where the caller does not care. */
	readonly fingerprint: string | null;
	/** How fingerprints begin whose vectors cost nothing to make again: a file of one of those makes way for a new one. */
	readonly replaceable: readonly string[];
}

export const SCHEMA_VERSION = 4;

/** A search by words reads the same long lists of rows again and again. */
const readerCacheKb = 32_768;

/** Writes append, and what they read again the system still has: with 32 MB they were no faster. */
const writerCacheKb = 2_048;

const tables = (dimensions: number) => `
	CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
	CREATE TABLE tenants(
		tenant INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, points INTEGER NOT NULL DEFAULT 0,
		-- How often its vectors have changed, for whoever has them in memory.
		edition INTEGER NOT NULL DEFAULT 0
	);
	CREATE TABLE docs(
		doc INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, doc_id TEXT NOT NULL,
		superseded INTEGER NOT NULL, fields TEXT NOT NULL
	);
	CREATE INDEX docs_by_id ON docs(tenant, doc_id);
	${docValueTables}
	CREATE TABLE points(
		point INTEGER PRIMARY KEY, id BLOB NOT NULL, tenant INTEGER NOT NULL, doc INTEGER NOT NULL,
		embedded INTEGER NOT NULL, sort_key TEXT NOT NULL, page INTEGER, heading TEXT, content TEXT NOT NULL
	);
	CREATE UNIQUE INDEX points_by_id ON points(id, tenant);
	CREATE INDEX points_by_doc ON points(doc, id);
	-- A chunk is allocated whole for each tenant: 256 rows keep a tenant with one document small.
	CREATE VIRTUAL TABLE vectors USING vec0(
		tenant INTEGER PARTITION KEY, vector int8[${dimensions}] distance_metric=l2, chunk_size=256
	);
	-- vec0 looks for a tenant's chunks at every insert and search, and has no index for it.
	CREATE INDEX vectors_chunks_by_tenant ON vectors_chunks(partition00);
	CREATE VIRTUAL TABLE texts USING fts5(
		terms, content='', contentless_delete=1, tokenize="ascii tokenchars '_'"
	);
	-- At its default of 10 % deleted rows FTS5 rewrites whole segments again and again: removals took ten times as long.
	INSERT INTO texts(texts, rank) VALUES('deletemerge', 50);
	PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** From version 1: the points of each tenant are counted as they come and go. */
const countTenants = `
	ALTER TABLE tenants ADD COLUMN points INTEGER NOT NULL DEFAULT 0;
	UPDATE tenants SET points = counted.points
		FROM (SELECT tenant, count(*) AS points FROM points GROUP BY tenant) AS counted
		WHERE counted.tenant = tenants.tenant;
	PRAGMA user_version = 2;
`;

/** From version 2: what documents can be filtered by has a table. */
function addDocValues(db: DatabaseSync): void {
	db.exec(docValueTables);
	fillDocValues(db);
	db.exec('PRAGMA user_version = 3');
}

/** From version 3: vectors are kept in memory, and their changes counted. */
const countEditions = `
	ALTER TABLE tenants ADD COLUMN edition INTEGER NOT NULL DEFAULT 0;
	PRAGMA user_version = 4;
`;

/** Opens the file, makes it where it is missing, and compares it with `shape`. */
export function openForWriting(options: OpenOptions, shape: IndexShape): DatabaseSync {
	removeOutdated(options.file, shape, SCHEMA_VERSION);
	const db = connect(options, false, writerCacheKb);
	try {
		const version = versionOf(db);
		db.exec('PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
		// After a bulk load the log would keep its largest size for ever.
		db.exec('PRAGMA journal_size_limit = 67108864');
		if (version === 0) create(db, shape);
		// Of another embedder it is refused as it was found, so that the version that made it can go on with it.
		checkShape(db, shape);
		if (version === 1) inTransaction(db, () => db.exec(countTenants));
		if (version === 1 || version === 2) inTransaction(db, () => addDocValues(db));
		if (version > 0 && version < 4) inTransaction(db, () => db.exec(countEditions));
		inTransaction(db, () => rebuildTexts(db));
		return db;
	} catch (error) {
		db.close();
		throw error;
	}
}

/** A connection that cannot write, to a file that `openForWriting` has made. */
export function openForReading(options: OpenOptions, cacheKb = readerCacheKb): DatabaseSync {
	const db = connect(options, true, cacheKb);
	try {
		versionOf(db);
		return db;
	} catch (error) {
		db.close();
		throw error;
	}
}

function connect({ file, library }: OpenOptions, readOnly: boolean, cacheKb: number): DatabaseSync {
	const db = new DatabaseSync(file, { readOnly, allowExtension: true, timeout: 1_000 });
	db.loadExtension(library);
	db.enableLoadExtension(false);
	db.exec(`PRAGMA cache_size = -${cacheKb}; PRAGMA temp_store = MEMORY`);
	return db;
}

/** 0 for a file without anything in it. */
function versionOf(db: DatabaseSync): number {
	const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
	if (version > SCHEMA_VERSION) {
		throw new DocDropError('store_newer', 'the vector index was written by a newer version of DocDrop');
	}
	if (version === 0 && db.prepare('SELECT 1 FROM sqlite_schema').get() !== undefined) {
		throw new DocDropError('store_corrupt', 'the file of the vector index belongs to another program');
	}
	return version;
}

function create(db: DatabaseSync, shape: IndexShape): void {
	inTransaction(db, () => {
		db.exec(tables(shape.dimensions));
		db.prepare(`INSERT INTO meta VALUES('dimensions', ?)`).run(shape.dimensions);
	});
}

function inTransaction(db: DatabaseSync, work: () => void): void {
	db.exec('BEGIN IMMEDIATE');
	try {
		work();
		db.exec('COMMIT');
	} catch (error) {
		if (db.isTransaction) db.exec('ROLLBACK');
		throw error;
	}
}

const otherEmbedder =
	'Set DOCDROP_EMBEDDER and its model as they were. Or stop DocDrop and remove the files vectors*.db* from the data folder: the index is made anew from the stored texts, which are all embedded again.';

function checkShape(db: DatabaseSync, { dimensions, fingerprint }: IndexShape): void {
	const meta = db.prepare('SELECT value FROM meta WHERE key = ?');
	const made = Number(meta.get('dimensions')?.['value']);
	if (made !== dimensions) {
		throw new DocDropError(
			'index_mismatch',
			`the index holds ${made} dimensions, the embedder gives ${dimensions}`,
			{ hint: otherEmbedder },
		);
	}
	if (fingerprint === null) return;
	if (meta.get('fingerprint')?.['value'] === fingerprint) return;
	// Without points there is nothing that another embedder has made.
	if (db.prepare('SELECT 1 FROM points').get() !== undefined) {
		throw new DocDropError('index_mismatch', 'the index was made with another embedder', {
			hint: otherEmbedder,
		});
	}
	db.prepare(`INSERT OR REPLACE INTO meta VALUES('fingerprint', ?)`).run(fingerprint);
}

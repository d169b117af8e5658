/**
 * The vectors of one SQLite file, with a bound on what they take. Synchronous: it runs in a thread of its own
 * (vector-cache-thread.ts).
 *
 * Which vector was used last is known by the hour, so that finding one writes at most once an hour for it. Entries go
 * oldest hour first, some hundred with each write, until the rest fits.
 */
import { DatabaseSync } from 'node:sqlite';
import type { VectorEntry } from '../../ports/index.ts';

const hourMs = 3_600_000;
const pageBytes = 32_768;
/** Of a row beside its vector: key and header in the table, and its places in two indexes. */
const besideVector = 70;
const inIndexes = 90;
/** Removed at a time. */
const removedAtOnce = 500;
/** Grows when the table changes; a file of another one is begun anew, because it holds nothing that cannot be had again. */
const SHAPE = 1;

export type CacheFile = ReturnType<typeof openCacheFile>;

export function openCacheFile(file: string, maxBytes: number) {
	const db = new DatabaseSync(file);
	prepareFile(db);
	const sql = {
		find: db.prepare('SELECT vector, used FROM vectors WHERE key = ?'),
		touch: db.prepare('UPDATE vectors SET used = ? WHERE key = ?'),
		sizeOf: db.prepare('SELECT length(vector) AS size FROM vectors WHERE key = ?'),
		keep: db.prepare(
			'INSERT INTO vectors (key, vector, used) VALUES (?1, ?2, ?3) ON CONFLICT (key) DO UPDATE SET vector = ?2, used = ?3',
		),
		oldest: db.prepare('SELECT id, length(vector) AS size FROM vectors ORDER BY used, id LIMIT ?'),
		remove: db.prepare('DELETE FROM vectors WHERE id = ?'),
		total: db.prepare('UPDATE total SET bytes = ?'),
	};
	let bytes = (db.prepare('SELECT bytes FROM total').get() as { bytes: number }).bytes;

	/** One transaction, or none of it: the sum is always that of the rows. */
	function together(run: () => void): void {
		const before = bytes;
		db.exec('BEGIN IMMEDIATE');
		try {
			run();
			if (bytes !== before) sql.total.run(bytes);
			db.exec('COMMIT');
		} catch (error) {
			bytes = before;
			db.exec('ROLLBACK');
			throw error;
		}
	}
	function makeRoom(): void {
		while (bytes > maxBytes) {
			const rows = sql.oldest.all(removedAtOnce) as { id: number; size: number }[];
			if (rows.length === 0) return;
			for (const { id, size } of rows) {
				if (bytes <= maxBytes) break;
				sql.remove.run(id);
				bytes -= takenBy(size);
			}
		}
	}

	// The bound may have become smaller.
	together(makeRoom);
	db.exec('PRAGMA incremental_vacuum');

	return {
		find(keys: readonly string[], now: number): (Uint8Array | undefined)[] {
			const hour = Math.floor(now / hourMs);
			const used: Uint8Array[] = [];
			const found = keys.map((text) => {
				const key = Buffer.from(text, 'base64');
				const row = sql.find.get(key) as { vector: Uint8Array; used: number } | undefined;
				if (row !== undefined && row.used < hour) used.push(key);
				return row?.vector;
			});
			if (used.length > 0) together(() => used.forEach((key) => sql.touch.run(hour, key)));
			return found;
		},
		keep(entries: readonly VectorEntry[], now: number): void {
			const hour = Math.floor(now / hourMs);
			together(() => {
				for (const { key: text, vector } of entries) {
					const key = Buffer.from(text, 'base64');
					const before = sql.sizeOf.get(key) as { size: number } | undefined;
					bytes += takenBy(vector.byteLength) - (before === undefined ? 0 : takenBy(before.size));
					sql.keep.run(key, bytesOf(vector), hour);
				}
				makeRoom();
			});
		},
		bytes: () => bytes,
		close: () => db.close(),
	};
}

/** On disk, about: as many rows as fit share a page, and the rest of it stays empty. */
function takenBy(vectorBytes: number): number {
	const row = vectorBytes + besideVector;
	const perPage = Math.floor(pageBytes / row);
	return inIndexes + (perPage > 0 ? pageBytes / perPage : Math.ceil(row / pageBytes) * pageBytes);
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) =>
	new Uint8Array(buffer, byteOffset, byteLength);

/** Without a sync at each commit: what a power failure takes is embedded again, and WAL keeps the rest whole. */
function prepareFile(db: DatabaseSync): void {
	db.exec(`
		PRAGMA page_size = ${pageBytes};
		PRAGMA auto_vacuum = INCREMENTAL;
		PRAGMA journal_mode = WAL;
		PRAGMA synchronous = NORMAL;
		PRAGMA cache_size = -4096;
		PRAGMA journal_size_limit = 16777216;
	`);
	const { user_version: shape } = db.prepare('PRAGMA user_version').get() as { user_version: number };
	if (shape === SHAPE) return;
	if (shape !== 0) throw new Error(`a vector cache of shape ${shape}`);
	db.exec(`
		BEGIN IMMEDIATE;
		CREATE TABLE vectors (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, vector BLOB NOT NULL, used INTEGER NOT NULL);
		CREATE INDEX vectors_by_use ON vectors (used, id);
		CREATE TABLE total (bytes INTEGER NOT NULL);
		INSERT INTO total VALUES (0);
		PRAGMA user_version = ${SHAPE};
		COMMIT;
	`);
}

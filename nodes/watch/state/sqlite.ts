import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { v4 as uuid, v7 as uuidv7 } from 'uuid';
import type { Clock } from '../clock.ts';
import {
	StateError,
	type FileContent,
	type FileRow,
	type FileState,
	type Seen,
	type StateHead,
} from './file-state-port.ts';

/** Raised with every change of the tables below; `PRAGMA user_version` of a state says which one it has. */
const SCHEMA = 3;
/** Marks the file as ours, so that another program's database is never written to. */
const APPLICATION_ID = 0x64644653;
const PAGE_ROWS = 1000;

// Times and inodes are text: they are unsigned, or beyond 64 bits in nanoseconds, on some file systems.
const TABLES = `
	CREATE TABLE head (
		id INTEGER PRIMARY KEY CHECK (id = 1),
		source_id TEXT NOT NULL,
		epoch TEXT NOT NULL,
		next_seq INTEGER NOT NULL,
		first_root TEXT,
		root_inodes TEXT NOT NULL DEFAULT '{}',
		snapshot_closed INTEGER NOT NULL DEFAULT 0
	) STRICT;
	CREATE TABLE files (
		root TEXT NOT NULL,
		path TEXT NOT NULL,
		seen_size INTEGER, seen_xxh64 TEXT, seen_sha256 TEXT,
		mtime_ns TEXT, ctime_ns TEXT, ino TEXT, racy INTEGER NOT NULL,
		delivered_size INTEGER, delivered_xxh64 TEXT, delivered_sha256 TEXT,
		seq INTEGER NOT NULL, delivered_seq INTEGER NOT NULL, delivered_at INTEGER,
		tries INTEGER NOT NULL,
		failed_sha256 TEXT, failed_reason TEXT,
		note TEXT NOT NULL,
		failed_retry_at INTEGER,
		PRIMARY KEY (root, path)
	) STRICT, WITHOUT ROWID;
`;

/** What takes a state of schema n to n + 1, by n. Landed entries are never edited. */
const MIGRATIONS: Readonly<Record<number, string>> = {
	1: `
		ALTER TABLE head ADD COLUMN root_inodes TEXT NOT NULL DEFAULT '{}';
		ALTER TABLE head ADD COLUMN snapshot_closed INTEGER NOT NULL DEFAULT 0;
	`,
	2: 'ALTER TABLE files ADD COLUMN failed_retry_at INTEGER',
};

/**
 * A FileState in one SQLite file: WAL, synchronous FULL, one transaction a commit, held by one process at a
 * time. Calls run on the caller's thread; a commit of 500 rows takes a few milliseconds and one fsync.
 */
export function createSqliteFileState(deps: {
	/** Path of the database; its directory must exist. */
	file: string;
	clock: Clock;
	/** Used when the state is created; an existing state keeps its own. */
	sourceId?: string;
}): FileState {
	let open: { db: DatabaseSync; sql: ReturnType<typeof prepare> } | null = null;
	const opened = () => {
		if (open === null) throw new Error('the state is not open');
		return open;
	};
	return {
		async open() {
			if (open === null) {
				const db = openFile(deps);
				open = { db, sql: prepare(db) };
			}
			return toHead(open.sql.head.get());
		},
		async *rows() {
			const { sql } = opened();
			let last = { root: '', path: '' };
			for (;;) {
				const page = sql.page.all(last.root, last.path, PAGE_ROWS).map(toRow);
				const end = page.at(-1);
				if (end === undefined) return;
				yield page;
				last = end;
				// The next page is read in a turn of its own: a large state must not hold the event loop.
				await new Promise((resolve) => setImmediate(resolve));
			}
		},
		async commit({ put = [], remove = [], nextSeq, firstRoot, rootIds, snapshotClosed }) {
			const { db, sql } = opened();
			db.exec('BEGIN IMMEDIATE');
			try {
				if (nextSeq !== undefined && sql.nextSeq.run(nextSeq, nextSeq).changes === 0) {
					throw new Error('nextSeq must not go back');
				}
				if (firstRoot !== undefined) sql.firstRoot.run(firstRoot);
				if (rootIds !== undefined) sql.rootIds.run(JSON.stringify(rootIds));
				if (snapshotClosed !== undefined) sql.snapshotClosed.run(snapshotClosed ? 1 : 0);
				for (const row of put) putRow(sql.put, row);
				for (const key of remove) sql.remove.run(key.root, key.path);
				db.exec('COMMIT');
			} catch (error) {
				if (db.isTransaction) db.exec('ROLLBACK');
				throw error;
			}
		},
		async close() {
			open?.db.close();
			open = null;
		},
	};
}

function openFile(deps: { file: string; clock: Clock; sourceId?: string }): DatabaseSync {
	let db: DatabaseSync | null = null;
	try {
		db = new DatabaseSync(deps.file, { timeout: 1000 });
		// Exclusive: two engines on one state would give out the same seq twice.
		db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
		const version = pragma(db, 'user_version');
		if (version > SCHEMA) {
			throw new StateError(
				'state_newer',
				`the folder's state has schema ${version}; this program knows ${SCHEMA}`,
			);
		}
		if (version === 0) {
			if (Number(db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n']) > 0) {
				throw new StateError('state_corrupt', "the folder's state is another program's database");
			}
			db.exec(`${TABLES} PRAGMA user_version = ${SCHEMA}; PRAGMA application_id = ${APPLICATION_ID}`);
			db.prepare('INSERT INTO head (id, source_id, epoch, next_seq) VALUES (1, ?, ?, 1)').run(
				deps.sourceId ?? uuid(),
				uuidv7({ msecs: deps.clock.now() }),
			);
		} else if (pragma(db, 'application_id') !== APPLICATION_ID) {
			throw new StateError('state_corrupt', "the folder's state is another program's database");
		} else {
			for (let at = version; at < SCHEMA; at += 1) db.exec(MIGRATIONS[at] ?? '');
			db.exec(`PRAGMA user_version = ${SCHEMA}`);
		}
		db.exec('COMMIT; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
		return db;
	} catch (error) {
		db?.close();
		throw asStateError(error);
	}
}

function pragma(db: DatabaseSync, name: string): number {
	return Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
}

const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

function asStateError(error: unknown): unknown {
	const code = (error as { errcode?: number }).errcode;
	if (code === undefined) return error;
	const primary = code & 0xff;
	if (primary === SQLITE_BUSY) {
		return new StateError('state_locked', "the folder's state is in use by another process", error);
	}
	if (primary === SQLITE_CORRUPT || primary === SQLITE_NOTADB) {
		return new StateError('state_corrupt', "the folder's state cannot be read", error);
	}
	return error;
}

function prepare(db: DatabaseSync) {
	return {
		head: db.prepare('SELECT * FROM head'),
		nextSeq: db.prepare('UPDATE head SET next_seq = ? WHERE next_seq <= ?'),
		firstRoot: db.prepare('UPDATE head SET first_root = ?'),
		rootIds: db.prepare('UPDATE head SET root_inodes = ?'),
		snapshotClosed: db.prepare('UPDATE head SET snapshot_closed = ?'),
		page: db.prepare('SELECT * FROM files WHERE (root, path) > (?, ?) ORDER BY root, path LIMIT ?'),
		put: db.prepare(`INSERT OR REPLACE INTO files VALUES (${Array(20).fill('?').join(', ')})`),
		remove: db.prepare('DELETE FROM files WHERE root = ? AND path = ?'),
	};
}

type Cells = Record<string, unknown>;

function toHead(cells: Cells | undefined): StateHead {
	if (cells === undefined) throw new StateError('state_corrupt', "the folder's state has lost its head");
	return {
		sourceId: String(cells['source_id']),
		epoch: String(cells['epoch']),
		nextSeq: Number(cells['next_seq']),
		firstRoot: text(cells['first_root']),
		rootIds: JSON.parse(String(cells['root_inodes'])) as StateHead['rootIds'],
		snapshotClosed: cells['snapshot_closed'] === 1,
	};
}

function putRow(put: StatementSync, row: FileRow): void {
	const { seen, delivered, failed } = row;
	put.run(
		...[row.root, row.path],
		...(seen === null ? [null, null, null] : [seen.size, seen.xxh64, seen.sha256]),
		...(seen === null ? [null, null, null] : [String(seen.mtimeNs), String(seen.ctimeNs), String(seen.ino)]),
		seen?.racy ? 1 : 0,
		...(delivered === null ? [null, null, null] : [delivered.size, delivered.xxh64, delivered.sha256]),
		...[row.seq, row.deliveredSeq, row.deliveredAt, row.tries],
		...[failed?.sha256 ?? null, failed?.reason ?? null],
		row.note,
		failed?.retryAt ?? null,
	);
}

function toRow(cells: Cells): FileRow {
	const reason = text(cells['failed_reason']);
	const retryAt = number(cells['failed_retry_at']);
	const seen = toContent(cells, 'seen');
	return {
		root: String(cells['root']),
		path: String(cells['path']),
		seen: seen === null ? null : toSeen(seen, cells),
		delivered: toContent(cells, 'delivered'),
		seq: Number(cells['seq']),
		deliveredSeq: Number(cells['delivered_seq']),
		deliveredAt: number(cells['delivered_at']),
		tries: Number(cells['tries']),
		failed: reason === null ? null : { sha256: text(cells['failed_sha256']), reason, retryAt },
		note: String(cells['note']),
	};
}

function toContent(cells: Cells, what: 'seen' | 'delivered'): FileContent | null {
	const sha256 = text(cells[`${what}_sha256`]);
	if (sha256 === null) return null;
	return { size: Number(cells[`${what}_size`]), xxh64: String(cells[`${what}_xxh64`]), sha256 };
}

function toSeen(content: FileContent, cells: Cells): Seen {
	return {
		...content,
		mtimeNs: BigInt(String(cells['mtime_ns'])),
		ctimeNs: BigInt(String(cells['ctime_ns'])),
		ino: BigInt(String(cells['ino'])),
		racy: cells['racy'] === 1,
	};
}

function number(cell: unknown): number | null {
	return typeof cell === 'number' ? cell : null;
}

function text(cell: unknown): string | null {
	return typeof cell === 'string' ? cell : null;
}

import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { Body, BodiesTable } from '../doc-store/index.ts';
import type { Removals } from './removals.ts';
import { openSegments, segmentBytes, type BodyPlace, type Segments } from './segments.ts';

/**
 * The bodies of waiting changes: a row each, and the bytes in the row, in a blob file, or in a segment file.
 * doc-tables.ts calls it, inside its transactions.
 *
 * SQLite writes a body twice, into the log and into the file, in pages that hold three of 4 kB: that is most of
 * what an accept makes the disk do. A transaction that has enough of them appends them to a segment instead and
 * keeps their places; one that has few spares itself the second sync.
 *
 * Invariants:
 *  - Bytes are synced before the commit of the rows that refer to them; a transaction that is undone leaves
 *    garbage in a segment and nothing else.
 *  - `usage` counts the committed rows of each segment. What a transaction changes joins it when it is durable.
 *  - A segment without rows that is not appended to any more is removed, after the commit that emptied it.
 */
export interface Bodies {
	readonly table: BodiesTable;
	/** Before the commit: puts the new bodies where they belong. */
	flush(): void;
	/** After the commit. */
	finish(): void;
	/** After the rollback. */
	undo(): void;
	/** Outside a transaction. */
	close(): void;
}

interface Usage {
	bodies: number;
	bytes: number;
	/** Ids of all its bodies lie between these. */
	first: number;
	last: number;
}

export interface BodyLimits {
	/** A transaction with this many bytes of bodies or more appends them. */
	readonly appendBytes: number;
	readonly segmentBytes: number;
}

/** Measured: with 64 kB the second sync costs as much time of the processor as it saves, with 128 kB as much time. */
export const bodyLimits: BodyLimits = { appendBytes: 131_072, segmentBytes };
/** A segment of which no more than this share is in use is given up, and the rest moves into rows. */
const rest = 1 / 8;
/** Moved at a time, at most: no accept waits long for it. */
const movedBytes = 4 * 1_048_576;

type Row = Record<string, SQLInputValue>;
const numberIn = (row: Row, name: string) => row[name] as number;
const placeIn = (row: Row): BodyPlace => ({
	segment: numberIn(row, 'segment'),
	start: numberIn(row, 'start'),
	length: numberIn(row, 'length'),
});

/** What the running transaction has added, which is not yet anywhere, and does to each segment's usage. */
interface Running {
	readonly added: Map<number, string | Uint8Array>;
	addedBytes: number;
	readonly changes: Map<number, { bodies: number; bytes: number }>;
}

/** What is known of the segment files. */
interface SegmentFiles extends Segments {
	readonly usage: Map<number, Usage>;
	/** Those without rows; they go as soon as they are not appended to any more. */
	readonly empty: Set<number>;
	/** Those in which a body is missing: what is left of them is not moved. */
	readonly damaged: Set<number>;
}

interface Store {
	readonly sql: Statements;
	readonly running: Running;
	readonly files: SegmentFiles;
	nextId: number;
}

export function openBodies(
	db: DatabaseSync,
	dir: string,
	limits: BodyLimits = bodyLimits,
	removals?: Removals,
): Bodies {
	const sql = prepareStatements(db);
	const usage = readUsage(sql);
	const segments = openSegments(dir, new Set(usage.keys()), limits.segmentBytes, removals);
	const store: Store = {
		sql,
		running: { added: new Map(), addedBytes: 0, changes: new Map() },
		files: { ...segments, usage, empty: new Set(), damaged: new Set() },
		nextId: ((sql.lastId.get() as Row)['id'] as number | null) ?? 0,
	};
	return {
		table: {
			insertBody: (body) => insertBody(store, body),
			body: (id) => findBody(store, id),
			removeBody: (id) => removeBody(store, id),
			blobs: () => new Set((sql.blobs.all() as Row[]).map((row) => row['blob'] as string)),
			hasBlob: (blob) => sql.hasBlob.get(blob) !== undefined,
			compactBodies: (limit) => compactBodies(store, limit),
		},
		flush: () => flush(store, limits.appendBytes),
		finish: () => finish(store),
		undo: () => endTransaction(store),
		close() {
			segments.close();
			removeEmpty(store.files);
		},
	};
}

type Statements = ReturnType<typeof prepareStatements>;

const prepareStatements = (db: DatabaseSync) => ({
	insert: db.prepare('INSERT INTO bodies (body, content, blob) VALUES (?, ?, ?)'),
	insertText: db.prepare('INSERT INTO bodies (body, content) VALUES (?, CAST(? AS BLOB))'),
	insertPlace: db.prepare('INSERT INTO bodies (body, segment, start, length) VALUES (?, ?, ?, ?)'),
	find: db.prepare('SELECT content, blob, segment, start, length FROM bodies WHERE body = ?'),
	remove: db.prepare('DELETE FROM bodies WHERE body = ? RETURNING blob, segment, length'),
	blobs: db.prepare('SELECT blob FROM bodies WHERE blob IS NOT NULL'),
	hasBlob: db.prepare('SELECT 1 FROM bodies WHERE blob = ?'),
	lastId: db.prepare('SELECT max(body) AS id FROM bodies'),
	usage: db.prepare(
		'SELECT segment, count(*) AS bodies, sum(length) AS bytes, min(body) AS first, max(body) AS last FROM bodies WHERE segment IS NOT NULL GROUP BY segment',
	),
	within: db.prepare(
		'SELECT body, segment, start, length FROM bodies WHERE body BETWEEN ? AND ? AND segment = ? ORDER BY body LIMIT ?',
	),
	moveIn: db.prepare(
		'UPDATE bodies SET content = ?, segment = NULL, start = NULL, length = NULL WHERE body = ?',
	),
});

function readUsage(sql: Statements): Map<number, Usage> {
	const rows = sql.usage.all() as unknown as (Usage & { readonly segment: number })[];
	return new Map(rows.map(({ segment, ...usage }) => [segment, usage]));
}

function insertBody(store: Store, body: Parameters<BodiesTable['insertBody']>[0]): number {
	const { sql, running } = store;
	store.nextId += 1;
	if (typeof body === 'object' && 'blob' in body) sql.insert.run(store.nextId, null, body.blob);
	else {
		running.added.set(store.nextId, body);
		running.addedBytes += body.length;
	}
	return store.nextId;
}

function findBody({ sql, running, files }: Store, id: number): Body | undefined {
	const fresh = running.added.get(id);
	if (fresh !== undefined) {
		// Who sent it may write over it once the transaction is through, and who reads it keeps it longer than that.
		const bytes = typeof fresh === 'string' ? new TextEncoder().encode(fresh) : Uint8Array.from(fresh);
		return { kind: 'bytes', bytes };
	}
	const row = sql.find.get(id) as Row | undefined;
	if (row === undefined) return undefined;
	if (row['blob'] !== null) return { kind: 'blob', blob: row['blob'] as string };
	if (row['segment'] === null) return { kind: 'bytes', bytes: row['content'] as Uint8Array };
	const bytes = files.read(placeIn(row));
	return bytes === null ? { kind: 'lost' } : { kind: 'bytes', bytes };
}

function removeBody({ sql, running }: Store, id: number): string | null {
	const fresh = running.added.get(id);
	if (fresh !== undefined) {
		running.added.delete(id);
		running.addedBytes -= fresh.length;
		return null;
	}
	const row = sql.remove.get(id) as Row | undefined;
	if (row === undefined) return null;
	if (row['segment'] !== null) change(running, numberIn(row, 'segment'), -1, numberIn(row, 'length'));
	return row['blob'] as string | null;
}

function change({ changes }: Running, segment: number, sign: 1 | -1, bytes: number): void {
	const known = changes.get(segment);
	if (known === undefined) changes.set(segment, { bodies: sign, bytes: sign * bytes });
	else {
		known.bodies += sign;
		known.bytes += sign * bytes;
	}
}

function append({ sql, running, files }: Store): void {
	const places = files.append([...running.added.values()]);
	let next = 0;
	for (const id of running.added.keys()) {
		const place = places[next++];
		if (place === undefined) throw new Error('a body without a place');
		const { segment, start, length } = place;
		const known = files.usage.get(segment);
		if (known === undefined) {
			// Should the transaction be undone, the file is known as one without rows.
			files.usage.set(segment, { bodies: 0, bytes: 0, first: id, last: id });
			files.empty.add(segment);
		} else known.last = id;
		sql.insertPlace.run(id, segment, start, length);
		change(running, segment, 1, length);
	}
}

function compactBodies({ sql, running, files }: Store, limit: number): void {
	let rows = limit;
	let bytes = movedBytes;
	for (const [segment, { bodies, bytes: used, first, last }] of files.usage) {
		if (rows <= 0 || bytes <= 0) return;
		if (bodies === 0 || segment === files.current() || files.damaged.has(segment)) continue;
		if (used > files.size(segment) * rest) continue;
		for (const row of sql.within.all(first, last, segment, rows) as Row[]) {
			const place = placeIn(row);
			const content = files.read(place);
			if (content === null) {
				files.damaged.add(segment);
				break;
			}
			sql.moveIn.run(content, numberIn(row, 'body'));
			change(running, segment, -1, place.length);
			rows -= 1;
			bytes -= place.length;
			if (bytes <= 0) break;
		}
	}
}

function flush(store: Store, appendBytes: number): void {
	const { sql, running } = store;
	if (running.added.size > 0 && running.addedBytes >= appendBytes) append(store);
	else {
		for (const [id, body] of running.added) {
			if (typeof body === 'string') sql.insertText.run(id, body);
			else sql.insert.run(id, body, null);
		}
	}
}

function finish(store: Store): void {
	const { running, files } = store;
	for (const [segment, { bodies, bytes }] of running.changes) {
		const known = files.usage.get(segment);
		if (known === undefined) continue;
		known.bodies += bodies;
		known.bytes += bytes;
		if (known.bodies === 0) files.empty.add(segment);
		else files.empty.delete(segment);
	}
	endTransaction(store);
}

function endTransaction({ running, files }: Store): void {
	running.added.clear();
	running.addedBytes = 0;
	running.changes.clear();
	removeEmpty(files);
}

function removeEmpty({ empty, usage, current, remove }: SegmentFiles): void {
	for (const segment of empty) {
		if (segment === current()) continue;
		remove(segment);
		usage.delete(segment);
		empty.delete(segment);
	}
}

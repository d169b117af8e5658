import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { Body, BodiesTable } from '../doc-store/index.ts';
import { openSegments, segmentBytes, type BodyPlace } from './segments.ts';

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
const defaults: BodyLimits = { appendBytes: 131_072, segmentBytes };
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

export function openBodies(db: DatabaseSync, dir: string, limits: BodyLimits = defaults): Bodies {
	const sql = {
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
	};
	const usage = new Map<number, Usage>();
	for (const row of sql.usage.all() as Row[]) {
		usage.set(numberIn(row, 'segment'), {
			bodies: numberIn(row, 'bodies'),
			bytes: numberIn(row, 'bytes'),
			first: numberIn(row, 'first'),
			last: numberIn(row, 'last'),
		});
	}
	const segments = openSegments(dir, new Set(usage.keys()), limits.segmentBytes);
	let nextId = ((sql.lastId.get() as Row)['id'] as number | null) ?? 0;
	/** Of the running transaction, not yet anywhere. */
	const added = new Map<number, string | Uint8Array>();
	let addedBytes = 0;
	/** What the running transaction does to each segment's usage. */
	const changes = new Map<number, { bodies: number; bytes: number }>();
	/** Segments without rows; they go as soon as they are not appended to any more. */
	const empty = new Set<number>();
	/** Segments in which a body is missing: what is left of them is not moved. */
	const damaged = new Set<number>();

	function change(segment: number, sign: 1 | -1, bytes: number): void {
		const known = changes.get(segment);
		if (known === undefined) changes.set(segment, { bodies: sign, bytes: sign * bytes });
		else {
			known.bodies += sign;
			known.bytes += sign * bytes;
		}
	}

	function append(): void {
		const places = segments.append([...added.values()]);
		let next = 0;
		for (const id of added.keys()) {
			const place = places[next++];
			if (place === undefined) throw new Error('a body without a place');
			const { segment, start, length } = place;
			const known = usage.get(segment);
			if (known === undefined) {
				// Should the transaction be undone, the file is known as one without rows.
				usage.set(segment, { bodies: 0, bytes: 0, first: id, last: id });
				empty.add(segment);
			} else known.last = id;
			sql.insertPlace.run(id, segment, start, length);
			change(segment, 1, length);
		}
	}

	function removeEmpty(): void {
		for (const segment of empty) {
			if (segment === segments.current()) continue;
			segments.remove(segment);
			usage.delete(segment);
			empty.delete(segment);
		}
	}

	function endTransaction(): void {
		added.clear();
		addedBytes = 0;
		changes.clear();
		removeEmpty();
	}

	const table: BodiesTable = {
		insertBody(body) {
			nextId += 1;
			if (typeof body === 'object' && 'blob' in body) sql.insert.run(nextId, null, body.blob);
			else {
				added.set(nextId, body);
				addedBytes += body.length;
			}
			return nextId;
		},
		body(id): Body | undefined {
			const fresh = added.get(id);
			if (fresh !== undefined) {
				const bytes = typeof fresh === 'string' ? new TextEncoder().encode(fresh) : fresh;
				return { kind: 'bytes', bytes };
			}
			const row = sql.find.get(id) as Row | undefined;
			if (row === undefined) return undefined;
			if (row['blob'] !== null) return { kind: 'blob', blob: row['blob'] as string };
			if (row['segment'] === null) return { kind: 'bytes', bytes: row['content'] as Uint8Array };
			const bytes = segments.read(placeIn(row));
			return bytes === null ? { kind: 'lost' } : { kind: 'bytes', bytes };
		},
		removeBody(id) {
			const fresh = added.get(id);
			if (fresh !== undefined) {
				added.delete(id);
				addedBytes -= fresh.length;
				return null;
			}
			const row = sql.remove.get(id) as Row | undefined;
			if (row === undefined) return null;
			if (row['segment'] !== null) change(numberIn(row, 'segment'), -1, numberIn(row, 'length'));
			return row['blob'] as string | null;
		},
		blobs: () => new Set((sql.blobs.all() as Row[]).map((row) => row['blob'] as string)),
		hasBlob: (blob) => sql.hasBlob.get(blob) !== undefined,
		compactBodies(limit) {
			let rows = limit;
			let bytes = movedBytes;
			for (const [segment, { bodies, bytes: used, first, last }] of usage) {
				if (rows <= 0 || bytes <= 0) return;
				if (bodies === 0 || segment === segments.current() || damaged.has(segment)) continue;
				if (used > segments.size(segment) * rest) continue;
				for (const row of sql.within.all(first, last, segment, rows) as Row[]) {
					const place = placeIn(row);
					const content = segments.read(place);
					if (content === null) {
						damaged.add(segment);
						break;
					}
					sql.moveIn.run(content, numberIn(row, 'body'));
					change(segment, -1, place.length);
					rows -= 1;
					bytes -= place.length;
					if (bytes <= 0) break;
				}
			}
		},
	};

	return {
		table,
		flush() {
			if (added.size > 0 && addedBytes >= limits.appendBytes) append();
			else {
				for (const [id, body] of added) {
					if (typeof body === 'string') sql.insertText.run(id, body);
					else sql.insert.run(id, body, null);
				}
			}
		},
		finish() {
			for (const [segment, { bodies, bytes }] of changes) {
				const known = usage.get(segment);
				if (known === undefined) continue;
				known.bodies += bodies;
				known.bytes += bytes;
				if (known.bodies === 0) empty.add(segment);
				else empty.delete(segment);
			}
			endTransaction();
		},
		undo: endTransaction,
		close() {
			segments.close();
			removeEmpty();
		},
	};
}

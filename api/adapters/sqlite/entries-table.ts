import type { DatabaseSync } from 'node:sqlite';
import type { ManifestChunk, ManifestEntry } from '../../domain/index.ts';
import type { EntriesTable } from '../doc-store/index.ts';
import { hex, integer, integerOrNull, object, query, text, textOrNull, uuid, valuesOf } from './columns.ts';
import { uuidToBytes } from './uuid.ts';

/** The entries of manifests in SQLite with their texts: `chunks`, of which `stray` says what each one is. */

const published = 0;
const fresh = 1;
const uncertain = 2;

const chunkFields = object<ManifestChunk>({
	pointId: uuid('point'),
	hash: hex('hash'),
	order: text('ord'),
	heading: textOrNull('heading'),
	page: integerOrNull('page'),
	text: text('text'),
});
const entryFields = object({
	pointId: uuid('point'),
	hash: hex('hash'),
	order: text('ord'),
	stray: integer('stray'),
});
const nameFields = object<ManifestEntry>({ pointId: uuid('point'), hash: hex('hash'), order: text('ord') });

const aboveAll = new Uint8Array(16).fill(255);
/** Below every id for null. */
const pointBytes = (id: string | null) => (id === null ? new Uint8Array(0) : uuidToBytes(id));

export function createEntriesTable(db: DatabaseSync): EntriesTable {
	const setStray = (stray: number, where: string) =>
		db.prepare(`UPDATE chunks SET stray = ${stray} WHERE doc = ? AND ${where}`);
	const count = (where: string) => query(db, integer('count(*)'), `FROM chunks WHERE doc = ? ${where}`);
	const sql = {
		// The plus: a sort of few columns is cheaper than a look-up of every row by the index of the order.
		entries: query(db, entryFields, 'FROM chunks WHERE doc = ? ORDER BY +ord'),
		page: query(db, entryFields, 'FROM chunks WHERE doc = ? AND point > ? ORDER BY point LIMIT ?'),
		chunks: query(
			db,
			chunkFields,
			`FROM chunks WHERE doc = ? AND (ord, point) > (?, ?) AND (stray <> ${fresh} OR ?) ORDER BY ord, point LIMIT ?`,
		),
		chunksBefore: query(
			db,
			chunkFields,
			`FROM chunks WHERE doc = ? AND (ord, point) < (?, ?) AND (stray <> ${fresh} OR ?) ORDER BY ord DESC, point DESC LIMIT ?`,
		),
		manifest: query(
			db,
			nameFields,
			`FROM chunks WHERE doc = ? AND (stray <> ${fresh} OR ?) ORDER BY +ord, +point`,
		),
		chunk: query(db, chunkFields, `FROM chunks WHERE doc = ? AND point = ? AND (stray <> ${fresh} OR ?)`),
		hasMore: db.prepare('SELECT 1 FROM chunks WHERE doc = ? LIMIT 1 OFFSET ?'),
		pointAt: query(
			db,
			uuid('point'),
			'FROM chunks WHERE doc = ? AND point > ? ORDER BY point LIMIT 1 OFFSET ?',
		),
		count: count(''),
		countUncertain: count('AND stray <> 0'),
		insert: db.prepare(
			`INSERT INTO chunks (doc, stray, ${chunkFields.names.join(', ')}) VALUES (?, ${fresh}, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		),
		remove: db.prepare('DELETE FROM chunks WHERE doc = ? AND point = ?'),
		reorder: db.prepare('UPDATE chunks SET ord = ? WHERE doc = ? AND point = ?'),
		place: db.prepare(`UPDATE chunks SET stray = ${published}, ord = ? WHERE doc = ? AND point = ?`),
		tidyRange: setStray(published, 'point > ? AND point <= ? AND stray <> 0'),
		tidyAll: setStray(published, 'stray <> 0'),
		markCertain: setStray(published, 'point = ?'),
		markUncertain: setStray(uncertain, `point = ? AND stray = ${published}`),
	};
	const countEntries = (doc: number) => sql.count.get(doc) ?? 0;

	return {
		entries(doc) {
			const found = { manifest: [] as ManifestEntry[], fresh: [] as string[], uncertain: [] as string[] };
			for (const { stray, ...entry } of sql.entries.all(doc)) {
				if (stray === fresh) found.fresh.push(entry.pointId);
				else if (stray === uncertain) found.uncertain.push(entry.pointId);
				else found.manifest.push(entry);
			}
			return found;
		},
		entriesPage: (doc, after, limit) =>
			sql.page
				.all(doc, pointBytes(after), limit)
				.map(({ stray, ...entry }) => ({ ...entry, isCertain: stray === published })),
		hasMoreEntries: (doc, limit) => sql.hasMore.get(doc, limit) !== undefined,
		countEntries,
		countUncertain: (doc) => sql.countUncertain.get(doc) ?? 0,
		chunks: (doc, isTidy, { after, limit, isBackwards = false }) =>
			(isBackwards ? sql.chunksBefore : sql.chunks).all(
				doc,
				after?.order ?? '',
				pointBytes(after?.pointId ?? null),
				isTidy ? 1 : 0,
				limit,
			),
		manifest: (doc, isTidy) => sql.manifest.all(doc, isTidy ? 1 : 0),
		chunksOf: (doc, isTidy, pointIds) =>
			pointIds.flatMap((id) => sql.chunk.get(doc, uuidToBytes(id), isTidy ? 1 : 0) ?? []),
		addOrphans: (doc, added) =>
			sum(added, (chunk) => sql.insert.run(doc, ...valuesOf(chunkFields, chunk)).changes),
		forget: (doc, ids) => sum(ids, (id) => sql.remove.run(doc, uuidToBytes(id)).changes),
		reorder(doc, entries) {
			for (const { pointId, order } of entries) sql.reorder.run(order, doc, uuidToBytes(pointId));
		},
		markUncertain(doc, ids) {
			for (const id of ids) sql.markUncertain.run(doc, uuidToBytes(id));
		},
		tidyEntries(doc, after, limit) {
			if (limit === null) {
				sql.tidyAll.run(doc);
				return null;
			}
			const last = sql.pointAt.get(doc, pointBytes(after), limit - 1) ?? null;
			sql.tidyRange.run(doc, pointBytes(after), last === null ? aboveAll : uuidToBytes(last));
			return last;
		},
		setManifest(doc, manifest) {
			const before = sql.entries.all(doc);
			const present = new Map(before.map((entry) => [entry.pointId, entry]));
			for (const { pointId, order } of manifest) {
				const found = present.get(pointId);
				if (found === undefined) throw new Error('a manifest entry without its chunk');
				present.delete(pointId);
				if (found.stray !== published || found.order !== order)
					sql.place.run(order, doc, uuidToBytes(pointId));
			}
			for (const pointId of present.keys()) sql.remove.run(doc, uuidToBytes(pointId));
			return before.length;
		},
		keepPresent(doc, present) {
			const before = sql.entries.all(doc);
			for (const { pointId, stray } of before) {
				if (stray === uncertain && present.has(pointId)) sql.markCertain.run(doc, uuidToBytes(pointId));
				else if (stray !== published) sql.remove.run(doc, uuidToBytes(pointId));
			}
			return { before: before.length, after: countEntries(doc) };
		},
	};
}

const sum = <T>(items: readonly T[], of: (item: T) => number | bigint): number =>
	items.reduce((total, item) => total + Number(of(item)), 0);

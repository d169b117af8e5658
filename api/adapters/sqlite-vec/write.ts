/**
 * Puts and removals on an open database, inside a transaction of the caller's (group-commit.ts). Everything that
 * keeps the tables of index-schema.ts in step is here.
 */
import type { DatabaseSync } from 'node:sqlite';
import { uuidFromBytes, uuidToBytes } from '../sqlite/index.ts';
import { createCompactor } from './compact.ts';
import { createDocValues } from './doc-values.ts';
import { unpackTexts } from './packed-texts.ts';
import { createTermIndexer } from './terms.ts';
import type { VectorChange } from './vector-changes.ts';
import type { WirePoint, WirePut, WireWrite, WriterMethods } from './index-messages.ts';

interface PointRow {
	point: number;
	id: Uint8Array;
	doc: number;
	embedded: number;
}

interface DocRow {
	doc: number;
	superseded: number;
	fields: string;
}

/** What has become of one row of `points`, for the two tables that follow it. */
interface RowChange {
	readonly row: bigint;
	readonly isNew: boolean;
	readonly hadVector: boolean;
	readonly vector: Int8Array | null;
	/** Null for a point that is gone. */
	readonly terms: Uint8Array | null;
}

/** An open index file, as its functions here share it. */
type Writer = ReturnType<typeof openWriter> & { readonly note: (change: VectorChange) => void };

export function createIndexWriter(
	db: DatabaseSync,
	dimensions: number,
	/** Is told of each change to vectors, in the transaction that makes it. */
	note: (change: VectorChange) => void,
): Omit<WriterMethods, 'freeze' | 'thaw'> {
	const writer = { ...openWriter(db, dimensions), note };
	return { put: (batch) => put(writer, batch), remove: (tenant, ids) => remove(writer, tenant, ids) };
}

function openWriter(db: DatabaseSync, dimensions: number) {
	const sql = {
		findTenant: db.prepare('SELECT tenant FROM tenants WHERE name = ?'),
		addTenant: db.prepare('INSERT INTO tenants(name) VALUES(?)'),
		countPoints: db.prepare('UPDATE tenants SET points = points + ? WHERE tenant = ?'),
		nextEdition: db.prepare('UPDATE tenants SET edition = edition + 1 WHERE tenant = ? RETURNING edition'),

		docsOf: db.prepare('SELECT doc, superseded, fields FROM docs WHERE tenant = ? AND doc_id = ?'),
		addDoc: db.prepare('INSERT INTO docs(tenant, doc_id, superseded, fields) VALUES(?, ?, ?, ?)'),
		setFields: db.prepare('UPDATE docs SET fields = ? WHERE doc = ?'),
		supersede: db.prepare('UPDATE docs SET superseded = 1 WHERE doc = ?'),
		dropEmptyDoc: db.prepare(
			'DELETE FROM docs WHERE doc = ?1 AND NOT EXISTS (SELECT 1 FROM points WHERE doc = ?1)',
		),

		findPoint: db.prepare('SELECT point, id, doc, embedded FROM points WHERE id = ? AND tenant = ?'),
		pointsOfDoc: db.prepare('SELECT point, id FROM points WHERE doc = ?'),
		addPoint: db.prepare(
			`INSERT INTO points(id, tenant, doc, embedded, sort_key, page, heading, content)
			VALUES(?, ?, ?, ?, ?, ?, ?, CAST(? AS TEXT)) ON CONFLICT DO NOTHING`,
		),
		setPoint: db.prepare(
			`UPDATE points SET doc = ?, embedded = ?, sort_key = ?, page = ?, heading = ?, content = CAST(? AS TEXT)
			WHERE point = ?`,
		),
		moveToDoc: db.prepare('UPDATE points SET doc = ? WHERE point = ?'),
		setOrder: db.prepare('UPDATE points SET sort_key = ? WHERE id = ? AND tenant = ? AND doc = ?'),
		dropPoint: db.prepare('DELETE FROM points WHERE point = ?'),

		// vec0 takes integers only as such: a JavaScript number would be bound as a float.
		addVector: db.prepare('INSERT INTO vectors(rowid, tenant, vector) VALUES(?, ?, vec_int8(?))'),
		dropVector: db.prepare('DELETE FROM vectors WHERE rowid = ?'),
		addText: db.prepare('INSERT INTO texts(rowid, terms) VALUES(?, CAST(? AS TEXT))'),
		dropText: db.prepare('DELETE FROM texts WHERE rowid = ?'),
	};
	return {
		...{ sql, dimensions, compactor: createCompactor(db), indexedTerms: createTermIndexer() },
		values: createDocValues(db),
	};
}

function tenantNumber({ sql }: Writer, name: string): number | null {
	const row = sql.findTenant.get(name);
	return row === undefined ? null : Number(row['tenant']);
}

function put(writer: Writer, batch: WirePut): void {
	const tenant =
		tenantNumber(writer, batch.tenant) ?? Number(writer.sql.addTenant.run(batch.tenant).lastInsertRowid);
	const changes: RowChange[] = [];
	let first = 0;
	for (const write of batch.writes) {
		putDoc(writer, tenant, write, batch, first, changes);
		first += write.points.length;
	}
	follow(writer, tenant, changes);
}

/** `first`: the place of the document's first point among those of the batch. */
function putDoc(
	writer: Writer,
	tenant: number,
	write: WireWrite,
	{ vectors, texts }: WirePut,
	first: number,
	changes: RowChange[],
): void {
	const { sql, dimensions } = writer;
	const rows = sql.docsOf.all(tenant, write.docId) as unknown as DocRow[];
	const left = new Set<number>();
	let current = refreshFields(writer, tenant, write, rows, left);
	// The row is made by the first point that belongs to it: a document without points has none.
	const doc = () =>
		(current ??= addDoc(writer, tenant, { docId: write.docId, superseded: 0, fields: write.fields }));

	const kept = new Set(write.kept);
	for (const row of rows) {
		if (row.doc === current || kept.size === 0) continue;
		for (const point of listDoc(writer, row.doc)) {
			if (!kept.has(point.id)) continue;
			sql.moveToDoc.run(doc(), point.point);
			left.add(row.doc);
		}
	}
	write.points.forEach((point, index) => {
		const at = first + index;
		const vector = vectors.subarray(at * dimensions, (at + 1) * dimensions);
		const { change, oldDoc } = putPoint(writer, tenant, doc(), point, vector, unpackTexts(texts, at));
		changes.push(change);
		if (oldDoc !== null && oldDoc !== current) left.add(oldDoc);
	});
	if (current !== null) {
		for (const { id, order } of write.reordered) {
			if (kept.has(id)) sql.setOrder.run(order, uuidToBytes(id), tenant, current);
		}
	}
	for (const old of left) sql.dropEmptyDoc.run(old);
}

/**
 * The document's row with the new fields; null where none of its points will use it. Points that are
 * neither kept nor new must go on showing the version they belong to until they are removed, or a reader
 * would take chunks of the old text for the new version: they move to a superseded row of their own.
 */
function refreshFields(
	writer: Writer,
	tenant: number,
	write: WireWrite,
	rows: DocRow[],
	left: Set<number>,
): number | null {
	const current = rows.find((row) => row.superseded === 0);
	if (current === undefined) return null;
	if (current.fields === write.fields) return current.doc;
	const staying = new Set([...write.kept, ...write.points.map((point) => point.id)]);
	const points = listDoc(writer, current.doc);
	const going = points.filter((point) => !staying.has(point.id));
	if (going.length === points.length) {
		writer.sql.supersede.run(current.doc);
		return null;
	}
	writer.sql.setFields.run(write.fields, current.doc);
	writer.values.set(tenant, current.doc, current.fields, write.fields);
	if (going.length > 0) {
		const old = addDoc(writer, tenant, { docId: write.docId, superseded: 1, fields: current.fields });
		for (const point of going) writer.sql.moveToDoc.run(old, point.point);
		left.add(old);
	}
	return current.doc;
}

function addDoc(
	{ sql, values }: Writer,
	tenant: number,
	{ docId, superseded, fields }: Omit<DocRow, 'doc'> & { readonly docId: string },
): number {
	const doc = Number(sql.addDoc.run(tenant, docId, superseded, fields).lastInsertRowid);
	values.set(tenant, doc, null, fields);
	return doc;
}

function listDoc({ sql }: Writer, doc: number): { point: number; id: string }[] {
	return sql.pointsOfDoc
		.all(doc)
		.map((row) => ({ point: Number(row['point']), id: uuidFromBytes(row['id'] as Uint8Array) }));
}

/** `oldDoc`: the document's row that the point was under before; null for a new point. */
function putPoint(
	{ sql }: Writer,
	tenant: number,
	doc: number,
	point: WirePoint,
	quantized: Int8Array,
	{ content, terms }: { readonly content: Uint8Array; readonly terms: Uint8Array },
): { change: RowChange; oldDoc: number | null } {
	const id = uuidToBytes(point.id);
	const vector = quantized.some((value) => value !== 0) ? quantized : null;
	const embedded = vector === null ? 0 : 1;
	const { order, page, heading } = point;
	const added = sql.addPoint.run(id, tenant, doc, embedded, order, page, heading, content);
	if (added.changes === 1) {
		const row = BigInt(added.lastInsertRowid);
		return { change: { row, isNew: true, hadVector: false, vector, terms }, oldDoc: null };
	}
	const old = sql.findPoint.get(id, tenant) as unknown as PointRow;
	const row = BigInt(old.point);
	sql.setPoint.run(doc, embedded, order, page, heading, content, row);
	return { change: { row, isNew: false, hadVector: old.embedded === 1, vector, terms }, oldDoc: old.doc };
}

function remove(writer: Writer, name: string, ids: readonly string[]): void {
	const tenant = tenantNumber(writer, name);
	if (tenant === null) return;
	const found = [...new Set(ids)].flatMap((id) => {
		const row = writer.sql.findPoint.get(uuidToBytes(id), tenant);
		return row === undefined ? [] : [row as unknown as PointRow];
	});
	for (const { point } of found) writer.sql.dropPoint.run(point);
	for (const doc of new Set(found.map((point) => point.doc))) writer.sql.dropEmptyDoc.run(doc);
	const gone = { isNew: false, vector: null, terms: null };
	const changes = found.map((row) => ({ ...gone, row: BigInt(row.point), hadVector: row.embedded === 1 }));
	follow(writer, tenant, changes);
}

/**
 * Brings the tenant's count, `vectors` and `texts` in step with `points`, one table after the other: statements on other tables
 * in between make FTS5 write out what it has gathered, at half a millisecond each.
 */
function follow(writer: Writer, tenant: number, changes: readonly RowChange[]): void {
	const { sql, compactor, indexedTerms } = writer;
	const growth = changes.reduce((sum, { isNew, terms }) => sum + (terms === null ? -1 : isNew ? 1 : 0), 0);
	if (growth !== 0) sql.countPoints.run(growth, tenant);
	const chunks = new Set<number>();
	for (const { row, hadVector, vector } of changes) {
		// vec0's UPDATE does not take vectors of bytes: the row goes and comes again.
		if (hadVector) {
			chunks.add(compactor.chunkOf(row));
			sql.dropVector.run(row);
		}
		if (vector !== null) sql.addVector.run(row, BigInt(tenant), vector);
	}
	compactor.compact(tenant, chunks);
	noteVectors(writer, tenant, changes);
	for (const { row, isNew } of changes) if (!isNew) sql.dropText.run(row);
	// FTS5 also writes out when a row number is below the one before it.
	for (const { row, terms } of changes.toSorted((a, b) => Number(a.row - b.row))) {
		if (terms !== null) sql.addText.run(row, indexedTerms(tenant, terms));
	}
}

function noteVectors({ sql, dimensions, note }: Writer, tenant: number, changes: readonly RowChange[]): void {
	const changed = changes.filter(({ hadVector, vector }) => hadVector || vector !== null);
	if (changed.length === 0) return;
	const edition = Number(sql.nextEdition.get(tenant)?.['edition']);
	const vectors = new Int8Array(changed.length * dimensions);
	changed.forEach(({ vector }, at) => vector !== null && vectors.set(vector, at * dimensions));
	note({ tenant, edition, rows: changed.map(({ row }) => Number(row)), vectors });
}

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { staticVector } from '../support/static-vector.ts';
import { storedPoint } from '../../api/adapters/qdrant/payload.ts';
import { vecLibrary } from '../../api/adapters/sqlite-vec/library.ts';
import { cosine, dequantize } from '../../api/adapters/sqlite-vec/quantize.ts';
import { createIndexReader } from '../../api/adapters/sqlite-vec/read.ts';
import { openForReading } from '../../api/adapters/sqlite-vec/index-schema.ts';
import { verifySqliteVec } from '../../api/adapters/sqlite-vec/verify.ts';
import { uuidFromBytes } from '../../api/adapters/sqlite/uuid.ts';
import { embeddedText } from '../../api/chunking/piece.ts';
import type { StoredPoint } from '../../api/ports/vector-store.ts';
import type { QdrantDouble } from '../doubles/qdrant.ts';
import type { Fault } from './oracle.ts';

/** Reads what a stopped process has left: the index, and beside it the document store's own account of it. */
export interface IndexContents {
	readonly points: readonly StoredPoint[];
	/** Faults of the index in itself, whatever it should hold. */
	readonly faults: readonly Fault[];
}

export interface StoreContents {
	readonly docs: ReadonlyMap<
		string,
		{ readonly publishedVersion: number | null; readonly lines: readonly Line[] }
	>;
	readonly jobs: ReadonlyMap<
		string,
		{
			readonly state: string;
			readonly doc: string;
			readonly errorCode: string | null;
			readonly errorMessage: string | null;
		}
	>;
	readonly faults: readonly Fault[];
}

export interface Line {
	readonly pointId: string;
	readonly order: string;
}

const other = (message: string): Fault => ({ kind: 'other', message });

export function readSqliteVec(file: string): IndexContents {
	const faults = verifySqliteVec(file).faults.map((fault) => other(`vectors.db: ${fault}`));
	const db = openForReading({ file, library: vecLibrary() });
	try {
		const reader = createIndexReader(db);
		const points: StoredPoint[] = [];
		for (let page = reader.page({ tenant: null, docId: null, after: null, size: 500 }); page.length > 0;) {
			points.push(...page);
			const last = page.at(-1);
			const after = last === undefined ? null : { id: last.id, tenant: last.tenant };
			page = reader.page({ tenant: null, docId: null, after, size: 500 });
		}
		for (const [tenant, own] of Map.groupBy(points, (point) => point.tenant)) {
			const ids = own.map((point) => point.id);
			const { ids: found, vectors } = reader.vectors(tenant, ids);
			const length = vectors.length / Math.max(1, found.length);
			const byId = new Map(
				found.map((id, index) => [id, dequantize(vectors.subarray(index * length, (index + 1) * length))]),
			);
			faults.push(...own.flatMap((point) => vectorFault(point, byId.get(point.id))));
		}
		return { points, faults };
	} finally {
		db.close();
	}
}

export function readQdrantDouble(double: QdrantDouble, collection: string): IndexContents {
	const points: StoredPoint[] = [];
	const faults: Fault[] = [];
	for (const [id, { payload, dense }] of double.points(collection)) {
		const point = storedPoint(id, payload);
		points.push(point);
		faults.push(...vectorFault(point, dense));
	}
	return { points, faults };
}

/**
 * Rounding to eight bits turns a vector by at most 3.6 degrees: each of 256 components is off by at most half a
 * step of 1/127 of the largest one, which is at most the vector's length. Texts that share most words differ by more.
 */
function vectorFault({ tenant, docId, heading, content }: StoredPoint, found?: Float32Array): Fault[] {
	const wanted = staticVector(embeddedText({ heading, text: content }));
	const isRight = found !== undefined && (cosine(found, wanted) > 0.998 || wanted.every((one) => one === 0));
	return isRight ? [] : [other(`${tenant}/${docId}: a point has another text's vector`)];
}

type Row = Record<string, unknown>;

/** Each counts rows that must not be once everything is settled. */
const mustBeNone: Readonly<Record<string, string>> = {
	'documents that still wait': 'SELECT count(*) AS n FROM docs WHERE generation > settled',
	'documents that failed': 'SELECT count(*) AS n FROM docs WHERE failed = 1',
	'documents that may have strays': 'SELECT count(*) AS n FROM docs WHERE strays = 1',
	'documents with a receipt in flight': 'SELECT count(*) AS n FROM docs WHERE flight_job IS NOT NULL',
	'stray chunks': 'SELECT count(*) AS n FROM chunks WHERE stray <> 0',
	'chunks without a document': 'SELECT count(*) AS n FROM chunks WHERE doc NOT IN (SELECT doc FROM docs)',
	'bodies left behind': 'SELECT count(*) AS n FROM bodies',
	'receipts without an end': 'SELECT count(*) AS n FROM waiting_jobs',
	'receipts of no document':
		'SELECT count(*) AS n FROM jobs WHERE doc NOT IN (SELECT doc FROM docs) AND job NOT IN (SELECT job FROM refusals)',
	'published documents with a wrong number of chunks': `SELECT count(*) AS n FROM docs
		WHERE coalesce(p_chunks, 0) <> (SELECT count(*) FROM chunks WHERE chunks.doc = docs.doc)`,
};

export function readDocStore(dataDir: string): StoreContents {
	const db = new DatabaseSync(join(dataDir, 'docs.db'), { readOnly: true });
	try {
		const faults: Fault[] = [];
		for (const row of db.prepare('PRAGMA integrity_check').all()) {
			if (row['integrity_check'] !== 'ok') faults.push(other(`docs.db: ${String(row['integrity_check'])}`));
		}
		for (const [what, sql] of Object.entries(mustBeNone)) {
			const count = Number(db.prepare(sql).get()?.['n']);
			if (count > 0) faults.push(other(`docs.db: ${count} ${what}`));
		}
		for (const name of readdirSync(join(dataDir, 'blobs')))
			faults.push(other(`a content file was left behind, ${name.slice(0, 8)}`));
		// Not even the one that was appended to last: the process has been stopped in order.
		for (const name of readdirSync(join(dataDir, 'bodies')))
			faults.push(other(`a file of bodies was left behind, ${name}`));

		const rows = db.prepare('SELECT doc, tenant, doc_id, p_version FROM docs').all();
		const names = new Map(
			rows.map((row: Row) => [row['doc'], `${row['tenant'] as string}/${row['doc_id'] as string}`]),
		);
		const lines = Map.groupBy(
			db.prepare('SELECT doc, point, ord FROM chunks WHERE stray = 0').all() as Row[],
			(row) => row['doc'],
		);
		const docs = new Map(
			rows.map((row: Row) => [
				names.get(row['doc']) ?? '',
				{
					publishedVersion: row['p_version'] as number | null,
					lines: (lines.get(row['doc']) ?? []).map((line): Line => ({
						pointId: uuidFromBytes(line['point'] as Uint8Array),
						order: line['ord'] as string,
					})),
				},
			]),
		);
		const jobs = new Map(
			db
				.prepare(
					'SELECT job, doc, state, error_code, error_message FROM jobs UNION ALL SELECT job, doc, state, error_code, error_message FROM waiting_jobs',
				)
				.all()
				.map((row: Row) => [
					uuidFromBytes(row['job'] as Uint8Array),
					{
						state: row['state'] as string,
						doc: names.get(row['doc']) ?? '',
						errorCode: row['error_code'] as string | null,
						errorMessage: row['error_message'] as string | null,
					},
				]),
		);
		return { docs, jobs, faults };
	} finally {
		db.close();
	}
}

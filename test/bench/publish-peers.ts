import type { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { QdrantClient, type Schemas } from '@qdrant/js-client-rest';
import { vecLibrary } from '../../api/adapters/sqlite-vec/library.ts';
import { openForWriting } from '../../api/adapters/sqlite-vec/index-schema.ts';
import { newPayloads } from '../../api/adapters/qdrant/payload.ts';
import { documentVector } from '../../api/adapters/qdrant/sparse.ts';
import { assignOrder } from '../../api/domain/order-key.ts';
import { pointIds } from '../../api/domain/point-id.ts';
import type { DocFields, NewPoint } from '../../api/ports/vector-store.ts';
import type { Bench } from './bench.ts';
import type { LangChain } from './langchain.ts';
import { dimensions, type ReadyDocument } from './publish-documents.ts';
import { docFields } from '../support/doc-fields.ts';

/**
 * What publishing is measured against. Each takes the same documents with their points ready in the form that
 * it takes them in, has no queue, no intent, no manifest and no receipt, and returns the seconds it needed.
 */
export interface ReadyPoints {
	readonly tenant: string;
	readonly docId: string;
	readonly fields: DocFields;
	readonly points: readonly NewPoint[];
}

export function readyPoints(documents: readonly ReadyDocument[]): ReadyPoints[] {
	const tenant = 'peer';
	return documents.map(({ name, sha256, chunks }) => {
		const ids = pointIds(tenant, name, chunks);
		const orders = assignOrder([], ids);
		return {
			tenant,
			docId: name,
			fields: docFields({ path: name, title: name, contentSha256: sha256, version: 2 ** 32 + 1 }),
			points: chunks.map(({ text, heading, page, terms, vector }, at) => {
				const id = ids[at] ?? '';
				return { id, vector, terms, content: text, heading, page, order: orders.get(id) ?? '' };
			}),
		};
	});
}

const payloadOf = (document: ReadyPoints, point: NewPoint) =>
	JSON.parse(newPayloads(document)(point)) as { content: string; metadata: object };

/** The official client in a bare loop: the same points in requests of the same size, `inFlight` at a time. */
export function bareClient(
	url: string,
	collection: string,
	ready: readonly ReadyPoints[],
	perRequest: number,
) {
	const client = new QdrantClient({ url, checkCompatibility: false });
	const points: Schemas['PointStruct'][] = ready.flatMap((document) =>
		document.points.map((point) => ({
			id: point.id,
			vector: {
				'': Array.from(point.vector),
				bm25: documentVector(point.terms) ?? { indices: [], values: [] },
			},
			payload: payloadOf(document, point),
		})),
	);
	const batches = Array.from({ length: Math.ceil(points.length / perRequest) }, (_, at) =>
		points.slice(at * perRequest, (at + 1) * perRequest),
	);
	return async (inFlight: number): Promise<number> => {
		const start = performance.now();
		const left = batches.values();
		await Promise.all(
			Array.from({ length: inFlight }, async () => {
				for (const batch of left) await client.upsert(collection, { wait: true, points: batch });
			}),
		);
		return (performance.now() - start) / 1000;
	};
}

/** LangChain as its users have it: one document after the other, its chunks in one call. */
export function langChain(
	{ QdrantVectorStore, Document, embeddings }: LangChain,
	url: string,
	collection: string,
	ready: readonly ReadyPoints[],
) {
	const vectors = new Map(
		ready.flatMap(({ points }) =>
			points.map(({ content, vector }) => [content, Array.from(vector)] as const),
		),
	);
	const known = embeddings((text) => vectors.get(text) ?? []);
	const store = new QdrantVectorStore(known, { url, collectionName: collection });
	const documents = ready.map((document) =>
		document.points.map((point) => {
			const { content, metadata } = payloadOf(document, point);
			return new Document({ id: point.id, pageContent: content, metadata });
		}),
	);
	return async (): Promise<number> => {
		const start = performance.now();
		for (const chunks of documents) await store.addDocuments(chunks);
		return (performance.now() - start) / 1000;
	};
}

/**
 * A bulk insert into the same tables, as a good programmer would write it: one process, prepared statements,
 * 500 rows a transaction, one sync each; vectors to eight bits by one multiplication.
 */
export async function bareInsert(bench: Bench, ready: readonly ReadyPoints[], rowsATransaction: number) {
	const file = join(await bench.temp(), 'bare.db');
	const db: DatabaseSync = openForWriting(
		{ file, library: vecLibrary() },
		{ dimensions, fingerprint: null, replaceable: [] },
	);
	bench.onEnd(() => db.close());
	const addTenant = db.prepare('INSERT INTO tenants(name) VALUES(?)');
	const addDoc = db.prepare('INSERT INTO docs(tenant, doc_id, superseded, fields) VALUES(?, ?, 0, ?)');
	const addPoint = db.prepare(
		`INSERT INTO points(id, tenant, doc, embedded, sort_key, page, heading, content) VALUES(?, ?, ?, 1, ?, ?, ?, ?)`,
	);
	const addVector = db.prepare('INSERT INTO vectors(rowid, tenant, vector) VALUES(?, ?, vec_int8(?))');
	const addText = db.prepare('INSERT INTO texts(rowid, terms) VALUES(?, ?)');
	let round = 0;
	return (): number => {
		const start = performance.now();
		round += 1;
		db.exec('BEGIN');
		const tenant = Number(addTenant.run(`round-${round}`).lastInsertRowid);
		let rows: { readonly row: bigint; readonly point: NewPoint }[] = [];
		const close = () => {
			for (const { row, point } of rows) addVector.run(row, BigInt(tenant), toEightBits(point.vector));
			for (const { row, point } of rows) {
				addText.run(row, `${tenant}_${point.terms.replaceAll(' ', ` ${tenant}_`)}`);
			}
			rows = [];
			db.exec('COMMIT');
		};
		for (const { docId, fields, points } of ready) {
			const doc = Number(addDoc.run(tenant, docId, JSON.stringify(fields)).lastInsertRowid);
			for (const point of points) {
				const id = Buffer.from(point.id.replaceAll('-', ''), 'hex');
				const { order, page, heading, content } = point;
				const added = addPoint.run(id, tenant, doc, order, page, heading, content);
				rows.push({ row: BigInt(added.lastInsertRowid), point });
				if (rows.length < rowsATransaction) continue;
				close();
				db.exec('BEGIN');
			}
		}
		close();
		return (performance.now() - start) / 1000;
	};
}

function toEightBits(vector: Float32Array): Int8Array {
	const bytes = new Int8Array(vector.length);
	for (let at = 0; at < vector.length; at += 1) bytes[at] = Math.round((vector[at] ?? 0) * 127);
	return bytes;
}

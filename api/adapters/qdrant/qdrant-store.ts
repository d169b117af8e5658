/**
 * The vector store on a Qdrant server (1.16 or later): one collection, tenants apart by payload index and by
 * a tenant condition in every filter. The composition root builds it; the breaker stands outside of it.
 *
 * What Qdrant promises of a write with `wait=true`: it is in the write-ahead log and visible. The log is
 * flushed to the disk within 5 s (its default), so a power cut may lose what was acknowledged last.
 *
 * A write that was given up may still be applied by Qdrant later (qdrant-transport.ts). Sending it again is safe.
 */
import type { Schemas } from '@qdrant/js-client-rest';
import { DocDropError } from '../../errors.ts';
import { slices } from '../../domain/index.ts';
import type { Clock, VectorStore } from '../../ports/index.ts';
import { createRequestBudget } from './request-budget.ts';
import { knowsPrefix, type MetadataKind, openCollection, type QdrantInfo } from './collection.ts';
import { asksForPrefix } from './filter-conditions.ts';
import { createInFlight } from './in-flight.ts';
import {
	countTenants,
	readContents,
	readDocuments,
	readMarks,
	readVectors,
	scanPoints,
	searchPoints,
	type SendRead,
} from './points-read.ts';
import { type PointWriter, upsertAll, write } from './points-write.ts';
import { idFilter, idsPerFilter, payloadBodies, tenantFilter, upsertBodies } from './write-plan.ts';
import { createQdrantTransport, parseEndpoint } from './qdrant-transport.ts';

export interface QdrantOptions {
	/** `http://host:6333`; a path before Qdrant's own is kept, a missing port is 6333. */
	readonly url: string;
	readonly apiKey?: string;
	readonly collection: string;
	readonly dimensions: number;
	/** Kept with a new collection and compared at every `open`. */
	readonly modelFingerprint?: string;
	/** Names of metadata that get an index for filters, and what their values are. */
	readonly indexedMetadata?: ReadonlyMap<string, MetadataKind>;
	readonly clock: Clock;
	/** Of one request, ms. */
	readonly timeoutMs?: number;
	/** Writes on their way at a time, at most; Qdrant's advice is 2 to 4, and how many it takes is found out. */
	readonly writesInFlight?: number;
	/** Kept alive and used by everything; requests beyond them wait. */
	readonly connections?: number;
	readonly maxPointsPerRequest?: number;
	readonly maxBytesPerRequest?: number;
}

export interface QdrantStore extends VectorStore {
	readonly kind: 'qdrant';
	/** What `open` learned of the server; null before. */
	info(): QdrantInfo | null;
	/** Names of the server's collections, as far as the key may see them. */
	collections(): Promise<string[]>;
}

export function createQdrantStore(options: QdrantOptions): QdrantStore {
	const { collection, dimensions, clock, timeoutMs = 15_000, apiKey, connections = 8 } = options;
	const endpoint = parseEndpoint(options.url);
	const limits = {
		maxPoints: options.maxPointsPerRequest ?? 256,
		maxBytes: options.maxBytesPerRequest ?? 4 * 1024 * 1024,
	};
	const budget = createRequestBudget(limits);
	const transport = createQdrantTransport({ endpoint, apiKey, clock, timeoutMs, connections });
	const inFlight = createInFlight(options.writesInFlight ?? 4, clock);
	const root = `/collections/${encodeURIComponent(collection)}`;
	let info: QdrantInfo | null = null;

	const writer: PointWriter = { transport, inFlight, path: `${root}/points` };
	const read: SendRead = (path, body) =>
		transport.send({ method: 'POST', path: root + path, body: JSON.stringify(body) });

	return {
		kind: 'qdrant',
		info: () => info,
		async collections() {
			const sent = { method: 'GET', path: '/collections' } as const;
			const found = await transport.send<Schemas['CollectionsResponse']>(sent);
			return found.collections.map(({ name }) => name);
		},
		async open() {
			info = await openCollection({ ...options, endpoint, timeoutMs });
		},
		async put(writes, signal) {
			signal?.throwIfAborted();
			for (const point of writes.flatMap((each) => each.points)) checkVector(point.vector, dimensions);
			const points = writes.reduce((sum, each) => sum + each.points.length, 0);
			await budget.spend(points, (present) => upsertAll(writer, upsertBodies(writes, present), signal));
			const changes = writes.reduce((sum, each) => sum + each.kept.length + each.reordered.length, 0);
			await budget.spend(changes, async (present) => {
				for (const { body, operations } of payloadBodies(writes, present))
					await write(writer, 'POST', '/batch', body, signal, operations);
			});
		},
		async remove(tenant, ids, signal) {
			await budget.spend(ids.length, async ({ maxPoints }) => {
				// A removal costs as much as it names points; far more of them fit into a request than whole points do.
				const share = Math.ceil((idsPerFilter * maxPoints) / limits.maxPoints);
				for (const some of slices(ids, share))
					await write(writer, 'POST', '/delete', JSON.stringify({ filter: idFilter(some, tenant) }), signal);
			});
		},
		vectors: (tenant, ids) => readVectors(read, tenant, ids, limits.maxPoints),
		async search(query) {
			const version = info?.version ?? null;
			if (query.filter !== undefined && asksForPrefix(query.filter) && !knowsPrefix(version)) {
				const message = `a filter by the beginning of a text needs Qdrant 1.19 or later, it is ${version}`;
				throw new DocDropError('index_rejected', message, { field: 'filter' });
			}
			return searchPoints(read, query);
		},
		scan: (tenant, docId) => scanPoints(read, tenant, docId),
		points: (request) => readMarks(read, request),
		contents: (request) => readContents(read, request),
		documents: (request) => readDocuments(read, request),
		counts: async (tenants) => (tenants.length === 0 ? new Map() : countTenants(read, tenants)),
		async count(tenant) {
			const filter = tenantFilter(tenant);
			return (await read<Schemas['CountResult']>('/points/count', { ...(filter && { filter }), exact: true }))
				.count;
		},
		async ping(signal) {
			const sent = { method: 'GET', path: `${root}/exists`, signal } as const;
			const found = await transport.send<Schemas['CollectionExistence']>(sent);
			if (!found.exists)
				throw new DocDropError('index_unavailable', 'the collection does not exist any more');
		},
		async close() {
			transport.close();
		},
	};
}

function checkVector(vector: Float32Array, dimensions: number): void {
	if (vector.length !== dimensions) {
		const found = `a vector of ${vector.length} numbers`;
		throw new DocDropError('index_rejected', `the vector index takes ${dimensions} dimensions, got ${found}`);
	}
	// Numbers of 32 bits cannot overflow a sum of 64: it is finite exactly if all of them are.
	let sum = 0;
	for (let at = 0; at < vector.length; at += 1) sum += vector[at] as number;
	if (!Number.isFinite(sum))
		throw new DocDropError('index_rejected', 'a vector holds a number that is not finite');
}

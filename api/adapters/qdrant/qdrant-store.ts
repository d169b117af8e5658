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
import type { Clock } from '../../ports/time.ts';
import type { Hit, VectorStore } from '../../ports/vector-store.ts';
import { round } from './body.ts';
import { createRequestBudget } from './request-budget.ts';
import { openCollection, type QdrantInfo } from './collection.ts';
import { createInFlight } from './in-flight.ts';
import { storedPoint } from './payload.ts';
import {
	idFilter,
	idsPerFilter,
	payloadBodies,
	sparseName,
	tenantFilter,
	upsertBodies,
	type UpsertBody,
} from './write-plan.ts';
import { queryVector } from './sparse.ts';
import { createQdrantTransport, parseEndpoint } from './qdrant-transport.ts';

export interface QdrantOptions {
	/** `http://host:6333`; a path before Qdrant's own is kept, a missing port is 6333. */
	readonly url: string;
	readonly apiKey?: string;
	readonly collection: string;
	readonly dimensions: number;
	/** Kept with a new collection and compared at every `open`. */
	readonly modelFingerprint?: string;
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

const scanPage = 512;
/** Of one search; servers in strict mode may refuse more. Equal scores beyond it come in Qdrant's order. */
const largestLimit = 1_000;

type Search = Pick<Schemas['QueryRequest'], 'query' | 'using' | 'filter'>;

export function createQdrantStore(options: QdrantOptions): QdrantStore {
	const {
		collection,
		dimensions,
		modelFingerprint,
		clock,
		timeoutMs = 15_000,
		apiKey,
		connections = 8,
	} = options;
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

	const read = <T>(path: string, body: object, signal?: AbortSignal) =>
		transport.send<T>({ method: 'POST', path: `${root}/points${path}`, body: JSON.stringify(body), signal });

	async function write(
		method: 'POST' | 'PUT',
		path: string,
		body: string | Buffer,
		signal?: AbortSignal,
		expected = 1,
	) {
		const sent = { method, path: `${root}/points${path}?wait=true`, body, signal };
		await inFlight.run(async () => {
			const result = await transport.send<Schemas['UpdateResult'] | Schemas['UpdateResult'][]>(sent);
			const results = Array.isArray(result) ? result : [result];
			// `acknowledged` and `wait_timeout` are answers of 200 as well, for a write that nobody can see yet.
			const pending = results.find((each) => each?.status !== 'completed');
			if (pending === undefined && results.length === expected) return;
			const status = pending?.status ?? 'incomplete';
			throw new DocDropError('index_unavailable', `the vector index has not completed a write (${status})`);
		}, signal);
	}

	/** Never settles with one of its requests on its way: a straggler could undo what the caller does next. */
	async function upsertAll(bodies: AsyncIterable<UpsertBody>, signal?: AbortSignal) {
		const running = new Set<Promise<void>>();
		const failures: unknown[] = [];
		try {
			for await (const { body } of bodies) {
				const sent = write('PUT', '', body, signal)
					.catch((error: unknown) => void failures.push(error))
					.finally(() => running.delete(sent));
				running.add(sent);
				// No more are made ready than may be sent: each is some MB.
				if (running.size >= inFlight.allowed()) await Promise.race(running);
				if (failures.length > 0) break;
			}
		} finally {
			await Promise.all(running);
		}
		if (failures.length > 0) throw failures[0];
	}

	async function ask(searches: readonly Search[], limit: number): Promise<Hit[][]> {
		const request = { searches: searches.map((search) => ({ ...search, limit, with_payload: true })) };
		return (await read<Schemas['QueryResponse'][]>('/query/batch', request)).map((answer) =>
			ranked(answer.points),
		);
	}

	/**
	 * Qdrant leaves open which of several equal scores it returns where its limit cuts through them. One hit more
	 * than asked for shows whether it did; then the search is repeated, wider, until all of them are there.
	 */
	async function settleTies(search: Search, first: Hit[], limit: number): Promise<Hit[]> {
		let hits = first;
		for (let wide = hits.length; wide > limit && hits.length === wide && wide < largestLimit;) {
			if (hits.at(-1)?.score !== hits[limit - 1]?.score) break;
			wide = Math.min(wide * 4, largestLimit);
			hits = (await ask([search], wide))[0] ?? [];
		}
		return hits.slice(0, limit);
	}

	return {
		kind: 'qdrant',
		info: () => info,
		async collections() {
			const found = await transport.send<Schemas['CollectionsResponse']>({
				method: 'GET',
				path: '/collections',
			});
			return found.collections.map(({ name }) => name);
		},
		async open() {
			info = await openCollection({
				endpoint,
				apiKey,
				collection,
				dimensions,
				modelFingerprint,
				timeoutMs,
				clock,
			});
		},
		async put(writes, signal) {
			signal?.throwIfAborted();
			for (const point of writes.flatMap((each) => each.points)) checkVector(point.vector, dimensions);
			const points = writes.reduce((sum, each) => sum + each.points.length, 0);
			await budget.spend(points, (present) => upsertAll(upsertBodies(writes, present), signal));
			const changes = writes.reduce((sum, each) => sum + each.kept.length + each.reordered.length, 0);
			await budget.spend(changes, async (present) => {
				for (const { body, operations } of payloadBodies(writes, present))
					await write('POST', '/batch', body, signal, operations);
			});
		},
		async remove(tenant, ids, signal) {
			await budget.spend(ids.length, async ({ maxPoints }) => {
				// A removal costs as much as it names points; far more of them fit into a request than whole points do.
				const share = Math.ceil((idsPerFilter * maxPoints) / limits.maxPoints);
				for (const some of slices(ids, share))
					await write('POST', '/delete', JSON.stringify({ filter: idFilter(some, tenant) }), signal);
			});
		},
		async vectors(tenant, ids) {
			const found = new Map<string, Float32Array>();
			for (const some of slices(ids, limits.maxPoints)) {
				const request = {
					filter: idFilter(some, tenant),
					limit: some.length,
					with_payload: false,
					with_vector: [''],
				} satisfies Schemas['ScrollRequest'];
				const { points } = await read<Schemas['ScrollResult']>('/scroll', request);
				for (const { id, vector } of points) {
					// Alone it comes bare, beside another vector under its name.
					const dense = Array.isArray(vector) ? vector : (vector as Record<string, unknown> | null)?.[''];
					if (Array.isArray(dense)) found.set(String(id), Float32Array.from(dense as number[]));
				}
			}
			return found;
		},
		async search({ tenant, vector, terms, docId, limit }) {
			const filter = tenantFilter(tenant, docId);
			const sparse = queryVector(terms);
			const searches: Search[] = [];
			if (vector !== null) searches.push({ query: Array.from(vector, round), ...(filter && { filter }) });
			if (sparse !== null) searches.push({ query: sparse, using: sparseName, ...(filter && { filter }) });
			if (searches.length === 0) return { dense: [], sparse: [] };
			const lists = await ask(searches, Math.min(limit + 1, largestLimit));
			for (const [at, search] of searches.entries())
				lists[at] = await settleTies(search, lists[at] ?? [], limit);
			return {
				dense: (vector === null ? undefined : lists[0]) ?? [],
				sparse: (sparse === null ? undefined : lists.at(-1)) ?? [],
			};
		},
		async *scan(tenant, docId) {
			const filter = tenantFilter(tenant, docId);
			let offset: Schemas['ScrollResult']['next_page_offset'];
			do {
				const request = {
					...(filter && { filter }),
					...(offset !== undefined && { offset }),
					limit: scanPage,
					with_payload: true,
					with_vector: false,
				};
				const page = await read<Schemas['ScrollResult']>('/scroll', request);
				for (const { id, payload } of page.points) yield storedPoint(id, payload);
				offset = page.next_page_offset ?? undefined;
			} while (offset !== undefined);
		},
		async count(tenant) {
			const filter = tenantFilter(tenant);
			return (await read<Schemas['CountResult']>('/count', { ...(filter && { filter }), exact: true })).count;
		},
		async ping(signal) {
			const found = await transport.send<Schemas['CollectionExistence']>({
				method: 'GET',
				path: `${root}/exists`,
				signal,
			});
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

/** Best first, equal scores by id. */
function ranked(points: readonly Schemas['ScoredPoint'][]): Hit[] {
	return points
		.map(({ id, payload, score }) => ({ ...storedPoint(id, payload), score }))
		.sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
}

/**
 * The embedded vector store: one SQLite file with sqlite-vec (dense, exact, eight bits a number) and FTS5
 * (full text). Writes have a thread and reads have several, so that a bulk write delays no search and neither delays
 * the event loop; one more has the vectors in memory, so that both halves of a search are at work at once. Only the composition root (api/app/) builds it.
 */
import { basename, join } from 'node:path';
import { DocDropError, isDocDropError } from '../../errors.ts';
import type { DocWrite, Hit, StoredPoint, VectorStore } from '../../ports/index.ts';
import { copyFrozen } from '../sqlite/index.ts';
import { createIndexThreads, idlest, type Threads } from './index-threads.ts';
import { dequantize } from './quantize.ts';
import { MAX_ROWS, splitIds, splitWrites } from './split.ts';
import { checkId, checkVector, toWire } from './to-wire.ts';
import type { WireHits, WirePut, WireVectorQuery } from './index-messages.ts';

export interface SqliteVecOptions {
	/** Absolute path; its folder exists. SQLite puts two files more beside it while it is open. */
	readonly file: string;
	/** 1 to 8,192. */
	readonly dimensions: number;
	/** The embedder's; an index that holds points of another one rejects `open` with `index_mismatch`. */
	readonly fingerprint?: string;
	/** How fingerprints begin of which an index is replaced by an empty one instead; none by default. */
	readonly replaceable?: readonly string[];
	/** Threads that read it; 1 by default. */
	readonly readers?: number;
	/** Of vectors in memory, where searches go through them ten times as fast as in the file; 0: none. 64 MB by default. */
	readonly vectorBytes?: number;
}

const PAGE = 200;

/**
 * A put of up to 512 points is one transaction; a larger one is several. Besides the port's errors, `open`
 * rejects with store_locked, store_newer, store_corrupt or config_invalid (no library for this platform).
 */
export function createSqliteVecStore(options: SqliteVecOptions): VectorStore {
	const { file, dimensions, fingerprint = null, replaceable = [] } = options;
	const { readers = 1, vectorBytes = 67_108_864 } = options;
	const shape = { dimensions, fingerprint, replaceable };
	const threads = createIndexThreads(file, shape, { readers, vectorBytes });
	/** The first pieces of puts that are still to come. */
	const packed = new WeakMap<readonly DocWrite[], WirePut>();

	async function run<T>(work: (threads: Threads) => Promise<T>): Promise<T> {
		try {
			if (!threads.isOpen()) throw new DocDropError('index_unavailable', 'the vector index is not open');
			return await work(await threads.running());
		} catch (error) {
			throw atRunTime(error);
		}
	}

	return {
		kind: 'sqlite-vec',
		open: async () => {
			try {
				await threads.running();
			} catch (error) {
				throw isDocDropError(error) && error.code === 'store_unavailable' ? unavailable(error) : error;
			}
		},
		pack(writes) {
			const [first] = splitWrites(writes, MAX_ROWS);
			if (first === undefined || first.length === 0) return;
			try {
				packed.set(writes, toWire(first, dimensions));
			} catch {
				// The put meets it again, and rejects.
			}
		},
		put: (writes, signal) =>
			run(async ({ writer }) => {
				const first = packed.get(writes);
				packed.delete(writes);
				await putPieces(writer, writes, { first, dimensions, signal });
			}),
		remove: (tenant, ids, signal) =>
			run(async ({ writer }) => {
				ids.forEach(checkId);
				for (const piece of splitIds(ids, MAX_ROWS)) {
					signal?.throwIfAborted();
					await writer.call('remove', tenant, piece);
				}
			}),
		vectors: (tenant, ids) =>
			run(async (running) => {
				ids.forEach(checkId);
				const found = await idlest(running).call('vectors', tenant, ids);
				return new Map(
					found.ids.map((id, index) => [
						id,
						dequantize(found.vectors.subarray(index * dimensions, (index + 1) * dimensions)),
					]),
				);
			}),
		search: ({ tenant, vector, limit, docId = null, filter = null, ...words }) =>
			run(async (running) => {
				if (vector !== null) checkVector(vector, dimensions);
				const scope = { tenant, docId, filter, limit };
				const { terms, phrases = [], without = [], beginning = null } = words;
				const [dense, sparse] = await Promise.all([
					vector === null ? nothing : byVector(running, { ...scope, vector: vector.slice() }),
					terms.length === 0
						? nothing
						: idlest(running).call('byWords', { ...scope, terms, phrases, without, beginning }),
				]);
				return { dense: toHits(dense), sparse: toHits(sparse) };
			}),
		async *scan(tenant, docId) {
			let page: StoredPoint[];
			let after: { id: string; tenant: string } | null = null;
			do {
				page = await run((running) =>
					idlest(running).call('page', { tenant, docId: docId ?? null, after, size: PAGE }),
				);
				yield* page;
				const last = page.at(-1);
				after = last === undefined ? null : { id: last.id, tenant: last.tenant };
			} while (page.length === PAGE);
		},
		points: (request) => run((running) => idlest(running).call('points', request)),
		contents: ({ tenant, docId, from, limit }) =>
			run(async (running) => {
				const after = from === null ? null : { id: from, tenant };
				const items = await idlest(running).call('page', { tenant, docId, after, size: limit });
				return { items, next: items.length < limit ? null : (items.at(-1)?.id ?? null) };
			}),
		documents: (request) => run((running) => idlest(running).call('documents', request)),
		counts: (tenants) =>
			run(async (running) => {
				const counts = await idlest(running).call('counts', tenants);
				return new Map(tenants.map((tenant, at) => [tenant, counts[at] ?? 0]));
			}),
		count: (tenant) =>
			run(async (running) => {
				if (tenant === null) return idlest(running).call('countAll');
				const [count = 0] = await idlest(running).call('counts', [tenant]);
				return count;
			}),
		backup: (to) =>
			run(({ writer }) =>
				copyFrozen(file, join(to, basename(file)), {
					freeze: () => writer.call('freeze'),
					thaw: () => writer.call('thaw'),
				}),
			),
		ping: (signal) =>
			run((running) => {
				signal?.throwIfAborted();
				return idlest(running).call('ping');
			}),
		close: threads.close,
	};
}

const nothing: WireHits = { points: [], scores: [] };

/** In memory, and where there is no room for the tenant, in the file. */
async function byVector(threads: Threads, query: WireVectorQuery): Promise<WireHits> {
	return (await threads.vectors?.call('byVector', query)) ?? idlest(threads).call('byVector', query);
}

async function putPieces(
	writer: Threads['writer'],
	writes: readonly DocWrite[],
	options: {
		/** Where it was packed ahead. */
		readonly first: WirePut | undefined;
		readonly dimensions: number;
		readonly signal: AbortSignal | undefined;
	},
): Promise<void> {
	let { first } = options;
	// The next piece is made ready while the writer works on the one before.
	let before: Promise<void> = Promise.resolve();
	try {
		for (const piece of splitWrites(writes, MAX_ROWS)) {
			options.signal?.throwIfAborted();
			if (piece.length === 0) continue;
			const sent = writer.call('put', first ?? toWire(piece, options.dimensions));
			first = undefined;
			// Its failure is met below, in its order.
			sent.catch(() => {});
			const earlier = before;
			before = sent;
			await earlier;
		}
	} finally {
		// Never settles with a piece on its way: a straggler could undo what the caller does next.
		await before;
	}
}

/**
 * What stops a start does not stop a running process: there the index is away for now, changes wait, and the
 * operator finds the cause in the log.
 */
function atRunTime(error: unknown): unknown {
	if (!isDocDropError(error)) return error;
	switch (error.code) {
		case 'store_unavailable':
		case 'store_locked':
		case 'store_corrupt':
			return unavailable(error);
		default:
			return error;
	}
}

function unavailable(cause: unknown): DocDropError {
	return new DocDropError('index_unavailable', 'the vector index does not answer', { cause });
}

function toHits({ points, scores }: WireHits): Hit[] {
	return points.map((point, index) => ({ ...point, score: scores[index] as number }));
}

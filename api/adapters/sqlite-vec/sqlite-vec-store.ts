/**
 * The embedded vector store: one SQLite file with sqlite-vec (dense, exact, eight bits a number) and FTS5
 * (full text). Writes and reads each have a thread, so that a bulk write delays no search and neither delays
 * the event loop. Only app.ts builds it.
 */
import { DocDropError, isDocDropError } from '../../errors.ts';
import type { DocWrite, Hit, StoredPoint, VectorStore } from '../../ports/vector-store.ts';
import { createIndexThreads, type Threads } from './index-threads.ts';
import { isUuid } from './point-rows.ts';
import { packTexts } from './packed-texts.ts';
import { dequantize, quantize } from './quantize.ts';
import { MAX_ROWS, splitIds, splitWrites } from './split.ts';
import type { WireHits, WirePut } from './index-messages.ts';

export interface SqliteVecOptions {
	/** Absolute path; its folder exists. SQLite puts two files more beside it while it is open. */
	readonly file: string;
	/** 1 to 8,192. */
	readonly dimensions: number;
	/** The embedder's; an index that holds points of another one rejects `open` with `index_mismatch`. */
	readonly fingerprint?: string;
}

const PAGE = 200;

/**
 * A put of up to 512 points is one transaction; a larger one is several. Besides the port's errors, `open`
 * rejects with store_locked, store_newer, store_corrupt or config_invalid (no library for this platform).
 */
export function createSqliteVecStore(options: SqliteVecOptions): VectorStore {
	const { file, dimensions, fingerprint = null } = options;
	const threads = createIndexThreads(file, { dimensions, fingerprint });
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
				// The next piece is made ready while the writer works on the one before.
				let before: Promise<void> = Promise.resolve();
				try {
					let ahead = packed.get(writes);
					packed.delete(writes);
					for (const piece of splitWrites(writes, MAX_ROWS)) {
						signal?.throwIfAborted();
						if (piece.length === 0) continue;
						const sent = writer.call('put', ahead ?? toWire(piece, dimensions));
						ahead = undefined;
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
			run(async ({ reader }) => {
				ids.forEach(checkId);
				const found = await reader.call('vectors', tenant, ids);
				return new Map(
					found.ids.map((id, index) => [
						id,
						dequantize(found.vectors.subarray(index * dimensions, (index + 1) * dimensions)),
					]),
				);
			}),
		search: ({ tenant, vector, terms, docId, limit }) =>
			run(async ({ reader }) => {
				if (vector !== null) checkVector(vector, dimensions);
				const query = { tenant, vector: vector?.slice() ?? null, terms, docId: docId ?? null, limit };
				const { dense, sparse } = await reader.call('search', query);
				return { dense: toHits(dense), sparse: toHits(sparse) };
			}),
		async *scan(tenant, docId) {
			let page: StoredPoint[];
			let after: { id: string; tenant: string } | null = null;
			do {
				page = await run(({ reader }) =>
					reader.call('page', { tenant, docId: docId ?? null, after, size: PAGE }),
				);
				yield* page;
				const last = page.at(-1);
				after = last === undefined ? null : { id: last.id, tenant: last.tenant };
			} while (page.length === PAGE);
		},
		count: (tenant) => run(({ reader }) => reader.call('count', tenant)),
		ping: (signal) =>
			run(({ reader }) => {
				signal?.throwIfAborted();
				return reader.call('ping');
			}),
		close: threads.close,
	};
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

function toWire(writes: readonly DocWrite[], dimensions: number): WirePut {
	const [first] = writes;
	const points = writes.flatMap((write) => write.points);
	// The vectors may be views of large buffers, which cloning would copy whole: here they get one of their own.
	const vectors = new Int8Array(points.length * dimensions);
	points.forEach((point, index) => {
		checkId(point.id);
		checkVector(point.vector, dimensions);
		quantize(point.vector, vectors, index * dimensions);
	});
	return {
		tenant: first?.tenant ?? '',
		vectors,
		texts: packTexts(points),
		writes: writes.map(({ tenant, docId, fields, points, kept, reordered }) => {
			if (tenant !== first?.tenant) throw rejected('one put holds writes of two tenants');
			kept.forEach(checkId);
			return {
				docId,
				fields: JSON.stringify(fields),
				points: points.map(({ id, heading, page, order }) => ({
					id: id.toLowerCase(),
					heading,
					page,
					order,
				})),
				kept: kept.map((id) => id.toLowerCase()),
				reordered: reordered.map(({ id, order }) => ({ id: id.toLowerCase(), order })),
			};
		}),
	};
}

function toHits({ points, scores }: WireHits): Hit[] {
	return points.map((point, index) => ({ ...point, score: scores[index] as number }));
}

function checkId(id: string): void {
	if (!isUuid(id)) throw rejected('a point id is not a UUID');
}

function checkVector(vector: Float32Array, dimensions: number): void {
	if (vector.length !== dimensions) {
		throw rejected(`a vector has ${vector.length} dimensions, the index ${dimensions}`);
	}
	// Numbers of 32 bits cannot overflow a sum of 64: it is finite exactly if all of them are.
	let sum = 0;
	for (let i = 0; i < vector.length; i += 1) sum += vector[i] as number;
	if (!Number.isFinite(sum)) throw rejected('a vector holds a number that is not finite');
}

function rejected(reason: string): DocDropError {
	return new DocDropError('index_rejected', `the vector index refused: ${reason}`);
}

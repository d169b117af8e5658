/**
 * One vector store made of several: a document lives in the shard that its docId names (domain/shard.ts).
 * Shards are written by lanes of their own and searched at the same time. Only the composition root (api/app/) builds it.
 *
 * What a search finds is what one store would find: the dense list is the same, number by number. Scores of the
 * sparse list come from statistics of each shard (how rare a term is, how long a chunk is in the mean), so that
 * chunks of nearly the same score may change places, and where the list is cut, be cut. Points are removed by
 * id, which does not tell the shard: all of them are asked.
 */
import { shardOf } from '../../domain/index.ts';
import type { DocWrite, Hit, StoredPoint, VectorStore } from '../../ports/index.ts';

export function createShardedStore(deps: {
	readonly shards: readonly VectorStore[];
	/** Rejects where the index was made with another number of shards. */
	readonly checkShards: () => Promise<void>;
}): VectorStore {
	const { shards, checkShards } = deps;
	const [first] = shards;
	if (first === undefined) throw new Error('an index has at least one shard');
	const home = (docId: string) => shards[shardOf(docId, shards.length)] as VectorStore;

	/** By shard. A lane's writes have one, as lanes go by shard. */
	const partsOf = (writes: readonly DocWrite[]) => Map.groupBy(writes, ({ docId }) => home(docId));

	/** Never settles with one of them on its way: a straggler could undo what the caller does next. */
	async function all<T>(run: (shard: VectorStore) => Promise<T>): Promise<T[]> {
		const results = await Promise.allSettled(shards.map(run));
		return results.map((result) => {
			if (result.status === 'rejected') throw result.reason;
			return result.value;
		});
	}

	const backup = async (to: string) => void (await all(async (shard) => shard.backup?.(to)));
	return {
		...(first.backup !== undefined && { backup }),
		kind: first.kind,
		async open() {
			await checkShards();
			await all((shard) => shard.open());
		},
		pack(writes) {
			const [only, ...more] = partsOf(writes).keys();
			if (more.length === 0) only?.pack?.(writes);
		},
		async put(writes, signal) {
			const parts = partsOf(writes);
			await all(async (shard) => {
				const part = parts.get(shard);
				// What was packed ahead is known by its array.
				if (part !== undefined) await shard.put(parts.size === 1 ? writes : part, signal);
			});
		},
		async remove(tenant, ids, signal) {
			await all((shard) => shard.remove(tenant, ids, signal));
		},
		async vectors(tenant, ids) {
			return new Map((await all((shard) => shard.vectors(tenant, ids))).flatMap((found) => [...found]));
		},
		async search(query) {
			if (query.docId !== undefined) return home(query.docId).search(query);
			const found = await all((shard) => shard.search(query));
			const best = (lists: readonly Hit[][]) =>
				lists
					.flat()
					.sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
					.slice(0, query.limit);
			return {
				dense: best(found.map(({ dense }) => dense)),
				sparse: best(found.map(({ sparse }) => sparse)),
			};
		},
		scan: (tenant, docId) =>
			docId === undefined
				? merged(shards.map((shard) => shard.scan(tenant)))
				: home(docId).scan(tenant, docId),
		points: (request) => home(request.docId).points(request),
		contents: (request) => home(request.docId).contents(request),
		async documents({ from, ...request }) {
			const [, number = '0', inner = ''] = /^(\d+):(.*)$/s.exec(from ?? '') ?? [];
			const at = Number(number);
			const shard = shards[at] ?? first;
			const { items, next } = await shard.documents({ ...request, from: inner === '' ? null : inner });
			if (next !== null) return { items, next: `${at}:${next}` };
			return { items, next: at + 1 < shards.length ? `${at + 1}:` : null };
		},
		async counts(tenants) {
			const found = await all((shard) => shard.counts(tenants));
			const sum = (tenant: string) => found.reduce((total, counts) => total + (counts.get(tenant) ?? 0), 0);
			return new Map(tenants.map((tenant) => [tenant, sum(tenant)]));
		},
		async count(tenant) {
			return (await all((shard) => shard.count(tenant))).reduce((sum, count) => sum + count, 0);
		},
		async ping(signal) {
			await all((shard) => shard.ping(signal));
		},
		async close() {
			await all((shard) => shard.close());
		},
	};
}

/** Sorted sequences as one. */
async function* merged(scans: readonly AsyncIterable<StoredPoint>[]): AsyncGenerator<StoredPoint> {
	const sources = scans.map((scan) => scan[Symbol.asyncIterator]());
	const heads = await Promise.all(sources.map((source) => source.next()));
	try {
		for (;;) {
			let least: number | null = null;
			for (const [at, head] of heads.entries()) {
				if (head.done === true) continue;
				const best = least === null ? undefined : heads[least];
				if (best === undefined || isBefore(head.value, best.value as StoredPoint)) least = at;
			}
			const source = least === null ? undefined : sources[least];
			if (least === null || source === undefined) return;
			yield heads[least]?.value as StoredPoint;
			heads[least] = await source.next();
		}
	} finally {
		for (const source of sources) await source.return?.();
	}
}

const isBefore = (a: StoredPoint, b: StoredPoint) => a.id < b.id || (a.id === b.id && a.tenant < b.tenant);

import { isDocDropError } from '../../errors.ts';
import type { VectorStore } from '../../ports/index.ts';

/**
 * The vector index as the pipeline sees it: opened at its first use, so that an index which is away at the start
 * keeps nobody from accepting, and opened anew where its collection is gone. `onConnected` is
 * called each time there is a reason to verify it: it was opened, or answers again after it did not.
 */
export function connectIndex(store: VectorStore, onConnected: () => void): VectorStore {
	let opening: Promise<void> | null = null;
	let isDoubted = false;

	const opened = () =>
		(opening ??= store.open().then(
			() => {
				isDoubted = true;
			},
			(error: unknown) => {
				opening = null;
				throw error;
			},
		));
	async function asked<T>(call: () => Promise<T>): Promise<T> {
		try {
			await opened();
			const answer = await call();
			if (isDoubted) {
				isDoubted = false;
				onConnected();
			}
			return answer;
		} catch (error) {
			if (isDocDropError(error) && error.code === 'index_unavailable') {
				isDoubted = true;
				// The collection is gone: the next call creates it again, and the index check fills it.
				if (error.peerStatus === 404) opening = null;
			}
			throw error;
		}
	}
	return {
		...store,
		put: (writes, signal) => asked(() => store.put(writes, signal)),
		remove: (tenant, ids, signal) => asked(() => store.remove(tenant, ids, signal)),
		vectors: (tenant, ids) => asked(() => store.vectors(tenant, ids)),
		search: (query) => asked(() => store.search(query)),
		async *scan(tenant, docId) {
			await opened();
			yield* store.scan(tenant, docId);
		},
		points: (request) => asked(() => store.points(request)),
		contents: (request) => asked(() => store.contents(request)),
		documents: (request) => asked(() => store.documents(request)),
		counts: (tenants) => asked(() => store.counts(tenants)),
		count: (tenant) => asked(() => store.count(tenant)),
		ping: (signal) => asked(() => store.ping(signal)),
	};
}

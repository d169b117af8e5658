/** What the start learns of the index and the embedder before the pipeline begins. Only app.ts calls this. */
import type { FastifyBaseLogger } from 'fastify';
import { isDocDropError } from '../errors.ts';
import { wasAway } from '../pipeline/faults/index.ts';
import type { Clock, DocStore, VectorStore } from '../ports/index.ts';

/** An index that is away must not keep the process from accepting: the start waits no longer for it. */
const indexPatienceMs = 2_000;

/** Whether the index opened in time. */
export async function awaitIndex(
	store: VectorStore,
	clock: Clock,
	logger: FastifyBaseLogger,
): Promise<boolean> {
	const checking = checkIndex(store, logger);
	// What it finds after the start is found again at the first use, and waited for there.
	checking.catch(() => {});
	// `after` and not `sleep`: what is left of it must not keep a command alive that has long had its answer.
	const patience = Promise.withResolvers<void>();
	clock.after(indexPatienceMs, patience.resolve);
	return Promise.race([checking, patience.promise.then(() => false)]);
}

/** Peers that the last process left as away, but an index that has just opened. */
export async function peersAway(docStore: DocStore, now: () => number, isIndexOpen: boolean) {
	return [
		...(!isIndexOpen && (await wasAway('index', docStore, now())) ? (['index'] as const) : []),
		...((await wasAway('embedder', docStore, now())) ? (['embedder'] as const) : []),
	];
}

/** A wrong index stops the start: waiting would not mend it. One that does not answer is waited for later. */
async function checkIndex(store: VectorStore, logger: FastifyBaseLogger): Promise<boolean> {
	try {
		await store.open();
		return true;
	} catch (error) {
		if (
			!isDocDropError(error) ||
			!['index_unavailable', 'index_throttled', 'index_forbidden'].includes(error.code)
		)
			throw error;
		logger.warn({ code: error.code }, 'the vector index does not answer; changes are accepted and wait');
		return false;
	}
}

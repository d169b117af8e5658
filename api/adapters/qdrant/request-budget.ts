import { isDocDropError } from '../../errors.ts';
import type { RequestLimits } from './write-plan.ts';

/**
 * Requests that cost more than the server's whole budget (strict mode: a rate limit, `upsert_max_batchsize`) or
 * that are larger than it takes are refused for ever, whatever they hold. They say nothing of a document, so they
 * are cut smaller here, below the pipeline, and the size that passes is kept for what follows. Used by qdrant-store.ts.
 */
export interface RequestBudget {
	/**
	 * Runs `work`, and again in requests of half the size for as long as they cost too much. `work` is idempotent;
	 * `items` is what it has to carry, points or operations.
	 */
	spend(items: number, work: (limits: RequestLimits) => Promise<void>): Promise<void>;
}

export function createRequestBudget(most: RequestLimits): RequestBudget {
	let limits = most;
	return {
		async spend(items, work) {
			for (;;) {
				const tried = Math.min(limits.maxPoints, items);
				try {
					return await work(limits);
				} catch (error) {
					if (!costsTooMuch(error) || tried <= 1) throw error;
					// Of several that are refused at the same time, each knows only of its own size.
					limits = { ...limits, maxPoints: Math.min(limits.maxPoints, tried >> 1) };
				}
			}
		},
	};
}

/** 429 and `index_rejected` stand together only where failures.ts has read that the request must be split. */
function costsTooMuch(error: unknown): boolean {
	if (!isDocDropError(error) || error.code !== 'index_rejected') return false;
	const { peerStatus, message } = error;
	return peerStatus === 429 || peerStatus === 413 || /upsert_max_batchsize|larger than allowed/.test(message);
}

/**
 * Texts of a caller to vectors, in the same fair queue as the texts of documents: a call of any size is many small
 * requests to the embedder, none of which runs into the time of one, and others get their turn between them. The time
 * of the call is its own, and says nothing of the embedder.
 */
import type { QueueKey } from '../../domain/index.ts';
import { DocDropError } from '../../errors.ts';
import type { Clock } from '../../ports/index.ts';
import type { Allotment, Caller } from '../admission/index.ts';
import type { Breaker } from '../faults/index.ts';

interface EmbeddingsDeps {
	readonly embed: (texts: readonly string[], key: QueueKey) => Promise<Float32Array[]>;
	readonly embedderBreaker: Breaker;
	/** Calls at a time. */
	readonly places: Allotment;
	/** Texts that are handed over at a time: what a caller who has given up is still paid for, at most. */
	readonly maxTexts: number;
	/** Longest time of one call. */
	readonly timeoutMs: number;
	readonly clock: Clock;
	readonly caller?: Caller;
}

export async function embeddings(
	texts: readonly string[],
	tenant: string,
	deps: EmbeddingsDeps,
): Promise<Float32Array[]> {
	const { places, clock, timeoutMs, caller } = deps;
	const leave = await places.take(tenant, 1, caller?.gone);
	const late = Promise.withResolvers<never>();
	const over = new AbortController();
	const cancel = clock.after(timeoutMs, () => {
		over.abort();
		late.reject(unavailable(`the embedder gave no answer to all texts within ${timeoutMs} ms`));
	});
	const work = inSlices(texts, tenant, over.signal, deps);
	void work
		.then(
			() => caller?.left,
			() => undefined,
		)
		.then(leave);
	try {
		return await Promise.race([work, late.promise]);
	} finally {
		cancel();
	}
}

const unavailable = (message: string, retryAfterMs?: number) =>
	new DocDropError('embedder_unavailable', message, retryAfterMs === undefined ? {} : { retryAfterMs });

async function inSlices(
	texts: readonly string[],
	tenant: string,
	over: AbortSignal,
	{ embed, embedderBreaker, maxTexts, clock, caller }: EmbeddingsDeps,
): Promise<Float32Array[]> {
	const vectors: Float32Array[] = [];
	for (let at = 0; at < texts.length; at += maxTexts) {
		if (over.aborted) return vectors;
		caller?.gone.throwIfAborted();
		// The queue waits for an embedder that is away; a caller is told so instead.
		const probeAt = embedderBreaker.nextProbeAt();
		if (probeAt !== null) {
			const afterMs = Math.max(1, Math.ceil(probeAt - clock.monotonic()));
			throw unavailable('the embedder does not answer; calls to it are paused', afterMs);
		}
		vectors.push(...(await embed(texts.slice(at, at + maxTexts), { tenant, class: 0 })));
	}
	return vectors;
}

/**
 * The first passages of an answer in the order of a reranker. Where it is away, slow, or refuses, they go out as they are,
 * and the answer says so: whoever searches is served all the same.
 *
 * Scores stay those of the fusion. A reranker's are of its own kind, and only some of the passages have one: a threshold
 * over both would mean nothing.
 */
import { embeddedText } from '../../chunking/index.ts';
import { isDocDropError } from '../../errors.ts';
import type { Hit, Reranker } from '../../ports/index.ts';
import type { Breaker } from '../faults/index.ts';

export interface Reranked {
	readonly hits: readonly Hit[];
	/** By point, those that it was asked about; null: none was put in order. */
	readonly scores: ReadonlyMap<string, number> | null;
	/** Why not. */
	readonly hint: string | null;
}

export async function rerank(
	question: string,
	hits: readonly Hit[],
	{
		reranker,
		breaker,
		gone,
	}: { readonly reranker: Reranker; readonly breaker: Breaker; readonly gone?: AbortSignal | undefined },
): Promise<Reranked> {
	const first = hits.slice(0, reranker.top);
	if (first.length === 0) return { hits, scores: new Map(), hint: null };
	const texts = first.map(({ heading, content }) => embeddedText({ heading, text: content }));
	try {
		const found = await breaker.run((signal) => reranker.rerank(question, texts, signal), gone);
		const scores = new Map(first.map(({ id }, at) => [id, found[at] ?? 0]));
		// Equal scores stay in the order of the fusion: sorting is stable.
		const ordered = first.toSorted((a, b) => (scores.get(b.id) ?? 0) - (scores.get(a.id) ?? 0));
		return { hits: [...ordered, ...hits.slice(first.length)], scores, hint: null };
	} catch (error) {
		gone?.throwIfAborted();
		if (!isDocDropError(error)) throw error;
		return { hits, scores: null, hint: `Not reranked: ${error.message}.` };
	}
}

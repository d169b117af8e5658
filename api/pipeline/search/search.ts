import { searchResultsUnset } from '../../contract/limits.ts';
import type { SearchRequest, SearchResponse } from '../../contract/search-schema.ts';
import { answerOf } from '../../contract/stored-fields.ts';
import { DocDropError } from '../../errors.ts';
import type { Clock, Embedder, VectorStore } from '../../ports/index.ts';
import type { Breaker } from '../faults/index.ts';
import { fuse } from './fuse.ts';
import { tokenize } from '../../chunking/index.ts';

/**
 * One question, two lists (by vector, by words), one answer: fused by reciprocal rank in our own code, so that
 * both stores answer alike. Each list is asked deeper than the answer is long, or fusion would see too little.
 */
const depth = (limit: number) => Math.min(1_000, Math.max(50, limit * 5));

export async function search(
	request: SearchRequest,
	deps: {
		readonly vectorStore: VectorStore;
		readonly embedder: Embedder;
		readonly embedderBreaker: Breaker;
		readonly searchBreaker: Breaker;
		readonly clock: Clock;
	},
): Promise<SearchResponse> {
	const { tenant, query, limit = searchResultsUnset.request, mode = 'hybrid', docId } = request;
	// A peer that is strict about Unicode would answer for a fault of the caller's.
	for (const [field, text] of Object.entries({ query, docId })) {
		if (text?.isWellFormed() === false) {
			throw new DocDropError('invalid', `${field} must be well-formed Unicode`, { field });
		}
	}
	const start = deps.clock.monotonic();
	const [vector] =
		mode === 'text'
			? [null]
			: await deps.embedderBreaker.run((signal) => deps.embedder.embed([query], signal));
	const lists = await deps.searchBreaker.run(() =>
		deps.vectorStore.search({
			tenant,
			vector: vector ?? null,
			terms: mode === 'dense' ? [] : tokenize(query),
			limit: depth(limit),
			...(docId !== undefined && { docId }),
		}),
	);
	const results = fuse([lists.dense, lists.sparse], { limit }).map(({ fields, ...hit }) => ({
		docId: hit.docId,
		pointId: hit.id,
		score: hit.score,
		content: hit.content,
		heading: hit.heading,
		page: hit.page,
		...answerOf(fields),
		metadata: { ...fields.extra },
	}));
	return { results, tookMs: Math.round((deps.clock.monotonic() - start) * 100) / 100 };
}

import type { SearchRequest, SearchResponse } from '../../contract/search-schema.ts';
import { answerOf } from '../../contract/stored-fields.ts';
import { DocDropError, isDocDropError } from '../../errors.ts';
import type { Clock, Embedder, VectorStore } from '../../ports/index.ts';
import type { Breaker } from '../faults/index.ts';
import { fuse } from './fuse.ts';
import { tokenize } from '../../chunking/index.ts';

/**
 * One question, two lists (by vector, by words), one answer: fused by reciprocal rank in our own code, so that
 * both stores answer alike. Each list is asked deeper than the answer is long, or fusion would see too little.
 *
 * A hybrid search whose question gets no vector is answered from the words alone, and says so: whoever searches is
 * served by half of the answer, and can tell that it is half.
 */
const depth = (limit: number) => Math.min(1_000, Math.max(50, limit * 5));

interface SearchDeps {
	readonly vectorStore: VectorStore;
	readonly embedder: Embedder;
	readonly embedderBreaker: Breaker;
	readonly searchBreaker: Breaker;
	readonly clock: Clock;
}

export async function search(request: SearchRequest, deps: SearchDeps): Promise<SearchResponse> {
	const { tenant, query, limit = 10, mode = 'hybrid', docId } = request;
	// A peer that is strict about Unicode would answer for a fault of the caller's.
	for (const [field, text] of Object.entries({ query, docId })) {
		if (text?.isWellFormed() === false) {
			throw new DocDropError('invalid', `${field} must be well-formed Unicode`, { field });
		}
	}
	const start = deps.clock.monotonic();
	const { vector, hint } = mode === 'text' ? { vector: null, hint: null } : await vectorOf(query, mode, deps);
	const lists = await deps.searchBreaker.run(() =>
		deps.vectorStore.search({
			tenant,
			vector,
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
	const tookMs = Math.round((deps.clock.monotonic() - start) * 100) / 100;
	return { results, mode: hint === null ? mode : 'text', hint, tookMs };
}

/** Longest wait for a vector that can be done without, ms. */
const patienceMs = 5_000;

async function vectorOf(
	query: string,
	mode: 'hybrid' | 'dense',
	{ embedder, embedderBreaker, clock }: Pick<SearchDeps, 'embedder' | 'embedderBreaker' | 'clock'>,
): Promise<{ readonly vector: Float32Array | null; readonly hint: string | null }> {
	const ask = (given?: AbortSignal) =>
		embedderBreaker.run((signal) => embedder.embed([query], signal), given);
	if (mode === 'dense') return { vector: (await ask())[0] ?? null, hint: null };
	const patience = new AbortController();
	const cancel = clock.after(patienceMs, () =>
		patience.abort(
			new DocDropError('embedder_unavailable', `the embedder gave no vector within ${patienceMs} ms`),
		),
	);
	try {
		return { vector: (await ask(patience.signal))[0] ?? null, hint: null };
	} catch (error) {
		if (!isDocDropError(error)) throw error;
		return { vector: null, hint: `Searched by words alone: ${error.message}.` };
	} finally {
		cancel();
	}
}

import { searchResultsUnset } from '../../contract/limits.ts';
import type { SearchRequest, SearchResponse } from '../../contract/search-schema.ts';
import { answerOf } from '../../contract/stored-fields.ts';
import { DocDropError, isDocDropError } from '../../errors.ts';
import type { Clock, Embedder, Hit, SearchQuery, VectorStore } from '../../ports/index.ts';
import type { Allotment } from '../admission/index.ts';
import type { Breaker } from '../faults/index.ts';
import { fuse } from './fuse.ts';
import { parseQuery, type QueryWords, satisfies, storedTerms } from '../../chunking/index.ts';

/**
 * One question, two lists (by vector, by words), one answer: fused by their scores (fuse.ts) in our own code, so that
 * both stores answer alike. Each list is asked much deeper than the answer is long, or fusion would see too little.
 *
 * A hybrid search whose question gets no vector is answered from the words alone, and says so: whoever searches is
 * served by half of the answer, and can tell that it is half.
 */
const depth = (limit: number) => Math.min(1_000, Math.max(200, limit * 5));

interface SearchDeps {
	readonly vectorStore: VectorStore;
	readonly embedder: Embedder;
	readonly embedderBreaker: Breaker;
	readonly searchBreaker: Breaker;
	/** Places at the index. */
	readonly searches: Allotment;
	/** Longest time of one there. */
	readonly searchMs: number;
	readonly clock: Clock;
	/** The caller hung up: it waits no more. */
	readonly gone?: AbortSignal;
}

export async function search(request: SearchRequest, deps: SearchDeps): Promise<SearchResponse> {
	const { tenant, query, limit = searchResultsUnset.request, mode = 'hybrid', docId } = request;
	// A peer that is strict about Unicode would answer for a fault of the caller's.
	for (const [field, text] of Object.entries({ query, docId })) {
		if (text?.isWellFormed() === false) {
			throw new DocDropError('invalid', `${field} must be well-formed Unicode`, { field });
		}
	}
	const start = deps.clock.monotonic();
	const { text, ...words } = parseQuery(query);
	const { vector, hint } = mode === 'text' ? { vector: null, hint: null } : await vectorOf(text, mode, deps);
	const lists = await inTurn(deps, {
		tenant,
		vector,
		...words,
		terms: mode === 'dense' ? [] : words.terms,
		limit: depth(limit),
		...(docId !== undefined && { docId }),
	});
	const asked = {
		dense: vector === null ? null : lists.dense.filter(isWanted(words)),
		sparse: mode === 'dense' ? null : lists.sparse,
	};
	const results = fuse(asked, { limit }).map(({ fields, ...hit }) => ({
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

/** What must be in a passage, and what must not, holds for those that are found by vector too. */
function isWanted(words: Omit<QueryWords, 'text'>): (hit: Hit) => boolean {
	const isAny = words.phrases.length + words.without.length === 0;
	return (hit) => isAny || satisfies(storedTerms(hit), words);
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

/**
 * A search that takes too long is answered, but keeps its place until the index is done with it: nothing can stop it
 * there, and its tenant must not put the next one beside it.
 */
async function inTurn(deps: SearchDeps, query: SearchQuery): ReturnType<VectorStore['search']> {
	const leave = await deps.searches.take(query.tenant, 1, deps.gone);
	const late = Promise.withResolvers<never>();
	const message = `the search took longer than ${deps.searchMs} ms`;
	const cancel = deps.clock.after(deps.searchMs, () =>
		late.reject(new DocDropError('search_timeout', message)),
	);
	const found = deps.searchBreaker.run(() => deps.vectorStore.search(query)).finally(leave);
	try {
		return await Promise.race([found, late.promise]);
	} finally {
		cancel();
	}
}

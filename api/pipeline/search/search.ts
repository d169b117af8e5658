import { limits } from '../../contract/limits.ts';
import type { SearchHit, SearchRequest, SearchResponse } from '../../contract/search-schema.ts';
import { answerOf } from '../../contract/stored-fields.ts';
import { DocDropError, isDocDropError } from '../../errors.ts';
import { checkFieldName, type Filter, parseFilter } from '../../domain/index.ts';
import { filterInTurns } from '../../loop-turn.ts';
import type {
	Clock,
	DocStore,
	Embedder,
	Hit,
	Reranker,
	SearchQuery,
	VectorStore,
} from '../../ports/index.ts';
import type { Allotment } from '../admission/index.ts';
import type { Breaker } from '../faults/index.ts';
import { facetsOf } from './facets.ts';
import { fuse, type Lists } from './fuse.ts';
import { highlighter } from './highlight.ts';
import { pageOf } from './result-page.ts';
import { rerank, type Reranked } from './rerank.ts';
import { parseQuery, type QueryWords, holdsWords, storedTerms } from '../../chunking/index.ts';

/**
 * One question, two lists (by vector, by words), one answer: fused by their scores (fuse.ts) in our own code, so that
 * both stores answer alike. Each list is asked deeper than an answer is long, or fusion would see too little, and
 * always as deep: a deeper list would put other passages first, and the pages of an answer would not fit together.
 *
 * A hybrid search whose question gets no vector is answered from the words alone, and says so: whoever searches is
 * served by half of the answer, and can tell that it is half.
 */
const depth = limits.searchWindow;
/** So many texts are looked through in one turn of the event loop. */
const passagesATurn = 25;

interface SearchDeps {
	readonly vectorStore: VectorStore;
	readonly docStore: Pick<DocStore, 'chunks'>;
	readonly embedder: Embedder;
	readonly embedderBreaker: Breaker;
	readonly searchBreaker: Breaker;
	/** Null: passages go out in the order of their scores. */
	readonly reranker: { readonly reranker: Reranker; readonly breaker: Breaker } | null;
	/** Places at the index. */
	readonly searches: Allotment;
	/** Longest time of one there. */
	readonly searchMs: number;
	readonly clock: Clock;
	/** The caller hung up: it waits no more. */
	readonly gone?: AbortSignal;
}

export async function search(request: SearchRequest, deps: SearchDeps): Promise<SearchResponse> {
	const { query, mode = 'hybrid', facets } = request;
	const filter = checked(request);
	const start = deps.clock.monotonic();
	const { text, ...words } = parseQuery(query);
	const { vector, hint } = mode === 'text' ? { vector: null, hint: null } : await vectorOf(text, mode, deps);
	const answered = await inTurn(deps, {
		tenant: request.tenant,
		vector,
		...words,
		terms: mode === 'dense' ? [] : words.terms,
		limit: depth,
		...(request.docId !== undefined && { docId: request.docId }),
		...(filter !== null && { filter }),
	});
	const lists: Lists = {
		dense: vector === null ? null : await onlyWanted(answered.dense, words),
		sparse: mode === 'dense' ? null : answered.sparse,
		lowest: answered.dense.at(-1)?.score ?? 0,
	};
	const fused = fuse(lists, { limit: 2 * depth });
	const ranked =
		deps.reranker === null ? null : await rerank(text, fused, { ...deps.reranker, gone: deps.gone });
	const { found, page, next } = pageOf(ranked?.hits ?? fused, request);
	const results = await shown(page, { ...request, lists, words, ranked }, deps);
	const tookMs = Math.round((deps.clock.monotonic() - start) * 100) / 100;
	return {
		...{ results, next, mode: hint === null ? mode : ('text' as const), tookMs },
		hint: [hint, ranked?.hint ?? null].filter((one) => one !== null).join(' ') || null,
		...(ranked !== null && { reranked: ranked.scores !== null }),
		...(facets !== undefined && { facets: facetsOf(found, facets) }),
	};
}

/** What a schema cannot say of a request; the filter that it asks for. */
function checked(request: SearchRequest): Filter | null {
	const { query, docId, filter = {}, facets = [] } = request;
	// A peer that is strict about Unicode would answer for a fault of the caller's.
	for (const [field, text] of Object.entries({ query, docId })) {
		if (text?.isWellFormed() === false) {
			throw new DocDropError('invalid', `${field} must be well-formed Unicode`, { field });
		}
	}
	for (const [at, name] of facets.entries()) checkFieldName(name, `facets/${at}`);
	return parseFilter(filter);
}

type Words = Omit<QueryWords, 'text'>;
type Shown = SearchRequest & {
	readonly lists: Lists;
	readonly words: Words;
	readonly ranked: Reranked | null;
};

/** The passages with what was asked for beside them. */
async function shown(
	page: readonly Hit[],
	{ words, lists, ranked, context = 0, highlight = false, explain = false }: Shown,
	{ docStore }: SearchDeps,
): Promise<SearchHit[]> {
	const around = context === 0 ? [] : await Promise.all(page.map((hit) => contextOf(docStore, hit, context)));
	const highlights = highlight ? highlighter(new Set(words.terms)) : null;
	return page.map(({ fields, ...hit }, at) => ({
		docId: hit.docId,
		pointId: hit.id,
		score: hit.score,
		content: hit.content,
		heading: hit.heading,
		page: hit.page,
		...answerOf(fields),
		metadata: { ...fields.extra },
		...(around[at] !== undefined && { context: around[at] }),
		...(highlights !== null && { highlights: highlights(hit.content) }),
		...(explain && {
			explain: {
				...{ dense: placeIn(lists.dense, hit.id), text: placeIn(lists.sparse, hit.id) },
				...(ranked !== null && { rerank: placeAfter(ranked, hit.id) }),
			},
		}),
	}));
}

/** From the manifest: the index knows no order of all its chunks. */
async function contextOf(docStore: SearchDeps['docStore'], { tenant, docId, order, id }: Hit, limit: number) {
	const after = { order, pointId: id };
	const [before, behind] = await Promise.all([
		docStore.chunks(tenant, docId, { after, limit, isBackwards: true }),
		docStore.chunks(tenant, docId, { after, limit }),
	]);
	const texts = (chunks: typeof before) => chunks.map(({ text }) => text);
	return { before: texts(before).reverse(), after: texts(behind) };
}

/** Null where it was not asked about. */
function placeAfter({ hits, scores }: Reranked, id: string): { rank: number; score: number } | null {
	const score = scores?.get(id);
	return score === undefined ? null : { rank: hits.findIndex((hit) => hit.id === id) + 1, score };
}

function placeIn(list: readonly Hit[] | null, id: string): { rank: number; score: number } | null {
	const at = list?.findIndex((hit) => hit.id === id) ?? -1;
	const hit = list?.[at];
	return hit === undefined ? null : { rank: at + 1, score: hit.score };
}

/** What must be in a passage, and what must not, holds for those that are found by vector too. */
async function onlyWanted(hits: readonly Hit[], words: Words): Promise<readonly Hit[]> {
	if (words.phrases.length + words.without.length === 0) return hits;
	return filterInTurns(hits, (hit) => holdsWords(storedTerms(hit), words), passagesATurn);
}

/** Longest wait for a vector that can be done without, ms. */
const patienceMs = 5_000;

async function vectorOf(
	query: string,
	mode: 'hybrid' | 'dense',
	{ embedder, embedderBreaker, clock }: Pick<SearchDeps, 'embedder' | 'embedderBreaker' | 'clock'>,
): Promise<{ readonly vector: Float32Array | null; readonly hint: string | null }> {
	const ask = (given?: AbortSignal) =>
		embedderBreaker.run((signal) => embedder.embed([query], signal, 'question'), given);
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

/** Searches in the points of one collection, and reads of them: all of them, a page without texts, and how many they are. */
import type { Schemas } from '@qdrant/js-client-rest';
import { greatestScore, holdsWords, shareOf, storedTerms } from '../../chunking/index.ts';
import { slices } from '../../domain/index.ts';
import { filterInTurns } from '../../loop-turn.ts';
import type { Hit, Page, PageRequest, PointMark, SearchQuery, StoredPoint } from '../../ports/index.ts';
import { round } from './body.ts';
import { filterCondition } from './filter-conditions.ts';
import { docIdKey, storedPoint, tenantKey } from './payload.ts';
import { queryVector } from './sparse.ts';
import { idFilter, sparseName, tenantFilter } from './write-plan.ts';

/** Sends a request below the collection. */
export type SendRead = <T>(path: string, body: object) => Promise<T>;

const scanPage = 512;
/** Of one search; servers in strict mode may refuse more. Equal scores beyond it come in Qdrant's order. */
const largestLimit = 1_000;
/** So many texts are looked through in one turn of the event loop. */
const passagesATurn = 25;

type Search = Schemas['QueryRequest'];
type Answer = Schemas['QueryResponse']['points'];

export async function searchPoints(
	read: SendRead,
	{ tenant, vector: given, terms, earlier = [], phrases = [], without = [], ...asked }: SearchQuery,
): Promise<{ dense: Hit[]; sparse: Hit[] }> {
	const { docId, filter: wanted, limit } = asked;
	const own = tenantFilter(tenant, docId) ?? {};
	const filter: Schemas['Filter'] = wanted === undefined ? own : { must: [own, filterCondition(wanted)] };
	// Qdrant would find every point, with the score 0.
	const vector = given?.some((number) => number !== 0) === true ? given : null;
	const wide = { limit: Math.min(limit + 1, largestLimit), with_payload: true, filter };
	const byVector: Search[] = vector === null ? [] : [{ query: Array.from(vector, round), ...wide }];
	const sparse = queryVector([...terms, ...earlier]);
	const weighed = queryVector(terms)?.indices ?? [];
	// Qdrant has no condition for words beside an index of its own for them: they are looked for in what is found.
	const words = { phrases, without };
	const isMarked = phrases.length + without.length > 0;
	const byWords: Search[] =
		sparse === null
			? []
			: [{ query: sparse, using: sparseName, ...wide, ...(isMarked && { limit: largestLimit }) }];
	const weighing = weighed.map((index) => weightSearch(index, tenant));
	const searches = [...byVector, ...byWords, ...weighing];
	if (searches.length === 0) return { dense: [], sparse: [] };
	const answers = await ask(read, searches);
	const hitsOf = async ([search]: Search[], at: number) =>
		search === undefined ? [] : withAllTies(read, search, ranked(answers[at] ?? []), limit);
	const dense = await hitsOf(byVector, 0);
	const found = await hitsOf(byWords, byVector.length);
	const kept = isMarked
		? await filterInTurns(found, (hit) => holdsWords(storedTerms(hit), words), passagesATurn)
		: found;
	const weights = weighed.map((index, at) =>
		weightOf(answers[byVector.length + byWords.length + at] ?? [], index),
	);
	const greatest = greatestScore(weights);
	return {
		dense: dense.slice(0, limit),
		sparse: kept.slice(0, limit).map((hit) => ({ ...hit, score: shareOf(hit.score, greatest) })),
	};
}

async function ask(read: SendRead, searches: readonly Search[]): Promise<Answer[]> {
	const answers = await read<Schemas['QueryResponse'][]>('/points/query/batch', { searches });
	return answers.map(({ points }) => points);
}

/** Finds a point that has the term: its score by the part that its vector has of it is the term's weight, which Qdrant alone knows. */
const weightSearch = (index: number, tenant: string): Search => ({
	query: { indices: [index], values: [1] },
	using: sparseName,
	filter: { must: [{ key: tenantKey, match: { value: tenant } }] },
	...{ limit: 1, with_payload: false, with_vector: [sparseName] },
});

function weightOf([point]: Answer, index: number): number | null {
	if (point === undefined) return null;
	const { indices, values } = (point.vector as Record<string, Schemas['SparseVector']>)[sparseName] ?? {};
	const part = values?.[indices?.indexOf(index) ?? -1];
	return part === undefined ? null : point.score / part;
}

/**
 * Qdrant leaves open which of several equal scores it returns where its limit cuts through them. One hit more
 * than asked for shows whether it did; then the search is repeated, wider, until all of them are there.
 */
async function withAllTies(read: SendRead, search: Search, first: Hit[], limit: number): Promise<Hit[]> {
	let hits = first;
	for (let wide = hits.length; wide > limit && hits.length === wide && wide < largestLimit;) {
		if (hits.at(-1)?.score !== hits[limit - 1]?.score) break;
		wide = Math.min(wide * 4, largestLimit);
		hits = ranked((await ask(read, [{ ...search, limit: wide }]))[0] ?? []);
	}
	return hits;
}

/** Best first, equal scores by id. */
function ranked(points: readonly Schemas['ScoredPoint'][]): Hit[] {
	return points
		.map(({ id, payload, score }) => ({ ...storedPoint(id, payload), score }))
		.sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
}

export async function readVectors(
	read: SendRead,
	tenant: string,
	ids: readonly string[],
	perRequest: number,
): Promise<Map<string, Float32Array>> {
	const found = new Map<string, Float32Array>();
	for (const some of slices(ids, perRequest)) {
		const request = {
			filter: idFilter(some, tenant),
			limit: some.length,
			with_payload: false,
			with_vector: [''],
		} satisfies Schemas['ScrollRequest'];
		const { points } = await read<Schemas['ScrollResult']>('/points/scroll', request);
		for (const { id, vector } of points) {
			// Alone it comes bare, beside another vector under its name.
			const dense = Array.isArray(vector) ? vector : (vector as Record<string, unknown> | null)?.[''];
			if (Array.isArray(dense)) found.set(String(id), Float32Array.from(dense as number[]));
		}
	}
	return found;
}

export async function* scanPoints(
	read: SendRead,
	tenant: string | null,
	docId?: string,
): AsyncGenerator<StoredPoint> {
	const filter = tenantFilter(tenant, docId);
	let offset: Schemas['ScrollResult']['next_page_offset'];
	do {
		const request = {
			...(filter && { filter }),
			...(offset !== undefined && { offset }),
			limit: scanPage,
			with_payload: true,
			with_vector: false,
		};
		const page = await read<Schemas['ScrollResult']>('/points/scroll', request);
		for (const { id, payload } of page.points) yield storedPoint(id, payload);
		offset = page.next_page_offset ?? undefined;
	} while (offset !== undefined);
}

/**
 * Qdrant orders whole numbers before UUIDs. Points whose id is none of ours are left out: another program's, whatever
 * they say of themselves.
 */
const isOurs = (id: string | number): boolean => typeof id === 'string';

export async function readMarks(
	read: SendRead,
	{ docId, ...request }: PageRequest & { readonly docId: string },
): Promise<Page<PointMark>> {
	const { points, next } = await readPage(read, request, docId, ['metadata']);
	const items = points
		.filter(({ id }) => isOurs(id))
		.map(({ id, payload }): PointMark => {
			const { content: _none, heading: _nothing, page: _nowhere, ...mark } = storedPoint(id, payload);
			return mark;
		});
	return { items, next };
}

export async function readContents(
	read: SendRead,
	{ docId, ...request }: PageRequest & { readonly docId: string },
): Promise<Page<StoredPoint>> {
	const { points, next } = await readPage(read, request, docId, true);
	return {
		items: points.filter(({ id }) => isOurs(id)).map(({ id, payload }) => storedPoint(id, payload)),
		next,
	};
}

export async function readDocuments(read: SendRead, request: PageRequest): Promise<Page<string>> {
	const { points, next } = await readPage(read, request, undefined, [docIdKey]);
	const names = points.map(({ id, payload }) => storedPoint(id, payload).docId);
	return { items: [...new Set(names)], next };
}

async function readPage(
	read: SendRead,
	{ tenant, from, limit }: PageRequest,
	docId: string | undefined,
	/** Keys of the payload; true: all of it. */
	include: readonly string[] | true,
) {
	const page = await read<Schemas['ScrollResult']>('/points/scroll', {
		filter: tenantFilter(tenant, docId),
		...(from !== null && { offset: /^\d+$/.test(from) ? Number(from) : from }),
		limit,
		with_payload: include,
		with_vector: false,
	});
	// An id; the server's types allow more.
	const next = page.next_page_offset as string | number | null | undefined;
	return { points: page.points, next: next === null || next === undefined ? null : String(next) };
}

export async function countTenants(
	read: SendRead,
	tenants: readonly string[],
): Promise<ReadonlyMap<string, number>> {
	const request = {
		key: tenantKey,
		filter: { must: [{ key: tenantKey, match: { any: tenants } }] },
		limit: Math.max(1, tenants.length),
		exact: true,
	};
	const { hits } = await read<Schemas['FacetResponse']>('/facet', request);
	const found = new Map(hits.map(({ value, count }) => [String(value), count]));
	return new Map(tenants.map((tenant) => [tenant, found.get(tenant) ?? 0]));
}

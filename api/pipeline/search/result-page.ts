/** From all passages that were found to those that are answered. Pure. */
import type { SearchRequest } from '../../contract/search-schema.ts';
import { limits, searchResultsUnset } from '../../contract/limits.ts';
import type { Hit } from '../../ports/index.ts';

export interface PageOfHits {
	/** All that were found and are good enough, best first. */
	readonly found: readonly Hit[];
	readonly page: readonly Hit[];
	/** Where the next page begins. */
	readonly next: number | null;
}

type Wanted = Pick<SearchRequest, 'limit' | 'offset' | 'minScore' | 'groupByDocument'>;

export function pageOf(
	hits: readonly Hit[],
	{ limit = searchResultsUnset.request, offset = 0, minScore = 0, groupByDocument = false }: Wanted,
): PageOfHits {
	const good = hits.filter(({ score }) => score >= minScore);
	const found = groupByDocument ? bestOfEach(good) : good;
	const end = Math.min(offset + limit, limits.searchWindow);
	const isMore = found.length > end && end < limits.searchWindow;
	return { found, page: found.slice(offset, end), next: isMore ? end : null };
}

/** The first of each document, which is its best. */
function bestOfEach(hits: readonly Hit[]): Hit[] {
	const seen = new Set<string>();
	return hits.filter(({ docId }) => !seen.has(docId) && seen.add(docId));
}

import { limits, searchResultsUnset } from '../contract/limits.ts';
import type { SearchRequest } from '../contract/search-schema.ts';
import { UsageError } from './usage-error.ts';

/** What `docdrop search` takes, as parseArgs wants it. */
export const searchOptions = {
	limit: { type: 'string' },
	offset: { type: 'string' },
	mode: { type: 'string' },
	filter: { type: 'string' },
	'min-score': { type: 'string' },
	'by-document': { type: 'boolean' },
	context: { type: 'string' },
	highlight: { type: 'boolean' },
	explain: { type: 'boolean' },
	facets: { type: 'string' },
} as const;

type Given = {
	readonly [name in keyof typeof searchOptions]?: (typeof searchOptions)[name]['type'] extends 'string'
		? string | undefined
		: boolean | undefined;
};

/** Throws UsageError. What stands in the filter is checked where the search is run. */
export function searchRequest(
	given: Given,
	{ tenant, query }: { readonly tenant: string; readonly query: string },
): SearchRequest {
	const { facets } = given;
	const limit = whole('--limit', given.limit, 1, limits.searchResults) ?? searchResultsUnset.reader;
	const offset = whole('--offset', given.offset, 0, limits.searchWindow - 1);
	const context = whole('--context', given.context, 0, limits.contextChunks);
	const minScore = score(given['min-score']);
	const filter = filterOf(given.filter);
	return {
		...{ tenant, query, limit, mode: modeOf(given.mode) },
		...(offset !== undefined && { offset }),
		...(context !== undefined && { context }),
		...(minScore !== undefined && { minScore }),
		...(filter !== undefined && { filter }),
		...(given['by-document'] === true && { groupByDocument: true }),
		...(given.highlight === true && { highlight: true }),
		...(given.explain === true && { explain: true }),
		...(facets !== undefined && { facets: facets.split(',').map((name) => name.trim()) }),
	};
}

/** Throws UsageError. */
export function whole(
	name: string,
	text: string | undefined,
	least: number,
	most: number,
): number | undefined {
	if (text === undefined) return undefined;
	const number = Number(text);
	if (text.trim() !== '' && Number.isInteger(number) && number >= least && number <= most) return number;
	throw new UsageError(`${name} must be ${least} to ${most}`);
}

function score(text: string | undefined): number | undefined {
	if (text === undefined) return undefined;
	const number = Number(text);
	if (text.trim() !== '' && number >= 0 && number <= 1) return number;
	throw new UsageError('--min-score must be 0 to 1');
}

function modeOf(mode = 'hybrid'): 'hybrid' | 'dense' | 'text' {
	if (mode === 'hybrid' || mode === 'dense' || mode === 'text') return mode;
	throw new UsageError('--mode must be hybrid, dense or text');
}

/** Throws UsageError. What stands in it is checked where it is used. */
export function filterOf(text: string | undefined): Record<string, unknown> | undefined {
	if (text === undefined) return undefined;
	let found: unknown;
	try {
		found = JSON.parse(text);
	} catch {
		throw new UsageError(`--filter must be JSON, such as '{"author":"Ana"}'`);
	}
	if (typeof found === 'object' && found !== null && !Array.isArray(found))
		return found as Record<string, unknown>;
	throw new UsageError(`--filter must be an object, such as '{"author":"Ana"}'`);
}

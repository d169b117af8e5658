/**
 * How terms are kept in FTS5. Pure.
 *
 * Every token is written as `{tenant number}_{term}`: a tenant's posting lists are its own, so that a search
 * costs what its tenant holds and finds nothing else. The number ends at the first underscore, so no two
 * tenants share a token. The table's tokenizer (`ascii` with `_` as a token character) keeps every character
 * above ASCII as it is; everything else of ASCII separates, here as there, so that a term such as `a-2_b` cannot
 * smuggle a token into another tenant's space.
 */
const separators = /[^\w\u0080-\uffff]+/;
const everySeparator = new RegExp(separators, 'g');

/** FTS5 runs a query of n terms in more than linear time; a search of this many takes some 10 ms. */
const MAX_QUERY_TERMS = 1_000;

export function indexedTerms(tenant: number, terms: string): string {
	const bare = terms.replace(everySeparator, ' ').trim();
	return bare === '' ? '' : `${tenant}_${bare.replaceAll(' ', ` ${tenant}_`)}`;
}

/** An FTS5 query that any of the terms satisfies; null where nothing is left to search for. */
export function matchExpression(tenant: number, terms: readonly string[]): string | null {
	const parts = terms.flatMap((term) => term.split(separators)).filter((part) => part !== '');
	const tokens = [...new Set(parts)].slice(0, MAX_QUERY_TERMS).map((part) => `"${tenant}_${part}"`);
	return tokens.length === 0 ? null : tokens.join(' OR ');
}

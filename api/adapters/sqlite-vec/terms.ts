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
	const tokens = new Set<string>();
	for (const term of terms) {
		for (const part of term.split(separators)) {
			if (part !== '') tokens.add(`"${tenant}_${part}"`);
			if (tokens.size === MAX_QUERY_TERMS) break;
		}
	}
	return tokens.size === 0 ? null : [...tokens].join(' OR ');
}

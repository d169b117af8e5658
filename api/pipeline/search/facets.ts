import { limits } from '../../contract/limits.ts';
import { filterableDoc } from '../../domain/index.ts';
import type { Hit } from '../../ports/index.ts';

interface FacetValue {
	readonly value: string | number | boolean;
	readonly documents: number;
}

/** Of each field how many of the documents have which value; the most frequent first, equal ones by value. Pure. */
export function facetsOf(hits: readonly Hit[], fields: readonly string[]): Record<string, FacetValue[]> {
	const docs = new Map(hits.map(({ docId, fields: own }) => [docId, own]));
	const counts = new Map(fields.map((field) => [field, new Map<FacetValue['value'], number>()]));
	for (const [docId, own] of docs) {
		const doc = filterableDoc(docId, own);
		for (const [field, values] of counts) {
			for (const value of new Set(doc.get(field)?.flatMap(shown)))
				values.set(value, (values.get(value) ?? 0) + 1);
		}
	}
	return Object.fromEntries(
		Array.from(counts, ([field, values]) => [
			field,
			Array.from(values, ([value, documents]) => ({ value, documents }))
				.sort((a, b) => b.documents - a.documents || (String(a.value) < String(b.value) ? -1 : 1))
				.slice(0, limits.facetValues),
		]),
	);
}

/** What a filter could be made of again. */
function shown(of: { readonly kind: string; readonly value?: FacetValue['value'] }): FacetValue['value'][] {
	if (of.value === undefined || of.kind === 'date') return [];
	return typeof of.value === 'string' && of.value.length > limits.filterTextChars ? [] : [of.value];
}

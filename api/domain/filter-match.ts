/**
 * Whether a document satisfies a filter, and which of a field's values a filter can be about: what every store must
 * agree with. Pure.
 */
import { limits } from '../contract/limits.ts';
import type { DocFields } from './doc-fields.ts';
import { filterableFields, type Bound, type FieldFilter, type Filter } from './document-filter.ts';
import { momentOf } from './iso-date.ts';

/** One value of a field, by its kind; `other` stands for what no condition but `exists` can be about. */
export type FieldValue =
	| { readonly kind: 'text'; readonly value: string }
	| { readonly kind: 'number' | 'date'; readonly value: number }
	| { readonly kind: 'flag'; readonly value: boolean }
	| { readonly kind: 'other' };

/** What a filter sees of a document. A name that has no value (null, an empty list) is not in it. */
export type FilterableDoc = ReadonlyMap<string, readonly FieldValue[]>;

/** Null: the document has none. */
type Filtered = Pick<DocFields, 'path' | 'title' | 'extra'> & {
	readonly [name in 'mimeType' | 'publishedAt']: string | null;
};

export function filterableDoc(docId: string, fields: Filtered): FilterableDoc {
	const own = { ...fields, docId };
	const named = [
		...Object.entries(fields.extra),
		...filterableFields.map((name): [string, unknown] => [name, own[name]]),
	];
	return new Map(
		named.flatMap(([name, value]) => {
			const values = valuesOf(value);
			return values.length === 0 ? [] : [[name, values]];
		}),
	);
}

/** Of a list each of its items, one level deep. */
function valuesOf(value: unknown): FieldValue[] {
	return (Array.isArray(value) ? value : [value]).flatMap((one: unknown): FieldValue[] => {
		switch (typeof one) {
			case 'string':
				return textValues(one);
			case 'number':
				return [{ kind: 'number', value: one }];
			case 'boolean':
				return [{ kind: 'flag', value: one }];
			default:
				return one === undefined || (one === null && !Array.isArray(value)) ? [] : [{ kind: 'other' }];
		}
	});
}

/** A text that names a moment is both. Its end counts for nothing, since no filter can have a text as long; half a character is none. */
function textValues(text: string): FieldValue[] {
	const moment = momentOf(text);
	const value = text.slice(0, limits.filterTextChars + 1).toWellFormed();
	return [{ kind: 'text', value }, ...(moment === null ? [] : [{ kind: 'date' as const, value: moment }])];
}

export function satisfies(doc: FilterableDoc, filter: Filter): boolean {
	switch (filter.op) {
		case 'and':
			return filter.of.every((one) => satisfies(doc, one));
		case 'or':
			return filter.of.some((one) => satisfies(doc, one));
		case 'not':
			return !satisfies(doc, filter.of);
		case 'exists':
			return doc.has(filter.field);
		default:
			return (doc.get(filter.field) ?? []).some((value) => holds(value, filter));
	}
}

function holds(of: FieldValue, filter: Exclude<FieldFilter, { op: 'exists' }>): boolean {
	switch (filter.op) {
		case 'in':
			return of.kind !== 'other' && of.kind !== 'date' && filter.values.includes(of.value);
		case 'prefix':
			return of.kind === 'text' && of.value.startsWith(filter.text);
		case 'range': {
			if (of.kind !== filter.unit) return false;
			const { value } = of;
			return Object.entries(filter.bounds).every(([bound, at]) => isWithin(value, bound as Bound, at));
		}
	}
}

function isWithin(value: number, bound: Bound, at: number): boolean {
	switch (bound) {
		case 'gt':
			return value > at;
		case 'gte':
			return value >= at;
		case 'lt':
			return value < at;
		case 'lte':
			return value <= at;
	}
}

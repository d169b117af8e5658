/**
 * A filter as Qdrant's conditions on a point's payload. A number is asked for by a range: Qdrant compares by value only
 * whole ones. Pure.
 */
import type { Schemas } from '@qdrant/js-client-rest';
import type { Filter, FilterValue } from '../../domain/index.ts';
import { metadataKey } from './payload.ts';

type Condition = Schemas['Condition'];

export function filterCondition(filter: Filter): Condition {
	switch (filter.op) {
		case 'and':
			return { must: filter.of.map(filterCondition) };
		case 'or':
			return { should: filter.of.map(filterCondition) };
		case 'not':
			return { must_not: [filterCondition(filter.of)] };
		case 'exists':
			return { must_not: [{ is_empty: { key: metadataKey(filter.field) } }] };
		case 'prefix':
			return { key: metadataKey(filter.field), match: { prefix: filter.text } };
		case 'range':
			return { key: metadataKey(filter.field), range: range(filter) };
		case 'in':
			return oneOf(metadataKey(filter.field), filter.values);
	}
}

function range({ unit, bounds }: Extract<Filter, { op: 'range' }>): Schemas['RangeInterface'] {
	if (unit === 'number') return bounds;
	return Object.fromEntries(Object.entries(bounds).map(([bound, at]) => [bound, new Date(at).toISOString()]));
}

function oneOf(key: string, values: readonly FilterValue[]): Condition {
	const texts = values.filter((value) => typeof value === 'string');
	const any: Condition[] = [
		...(texts.length === 0 ? [] : [{ key, match: { any: texts } }]),
		...values.flatMap((value): Condition[] => {
			if (typeof value === 'number') return [{ key, range: { gte: value, lte: value } }];
			return typeof value === 'boolean' ? [{ key, match: { value } }] : [];
		}),
	];
	const [only] = any;
	return any.length === 1 && only !== undefined ? only : { should: any };
}

export function asksForPrefix(filter: Filter): boolean {
	if (filter.op === 'and' || filter.op === 'or') return filter.of.some(asksForPrefix);
	return filter.op === 'not' ? asksForPrefix(filter.of) : filter.op === 'prefix';
}

/**
 * What a document must be like, as a caller writes it and as the stores take it. Pure.
 *
 * A filter speaks of documents and not of passages, so that the same one can choose what is searched and what is
 * listed. `api/domain/filter-match.ts` says when a document satisfies it; every store must agree with that.
 */
import { fieldNameRule, limits } from '../contract/limits.ts';
import { reservedMetadata } from '../contract/stored-fields.ts';
import { DocDropError } from '../errors.ts';
import { momentOf } from './iso-date.ts';

export type FilterValue = string | number | boolean;
export type Bound = 'gt' | 'gte' | 'lt' | 'lte';

export type Filter =
	| { readonly op: 'and' | 'or'; readonly of: readonly Filter[] }
	| { readonly op: 'not'; readonly of: Filter }
	| FieldFilter;

export type FieldFilter =
	/** One of the values; each at most once. */
	| { readonly op: 'in'; readonly field: string; readonly values: readonly FilterValue[] }
	/** Between bounds: numbers, or moments in ms since 1970. */
	| {
			readonly op: 'range';
			readonly field: string;
			readonly unit: 'number' | 'date';
			readonly bounds: Readonly<Partial<Record<Bound, number>>>;
	  }
	| { readonly op: 'prefix'; readonly field: string; readonly text: string }
	/** A value that is neither null nor an empty list. */
	| { readonly op: 'exists'; readonly field: string };

/** DocDrop's own fields that can be filtered by; every other name is one of the caller's metadata. */
export const filterableFields = ['docId', 'path', 'title', 'mimeType', 'publishedAt'] as const;
const ownNames: ReadonlySet<string> = new Set(reservedMetadata);
const filterable: ReadonlySet<string> = new Set(filterableFields);

const bounds: readonly Bound[] = ['gt', 'gte', 'lt', 'lte'];
const operators = ['eq', 'ne', 'in', 'nin', ...bounds, 'prefix', 'exists'] as const;
type Operator = (typeof operators)[number];
const isBound = (operator: Operator): operator is Bound => (bounds as readonly string[]).includes(operator);

/** What of the whole filter was read so far. */
interface Spent {
	conditions: number;
	values: number;
}

/** Throws `invalid` with the place, the demand and the value. Null where nothing is demanded. */
export function parseFilter(given: unknown, where = 'filter'): Filter | null {
	if (isObject(given) && Object.keys(given).length === 0) return null;
	return parseGroup(given, where, 1, { conditions: 0, values: 0 });
}

function parseGroup(given: unknown, where: string, depth: number, spent: Spent): Filter {
	if (!isObject(given)) throw refused(where, 'must be an object of fields and what they must be', given);
	if (depth > limits.filterDepth) {
		throw refused(where, `must not stand deeper than ${limits.filterDepth} in and, or and not`);
	}
	const names = Object.keys(given);
	if (names.length === 0) throw refused(where, 'must name at least one field');
	if (names.length > limits.filterConditions) throw tooMany(where);
	return all(
		names.map((name) => {
			const place = `${where}/${name}`;
			const value = given[name];
			switch (withoutDollar(name)) {
				case 'and':
				case 'or':
					return parseList(value, place, withoutDollar(name) as 'and' | 'or', depth, spent);
				case 'not':
					return { op: 'not', of: parseGroup(value, place, depth + 1, spent) };
				default:
					checkFieldName(name, place);
					return parseField(name, value, place, spent);
			}
		}),
	);
}

function parseList(value: unknown, place: string, op: 'and' | 'or', depth: number, spent: Spent): Filter {
	if (!Array.isArray(value) || value.length === 0) {
		throw refused(place, 'must be a list of at least one filter', value);
	}
	if (value.length > limits.filterConditions) throw tooMany(place);
	const of = value.map((one, at) => parseGroup(one, `${place}/${at}`, depth + 1, spent));
	return of.length === 1 ? (of[0] as Filter) : { op, of };
}

function parseField(field: string, value: unknown, place: string, spent: Spent): Filter {
	const count = () => {
		spent.conditions += 1;
		if (spent.conditions > limits.filterConditions) throw tooMany(place);
	};
	if (!isObject(value)) {
		count();
		return Array.isArray(value) ? oneOf(field, value, place, spent) : equal(field, value, place);
	}
	const written = Object.entries(value);
	if (written.length === 0) throw refused(place, `must name an operator: ${operators.join(', ')}`);
	const between: [Bound, unknown][] = [];
	const parts: Filter[] = [];
	for (const [name, operand] of written) {
		const operator = withoutDollar(name) as Operator;
		if (!operators.includes(operator)) {
			throw refused(`${place}/${name}`, `is not an operator; there are ${operators.join(', ')}`);
		}
		count();
		if (isBound(operator) && field === 'docId') {
			throw refused(`${place}/${name}`, 'is not for a docId, which is neither a number nor a date');
		}
		if (isBound(operator)) between.push([operator, operand]);
		else parts.push(condition(field, operator, operand, `${place}/${name}`, spent));
	}
	if (between.length > 0) parts.push(range(field, between, place));
	return all(parts);
}

function condition(
	field: string,
	operator: Exclude<Operator, Bound>,
	operand: unknown,
	place: string,
	spent: Spent,
): Filter {
	switch (operator) {
		case 'eq':
			return equal(field, operand, place);
		case 'ne':
			return { op: 'not', of: equal(field, operand, place) };
		case 'in':
			return oneOf(field, operand, place, spent);
		case 'nin':
			return { op: 'not', of: oneOf(field, operand, place, spent) };
		case 'prefix':
			if (typeof operand !== 'string' || operand === '') {
				throw refused(place, 'must be the beginning of a text', operand);
			}
			return { op: 'prefix', field, text: checkText(operand, place) };
		case 'exists':
			if (typeof operand !== 'boolean') throw refused(place, 'must be true or false', operand);
			return operand ? { op: 'exists', field } : { op: 'not', of: { op: 'exists', field } };
	}
}

/** Null is what a field without a value is equal to. */
const equal = (field: string, value: unknown, place: string): Filter =>
	value === null
		? { op: 'not', of: { op: 'exists', field } }
		: { op: 'in', field, values: [scalar(value, place)] };

function oneOf(field: string, given: unknown, place: string, spent: Spent): Filter {
	if (!Array.isArray(given) || given.length === 0) {
		throw refused(place, 'must be a list of at least one value', given);
	}
	spent.values += given.length;
	if (spent.values > limits.filterValues) {
		throw refused(
			place,
			`must be short: at most ${limits.filterValues} values stand in all lists of a filter`,
			given,
		);
	}
	return { op: 'in', field, values: [...new Set(given.map((value, at) => scalar(value, `${place}/${at}`)))] };
}

function range(field: string, between: readonly [Bound, unknown][], place: string): Filter {
	const read = between.map(([bound, operand]) => {
		if (typeof operand === 'number' && Number.isFinite(operand))
			return { bound, unit: 'number', at: operand };
		const at = typeof operand === 'string' && operand.length <= 40 ? momentOf(operand) : null;
		if (at !== null) return { bound, unit: 'date', at: Math.floor(at) };
		throw refused(`${place}/${bound}`, 'must be a number, or a date such as 2026-01-31', operand);
	});
	const [first, ...more] = read;
	if (more.some(({ unit }) => unit !== first?.unit)) {
		throw refused(place, 'must have bounds of one kind: numbers, or dates');
	}
	return {
		op: 'range',
		field,
		unit: first?.unit === 'date' ? 'date' : 'number',
		bounds: Object.fromEntries(read.map(({ bound, at }) => [bound, at])),
	};
}

function scalar(value: unknown, place: string): FilterValue {
	if (typeof value === 'string') return checkText(value, place);
	// -0 and 0 are equal, and JSON writes both as 0.
	if (typeof value === 'number' && Number.isFinite(value)) return value + 0;
	if (typeof value === 'boolean') return value;
	throw refused(place, 'must be a text, a number, true or false', value);
}

function checkText(text: string, place: string): string {
	if (text.length > limits.filterTextChars) {
		throw refused(place, `must have at most ${limits.filterTextChars} characters`, text);
	}
	if (!text.isWellFormed()) throw refused(place, 'must be well-formed Unicode');
	return text;
}

/** Throws `invalid` where the name is none that documents can be filtered by. */
export function checkFieldName(name: string, place: string): void {
	if (ownNames.has(name) && !filterable.has(name)) {
		throw refused(
			place,
			`cannot be filtered by; beside names of metadata there are ${filterableFields.join(', ')}`,
		);
	}
	if (name.startsWith('metadata.')) {
		throw refused(place, 'must be the name alone, without metadata. in front');
	}
	if (!fieldNameRule.test(name) || !name.isWellFormed()) {
		throw refused(
			place,
			`is not the name of a field: 1 to ${limits.metadataNameChars} characters without quotes, backslashes and control characters`,
		);
	}
}

const all = (of: readonly Filter[]): Filter => (of.length === 1 ? (of[0] as Filter) : { op: 'and', of });

/** As Mongo, Pinecone and Chroma write operators. */
const withoutDollar = (name: string): string => (name.startsWith('$') ? name.slice(1) : name);

const isObject = (value: unknown): value is Record<string, unknown> =>
	typeof value === 'object' && value !== null && !Array.isArray(value);

const clip = (text: string, length: number) =>
	(text.length > length ? `${text.slice(0, length - 1)}…` : text).toWellFormed();

function got(value: unknown): string {
	if (value === undefined) return '';
	if (Array.isArray(value)) return `, got a list of ${value.length}`;
	if (isObject(value)) return ', got an object';
	return `, got ${typeof value === 'number' ? value : clip(JSON.stringify(value), 80)}`;
}

const tooMany = (place: string) =>
	refused(place, `is too much: a filter has at most ${limits.filterConditions} conditions`);

function refused(place: string, demand: string, value?: unknown): DocDropError {
	const field = clip(place, 200);
	return new DocDropError('invalid', `${field} ${demand}${got(value)}`, { field });
}

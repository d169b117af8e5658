/**
 * Which points a search is about, as SQL: those of some of a tenant's documents ($tenant). Values are parameters. Pure.
 */
import type { FieldFilter, Filter, FilterValue } from '../../domain/index.ts';

type Params = Readonly<Record<string, string | number>>;

export interface Within {
	/** The numbers of the points as a sub-select; null: all of the tenant's. */
	readonly rows: string | null;
	readonly params: Params;
}

export function withinOf({
	docId,
	filter,
}: {
	readonly docId: string | null;
	readonly filter: Filter | null;
}): Within {
	const filtered = filter === null ? null : filterSql(filter);
	const conditions = [
		...(docId === null ? [] : ['docs.doc_id = $doc']),
		...(filtered === null ? [] : [filtered.sql]),
	];
	if (conditions.length === 0) return { rows: null, params: {} };
	// The plus keeps SQLite from going through all of a tenant's documents where the filter itself finds its own.
	const tenant = docId === null && filter !== null && isSelective(filter) ? '+docs.tenant' : 'docs.tenant';
	const docs = `SELECT doc FROM docs WHERE ${tenant} = $tenant AND ${conditions.join(' AND ')}`;
	return {
		rows: `(SELECT point FROM points WHERE doc IN (${docs}))`,
		params: { ...filtered?.params, ...(docId !== null && { $doc: docId }) },
	};
}

/** Above every text that begins with the one before it: no byte of UTF-8 is as high. */
const above = (text: string) => `${text} || CAST(X'FF' AS TEXT)`;
const comparisons = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;

function filterSql(filter: Filter): { sql: string; params: Params } {
	const params: Record<string, string | number> = {};
	const bind = (value: string | number): string => {
		const name = `$f${Object.keys(params).length}`;
		params[name] = value;
		return name;
	};
	return { sql: condition(filter, bind), params };
}

type Bind = (value: string | number) => string;

/**
 * Of several parts that must hold, one leads to documents, and the others are tried on each of these (`isEach`): looked
 * up by itself, a part that most documents satisfy would cost as much as all of them.
 */
function condition(filter: Filter, bind: Bind, isEach = false): string {
	switch (filter.op) {
		case 'and': {
			const leader = isEach ? undefined : leaderOf(filter.of);
			const parts = filter.of.map((one) =>
				condition(one, bind, isEach || (leader !== undefined && one !== leader)),
			);
			return `(${parts.join(' AND ')})`;
		}
		case 'or':
			// A single set: SQLite looks for documents by several alternatives only one by one.
			if (!isEach && isSelective(filter)) return `docs.doc IN (${selects(filter, bind).join(' UNION ALL ')})`;
			return `(${filter.of.map((one) => condition(one, bind, isEach)).join(' OR ')})`;
		case 'not':
			return `NOT ${condition(filter.of, bind, isEach)}`;
		default:
			if (filter.field === 'docId') return ofDocId(filter, bind);
			return isEach
				? `EXISTS (SELECT 1 FROM doc_values INDEXED BY doc_values_by_doc WHERE doc = docs.doc AND ${valueSql(filter, bind)})`
				: `docs.doc IN (${selects(filter, bind).join('')})`;
	}
}

/** Which part of several finds the fewest documents, by its kind alone; none where each would look at all of them. */
function leaderOf(parts: readonly Filter[]): Filter | undefined {
	return parts.filter(isSelective).toSorted((a, b) => breadthOf(a) - breadthOf(b))[0];
}

/** A guess: a document has one of many authors, and is archived or not. */
function breadthOf(filter: Filter): number {
	if (filter.op === 'in' && filter.values.every((value) => typeof value === 'boolean')) return kinds.length;
	return kinds.indexOf(filter.op);
}
const kinds: readonly Filter['op'][] = ['in', 'prefix', 'and', 'or', 'range', 'exists'];

/** The documents of a field's values, and of each of several alternatives, as `doc_values` finds them. */
function selects(filter: Filter, bind: Bind): string[] {
	switch (filter.op) {
		case 'and':
		case 'or':
			return filter.of.flatMap((one) => selects(one, bind));
		case 'not':
			return [];
		default:
			return [`SELECT doc FROM doc_values WHERE tenant = $tenant AND ${valueSql(filter, bind)}`];
	}
}

function valueSql(filter: FieldFilter, bind: Bind): string {
	const named = `name = ${bind(filter.field)}`;
	switch (filter.op) {
		case 'exists':
			return named;
		case 'in': {
			const values = filter.values.map((value) => `(${kindOf(value)}, ${bind(plain(value))})`);
			return `${named} AND (kind, value) IN (VALUES ${values.join(', ')})`;
		}
		case 'prefix': {
			const text = bind(filter.text);
			return `${named} AND kind = 'text' AND value >= ${text} AND value < ${above(text)}`;
		}
		case 'range': {
			const within = Object.entries(filter.bounds).map(
				([bound, at]) => ` AND value ${comparisons[bound as keyof typeof comparisons]} ${bind(at)}`,
			);
			return `${named} AND kind = '${filter.unit}'${within.join('')}`;
		}
	}
}

function ofDocId(filter: FieldFilter, bind: Bind): string {
	switch (filter.op) {
		case 'in':
			return `docs.doc_id IN (${filter.values
				.filter((value) => typeof value === 'string')
				.map(bind)
				.join(', ')})`;
		case 'prefix': {
			const text = bind(filter.text);
			return `(docs.doc_id >= ${text} AND docs.doc_id < ${above(text)})`;
		}
		case 'exists':
			return 'TRUE';
		case 'range':
			return 'FALSE';
	}
}

/** SQLite finds the documents by it alone, without going through all of the tenant's. */
function isSelective(filter: Filter): boolean {
	switch (filter.op) {
		case 'and':
			return filter.of.some(isSelective);
		case 'or':
			return filter.of.every((one) => one.op !== 'and' && isSelective(one));
		case 'not':
			return false;
		default:
			return filter.field !== 'docId';
	}
}

const kindOf = (value: FilterValue) =>
	({ string: `'text'`, number: `'number'`, boolean: `'flag'` })[
		typeof value as 'string' | 'number' | 'boolean'
	];
const plain = (value: FilterValue): string | number => (typeof value === 'boolean' ? Number(value) : value);

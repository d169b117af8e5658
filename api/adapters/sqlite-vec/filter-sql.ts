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

function condition(filter: Filter, bind: Bind): string {
	const selected = select(filter, bind);
	if (selected !== null) return `docs.doc IN (${selected})`;
	switch (filter.op) {
		case 'and':
			return `(${filter.of.map((one) => condition(one, bind)).join(' AND ')})`;
		case 'or':
			return `(${filter.of.map((one) => condition(one, bind)).join(' OR ')})`;
		case 'not':
			return `NOT ${condition(filter.of, bind)}`;
		default:
			return ofDocId(filter, bind);
	}
}

/** The documents themselves, where a look into `doc_values` finds them. */
function select(filter: Filter, bind: Bind): string | null {
	switch (filter.op) {
		case 'and':
		case 'not':
			return null;
		case 'or':
			// None of the parts may be left half bound.
			if (!isSelective(filter)) return null;
			return filter.of.map((one) => select(one, bind)).join(' UNION ALL ');
		default: {
			if (filter.field === 'docId') return null;
			const field = `tenant = $tenant AND name = ${bind(filter.field)}`;
			return `SELECT doc FROM doc_values WHERE ${field}${valueSql(filter, bind)}`;
		}
	}
}

function valueSql(filter: FieldFilter, bind: Bind): string {
	switch (filter.op) {
		case 'exists':
			return '';
		case 'in':
			return ` AND (kind, value) IN (VALUES ${filter.values.map((value) => `(${kindOf(value)}, ${bind(plain(value))})`).join(', ')})`;
		case 'prefix': {
			const text = bind(filter.text);
			return ` AND kind = 'text' AND value >= ${text} AND value < ${above(text)}`;
		}
		case 'range': {
			const within = Object.entries(filter.bounds).map(
				([bound, at]) => ` AND value ${comparisons[bound as keyof typeof comparisons]} ${bind(at)}`,
			);
			return ` AND kind = '${filter.unit}'${within.join('')}`;
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

/**
 * One collection of the Qdrant double, in memory: points, filters, searches. Follows the server where that
 * shows through the API: unit vectors under Cosine, idf over the whole collection, ids in lower case, pages
 * by id, a null in `set_payload` removes the key. Equal scores come in an order that nobody should rely on.
 */
import { momentOf } from '../../api/domain/iso-date.ts';
import { Refusal, isObject } from './qdrant-shapes.ts';

type Payload = Record<string, unknown>;
type PointId = string | number;

export interface DoublePoint {
	readonly id: PointId;
	dense: Float32Array;
	sparse: { readonly indices: Uint32Array; readonly values: Float32Array } | null;
	payload: Payload;
}

export interface CollectionConfig {
	readonly vectors: { readonly size: number; readonly distance: string };
	readonly sparse_vectors?: Readonly<Record<string, { readonly modifier?: string }>>;
	readonly metadata?: Payload;
}

type Condition = Payload;
export interface Filter {
	readonly must?: Condition | Condition[];
	readonly should?: Condition | Condition[];
	readonly must_not?: Condition | Condition[];
}
interface SparseJson {
	readonly indices: number[];
	readonly values: number[];
}
export interface PointJson {
	readonly id: PointId;
	readonly vector: number[] | Record<string, number[] | SparseJson>;
	readonly payload?: Payload;
}
/** A list names the fields that are wanted. */
export type WithPayload = boolean | readonly string[];
export interface QueryJson {
	readonly query: number[] | SparseJson;
	readonly using?: string;
	readonly filter?: Filter;
	readonly limit?: number;
	readonly with_payload?: WithPayload;
	readonly with_vector?: boolean | string[];
}

function pick(payload: Payload, paths: readonly string[]): Payload {
	const picked: Payload = {};
	for (const path of paths) {
		let from: unknown = payload;
		let into = picked;
		const steps = parsePath(path);
		for (const [place, step] of steps.entries()) {
			if (!isObject(from) || !Object.hasOwn(from, step)) break;
			from = from[step];
			if (place === steps.length - 1) into[step] = from;
			else into = (into[step] ??= {}) as Payload;
		}
	}
	return picked;
}

export function plainId(id: PointId): PointId {
	if (typeof id === 'number') return id;
	const hex = id.toLowerCase().replaceAll('-', '');
	return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Numbers before UUIDs, each in its own order. */
const byId = (a: PointId, b: PointId) =>
	typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) : typeof a === 'number' ? -1 : 1;

/** `a.b."c d"` as its keys; array steps are not known here. */
function parsePath(path: string): string[] {
	const steps = path.match(/"[^"\\]*"|[\p{Alphabetic}\p{Number}_-]+/gu) ?? [];
	const keys = steps.map((step) => step.replaceAll('"', ''));
	if (steps.join('.') !== path || keys.length === 0)
		throw new Refusal(400, `Format error: invalid path ${path}`);
	return keys;
}

function valuesAt(payload: unknown, path: readonly string[]): unknown[] {
	let value = payload;
	for (const key of path) value = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
	return Array.isArray(value) ? value : value === undefined ? [] : [value];
}

function merge(target: Payload, source: Payload): void {
	for (const [name, value] of Object.entries(source)) {
		if (value === null) delete target[name];
		else target[name] = structuredClone(value);
	}
}

const many = (conditions: Condition | Condition[] | undefined): Condition[] =>
	conditions === undefined ? [] : Array.isArray(conditions) ? conditions : [conditions];

function compileCondition(condition: Condition): (point: DoublePoint) => boolean {
	if ('has_id' in condition) {
		const ids = new Set((condition['has_id'] as PointId[]).map(plainId));
		return (point) => ids.has(point.id);
	}
	if ('is_empty' in condition) {
		const path = parsePath((condition['is_empty'] as { key: string }).key);
		return (point) => valuesAt(point.payload, path).every((value) => value === null);
	}
	if (!('key' in condition)) return compile(condition);
	const path = parsePath(condition['key'] as string);
	const range = condition['range'] as Range | undefined;
	if (range !== undefined) return inRange(path, range);
	const { value, any, prefix } = condition['match'] as { value?: unknown; any?: unknown[]; prefix?: string };
	if (prefix !== undefined)
		return (point) =>
			valuesAt(point.payload, path).some((v) => typeof v === 'string' && v.startsWith(prefix));
	const wanted = new Set(any ?? [value]);
	return (point) => valuesAt(point.payload, path).some((v) => wanted.has(v));
}

type Range = Partial<Record<'lt' | 'lte' | 'gt' | 'gte', number | string>>;

/** Between numbers, or between dates where the bounds are texts. */
function inRange(path: readonly string[], range: Range): (point: DoublePoint) => boolean {
	const isDates = Object.values(range).some((bound) => typeof bound === 'string');
	const at = (bound: number | string | undefined) => (typeof bound === 'string' ? momentOf(bound) : bound);
	const lt = at(range.lt) ?? Infinity;
	const lte = at(range.lte) ?? Infinity;
	const gt = at(range.gt) ?? -Infinity;
	const gte = at(range.gte) ?? -Infinity;
	return (point) =>
		valuesAt(point.payload, path).some((found) => {
			const v = isDates && typeof found === 'string' ? momentOf(found) : isDates ? null : found;
			return typeof v === 'number' && v < lt && v <= lte && v > gt && v >= gte;
		});
}

export function compile(filter: Filter | undefined): (point: DoublePoint) => boolean {
	const must = many(filter?.must).map(compileCondition);
	const should = many(filter?.should).map(compileCondition);
	const mustNot = many(filter?.must_not).map(compileCondition);
	return (point) =>
		must.every((holds) => holds(point)) &&
		(should.length === 0 || should.some((holds) => holds(point))) &&
		!mustNot.some((holds) => holds(point));
}

export function createCollection(config: CollectionConfig) {
	const points = new Map<PointId, DoublePoint>();
	const documentFrequency = new Map<number, number>();
	const indexes: Record<string, { data_type: string; params?: unknown }> = {};
	const sparseNames = Object.keys(config.sparse_vectors ?? {});
	let withSparse = 0;
	let sorted: PointId[] | null = null;

	function countTerms(point: DoublePoint | undefined, by: 1 | -1) {
		if (point?.sparse == null) return;
		withSparse += by;
		for (const term of point.sparse.indices)
			documentFrequency.set(term, (documentFrequency.get(term) ?? 0) + by);
	}

	function toDense(vector: readonly number[] | undefined): Float32Array {
		if (vector === undefined) throw new Refusal(400, 'Wrong input: Not existing vector name error: ');
		const { size, distance } = config.vectors;
		if (vector.length !== size) {
			const got = `expected dim: ${size}, got ${vector.length}`;
			throw new Refusal(400, `Wrong input: Vector dimension error: ${got}`);
		}
		const dense = Float32Array.from(vector);
		const length = distance === 'Cosine' ? Math.sqrt(dense.reduce((sum, v) => sum + v * v, 0)) : 1;
		return length === 0 ? dense : dense.map((v) => v / length);
	}

	function toPoint({ id, vector, payload = {} }: PointJson): DoublePoint {
		const named: Record<string, number[] | SparseJson> = Array.isArray(vector) ? { '': vector } : vector;
		let sparse: DoublePoint['sparse'] = null;
		for (const [name, value] of Object.entries(named)) {
			if (name === '' && Array.isArray(value)) continue;
			if (!sparseNames.includes(name)) {
				throw new Refusal(400, `Wrong input: Not existing vector name error: ${name}`);
			}
			if (Array.isArray(value)) throw new Refusal(400, 'Wrong input: Wrong usage of sparse vectors');
			const order = value.indices.map((_, at) => at).sort((a, b) => value.indices[a]! - value.indices[b]!);
			sparse = {
				indices: Uint32Array.from(order, (at) => value.indices[at]!),
				values: Float32Array.from(order, (at) => value.values[at]!),
			};
		}
		return { id: plainId(id), dense: toDense(named[''] as number[] | undefined), sparse, payload };
	}

	function select(selector: { points?: PointId[]; filter?: Filter }): DoublePoint[] {
		if (selector.points !== undefined) {
			return selector.points.map((id) => {
				const point = points.get(plainId(id));
				if (point === undefined) throw new Refusal(404, `Not found: No point with id ${id}`);
				return point;
			});
		}
		if (selector.filter === undefined) throw new Refusal(400, 'Bad request: No points or filter specified');
		const has = many(selector.filter.must).find((condition) => 'has_id' in condition)?.['has_id'];
		const from = Array.isArray(has) ? has.map((id: PointId) => points.get(plainId(id))) : points.values();
		const holds = compile(selector.filter);
		return [...from].filter((point) => point !== undefined).filter(holds);
	}

	function output(point: DoublePoint, withPayload: WithPayload, withVector: boolean | string[]) {
		const asked = (name: string) =>
			withVector === true || (Array.isArray(withVector) && withVector.includes(name));
		const named: Record<string, unknown> = {};
		if (asked('')) named[''] = [...point.dense];
		for (const name of sparseNames) {
			if (!asked(name) || point.sparse === null) continue;
			named[name] = { indices: [...point.sparse.indices], values: [...point.sparse.values] };
		}
		const names = Object.keys(named);
		return {
			id: point.id,
			...(withPayload !== false && {
				payload: withPayload === true ? point.payload : pick(point.payload, withPayload),
			}),
			...(names.length > 0 && { vector: names.length === 1 && names[0] === '' ? named[''] : named }),
		};
	}

	function sparseScores(query: SparseJson, name: string): (point: DoublePoint) => number | null {
		if (!sparseNames.includes(name))
			throw new Refusal(400, `Wrong input: Not existing vector name error: ${name}`);
		const idf = config.sparse_vectors?.[name]?.modifier === 'idf';
		const weights = query.indices.map((term, at) => {
			const df = documentFrequency.get(term) ?? 0;
			return query.values[at]! * (idf ? Math.log((withSparse - df + 0.5) / (df + 0.5) + 1) : 1);
		});
		return ({ sparse }) => {
			let score: number | null = null;
			if (sparse === null) return score;
			query.indices.forEach((term, nth) => {
				const at = search(sparse.indices, term);
				if (at >= 0) score = (score ?? 0) + weights[nth]! * sparse.values[at]!;
			});
			return score;
		};
	}

	function denseScores(query: readonly number[]): (point: DoublePoint) => number {
		const wanted = toDense(query);
		return ({ dense }) => {
			let sum = 0;
			for (let at = 0; at < dense.length; at += 1) sum += dense[at]! * wanted[at]!;
			return sum;
		};
	}

	return {
		config,
		indexes,
		points: () => points,
		restore(all: readonly DoublePoint[]): void {
			points.clear();
			documentFrequency.clear();
			withSparse = 0;
			sorted = null;
			for (const point of structuredClone(all)) {
				points.set(point.id, point);
				countTerms(point, 1);
			}
		},
		upsert(
			list: readonly PointJson[],
			options: { update_filter?: Filter | undefined; update_mode?: string | undefined } = {},
		): void {
			const allowed = options.update_filter === undefined ? () => true : compile(options.update_filter);
			for (const point of list.map(toPoint)) {
				const old = points.get(point.id);
				if (old !== undefined && (options.update_mode === 'insert_only' || !allowed(old))) continue;
				if (old === undefined && options.update_mode === 'update_only') continue;
				countTerms(old, -1);
				countTerms(point, 1);
				points.set(point.id, point);
				if (old === undefined) sorted = null;
			}
		},
		remove(selector: { points?: PointId[]; filter?: Filter }): void {
			// Deleting an id that is not there is no error, unlike changing its payload.
			const ids = selector.points?.map(plainId) ?? select(selector).map((point) => point.id);
			for (const id of ids) {
				countTerms(points.get(id), -1);
				if (points.delete(id)) sorted = null;
			}
		},
		setPayload(
			change: { payload: Payload; points?: PointId[]; filter?: Filter; key?: string },
			whole: boolean,
		): void {
			const path = change.key === undefined ? [] : parsePath(change.key);
			for (const point of select(change)) {
				point.payload = whole ? {} : point.payload;
				let target = point.payload;
				for (const key of path) {
					if (!isObject(target[key])) target[key] = {};
					target = target[key] as Payload;
				}
				merge(target, change.payload);
			}
		},
		deletePayload(change: { keys: string[]; points?: PointId[]; filter?: Filter }): void {
			const paths = change.keys.map(parsePath);
			for (const point of select(change)) {
				for (const path of paths) {
					const [target] = valuesAt(point.payload, path.slice(0, -1));
					if (isObject(target)) delete target[path.at(-1)!];
				}
			}
		},
		retrieve(ids: readonly PointId[], withPayload: WithPayload, withVector: boolean | string[]) {
			const found = ids.map((id) => points.get(plainId(id))).filter((point) => point !== undefined);
			return found.map((point) => output(point, withPayload, withVector));
		},
		count: (filter: Filter | undefined) => (filter === undefined ? points.size : select({ filter }).length),
		facet({ key, filter, limit = 10 }: { key: string; filter?: Filter; limit?: number }) {
			if (indexes[key]?.data_type !== 'keyword')
				throw new Refusal(400, `Bad request: Index required but not found for "${key}"`);
			const counts = new Map<unknown, number>();
			for (const point of filter === undefined ? points.values() : select({ filter }))
				for (const value of valuesAt(point.payload, parsePath(key)))
					counts.set(value, (counts.get(value) ?? 0) + 1);
			const hits = Array.from(counts, ([value, count]) => ({ value, count }));
			return hits.sort((a, b) => b.count - a.count).slice(0, limit);
		},
		scroll(request: {
			offset?: PointId;
			limit?: number;
			filter?: Filter;
			with_payload?: WithPayload;
			with_vector?: boolean | string[];
		}) {
			const { limit = 10, with_payload = true, with_vector = false } = request;
			sorted ??= [...points.keys()].sort(byId);
			const holds = compile(request.filter);
			const start = request.offset === undefined ? 0 : firstAtLeast(sorted, plainId(request.offset));
			const page: DoublePoint[] = [];
			for (let at = start; at < sorted.length && page.length <= limit; at += 1) {
				const point = points.get(sorted[at]!)!;
				if (holds(point)) page.push(point);
			}
			const next = page.length > limit ? page.pop()!.id : null;
			return {
				points: page.map((point) => output(point, with_payload, with_vector)),
				next_page_offset: next,
			};
		},
		query({ query, using = '', filter, limit = 10, with_payload = false, with_vector = false }: QueryJson) {
			if (Array.isArray(query) !== (using === ''))
				throw new Refusal(400, `Wrong input: Not existing vector name error: ${using}`);
			const score = Array.isArray(query) ? denseScores(query) : sparseScores(query, using);
			const holds = compile(filter);
			const hits: { point: DoublePoint; score: number }[] = [];
			for (const point of points.values()) {
				if (!holds(point)) continue;
				const found = score(point);
				if (found !== null) hits.push({ point, score: Math.fround(found) });
			}
			hits.sort((a, b) => b.score - a.score || byId(b.point.id, a.point.id));
			return {
				points: hits.slice(0, limit).map(({ point, score }) => ({
					...output(point, with_payload, with_vector),
					version: 0,
					score,
				})),
			};
		},
	};
}

export type DoubleCollection = ReturnType<typeof createCollection>;

function search(indices: Uint32Array, term: number): number {
	let low = 0;
	let high = indices.length - 1;
	while (low <= high) {
		const middle = (low + high) >> 1;
		const found = indices[middle]!;
		if (found === term) return middle;
		if (found < term) low = middle + 1;
		else high = middle - 1;
	}
	return -1;
}

function firstAtLeast(ids: readonly PointId[], id: PointId): number {
	let low = 0;
	let high = ids.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (byId(ids[middle]!, id) < 0) low = middle + 1;
		else high = middle;
	}
	return low;
}

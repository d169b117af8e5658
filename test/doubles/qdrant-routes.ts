/**
 * The API of the Qdrant double: every request it knows, what its body must look like, and what it does.
 * Names and shapes are those of Qdrant's OpenAPI (1.19).
 */
import {
	createCollection,
	type CollectionConfig,
	type DoubleCollection,
	type Filter,
	type PointJson,
	type QueryJson,
	type WithPayload,
} from './qdrant-collection.ts';
import { Refusal, bodies, type Check } from './qdrant-shapes.ts';

type Ids = (string | number)[];
interface Selector {
	readonly points?: Ids;
	readonly filter?: Filter;
}
interface UpsertJson {
	readonly points: PointJson[];
	readonly update_filter?: Filter;
	readonly update_mode?: string;
}
interface SetPayloadJson extends Selector {
	readonly payload: Record<string, unknown>;
	readonly key?: string;
}
interface DeletePayloadJson extends Selector {
	readonly keys: string[];
}
interface ReadJson {
	readonly with_payload?: WithPayload;
	readonly with_vector?: boolean | string[];
}

export interface RequestContext {
	readonly collections: Map<string, DoubleCollection>;
	/** Of the collection in the path. */
	readonly name: string;
	/** What the path holds after the route's own words. */
	readonly rest: string;
	readonly body: unknown;
	/** Throws for points that a test wants refused. */
	readonly inspect: (points: readonly PointJson[]) => void;
	/** Makes an upsert two steps, so that a fault can stop between them. */
	readonly halves: boolean;
}

export interface Route {
	/** Query parameters. */
	readonly params?: readonly string[];
	readonly check?: Check;
	/** What the log counts. */
	readonly items?: (body: unknown) => number;
	readonly read?: (context: RequestContext) => unknown;
	/** Changes collections; the answer is what it returns. */
	readonly manage?: (context: RequestContext) => unknown;
	/** Changes points, one step after the other; `results` update results are the answer. */
	readonly steps?: (context: RequestContext) => (() => void)[];
	/** The answer is a list of update results. */
	readonly many?: boolean;
}

function target({ collections, name }: RequestContext): DoubleCollection {
	const found = collections.get(name);
	if (found === undefined) throw new Refusal(404, `Not found: Collection \`${name}\` doesn't exist!`);
	return found;
}

function upsertSteps(context: RequestContext, { points, ...options }: UpsertJson): (() => void)[] {
	const half = context.halves ? Math.ceil(points.length / 2) : points.length;
	return [points.slice(0, half), points.slice(half)]
		.filter((some, at) => at === 0 || some.length > 0)
		.map((some) => () => {
			context.inspect(some);
			target(context).upsert(some, options);
		});
}

function operationSteps(context: RequestContext, operation: Record<string, unknown>): (() => void)[] {
	const [[kind, change]] = Object.entries(operation) as [[string, unknown]];
	const points = target(context);
	if (kind === 'upsert') return upsertSteps(context, change as UpsertJson);
	if (kind === 'delete') return [() => points.remove(change as Selector)];
	if (kind === 'delete_payload') return [() => points.deletePayload(change as DeletePayloadJson)];
	return [() => points.setPayload(change as SetPayloadJson, kind === 'overwrite_payload')];
}

const length = (field: string) => (body: unknown) => (body as Record<string, unknown[]>)[field]?.length ?? 0;
const updateParams = ['wait', 'ordering', 'timeout'];
const readParams = ['consistency', 'timeout'];

function info(collection: DoubleCollection): unknown {
	const { vectors, sparse_vectors, metadata } = collection.config;
	const points = collection.points().size;
	return {
		status: 'green',
		optimizer_status: 'ok',
		points_count: points,
		segments_count: 1,
		config: { params: { vectors, ...(sparse_vectors && { sparse_vectors }) }, ...(metadata && { metadata }) },
		payload_schema: Object.fromEntries(
			Object.entries(collection.indexes).map(([field, index]) => [field, { ...index, points }]),
		),
	};
}

export const routes: Readonly<Record<string, Route>> = {
	'GET /collections': {
		read: ({ collections }) => ({ collections: [...collections.keys()].map((name) => ({ name })) }),
	},
	'GET /collections/{c}': { read: (context) => info(target(context)) },
	'GET /collections/{c}/exists': { read: ({ collections, name }) => ({ exists: collections.has(name) }) },
	'PUT /collections/{c}': {
		params: ['timeout'],
		check: bodies.createCollection,
		manage: ({ collections, name, body }) => {
			if (collections.has(name))
				throw new Refusal(409, `Wrong input: Collection \`${name}\` already exists!`);
			collections.set(name, createCollection(body as CollectionConfig));
			return true;
		},
	},
	'DELETE /collections/{c}': {
		params: ['timeout'],
		manage: ({ collections, name }) => collections.delete(name),
	},
	'PUT /collections/{c}/index': {
		params: updateParams,
		check: bodies.createIndex,
		steps: (context) => [
			() => {
				const { field_name, field_schema } = context.body as {
					field_name: string;
					field_schema: string | { type: string };
				};
				target(context).indexes[field_name] =
					typeof field_schema === 'string'
						? { data_type: field_schema }
						: { data_type: field_schema.type, params: field_schema };
			},
		],
	},
	'DELETE /collections/{c}/index/{x}': {
		params: updateParams,
		steps: (context) => [() => void delete target(context).indexes[context.rest]],
	},
	'PUT /collections/{c}/points': {
		params: updateParams,
		check: bodies.upsert,
		items: length('points'),
		steps: (context) => upsertSteps(context, context.body as UpsertJson),
	},
	'POST /collections/{c}/points/batch': {
		params: updateParams,
		check: bodies.batch,
		items: length('operations'),
		many: true,
		steps: (context) =>
			(context.body as { operations: Record<string, unknown>[] }).operations.flatMap((operation) =>
				operationSteps(context, operation),
			),
	},
	'POST /collections/{c}/points/delete': {
		params: updateParams,
		check: bodies.selector,
		steps: (context) => operationSteps(context, { delete: context.body }),
	},
	'POST /collections/{c}/points/payload': {
		params: updateParams,
		check: bodies.setPayload,
		steps: (context) => operationSteps(context, { set_payload: context.body }),
	},
	'PUT /collections/{c}/points/payload': {
		params: updateParams,
		check: bodies.setPayload,
		steps: (context) => operationSteps(context, { overwrite_payload: context.body }),
	},
	'POST /collections/{c}/points/payload/delete': {
		params: updateParams,
		check: bodies.deletePayload,
		steps: (context) => operationSteps(context, { delete_payload: context.body }),
	},
	'POST /collections/{c}/points': {
		params: readParams,
		check: bodies.retrieve,
		read: (context) => {
			const { ids, with_payload = true, with_vector = false } = context.body as ReadJson & { ids: Ids };
			return target(context).retrieve(ids, with_payload, with_vector);
		},
	},
	'POST /collections/{c}/points/scroll': {
		params: readParams,
		check: bodies.scroll,
		read: (context) =>
			target(context).scroll(context.body as ReadJson & { offset?: string; limit?: number; filter?: Filter }),
	},
	'POST /collections/{c}/points/count': {
		params: readParams,
		check: bodies.count,
		read: (context) => ({ count: target(context).count((context.body as Selector).filter) }),
	},
	'POST /collections/{c}/facet': {
		params: readParams,
		check: bodies.facet,
		read: (context) => ({
			hits: target(context).facet(context.body as Selector & { key: string; limit?: number }),
		}),
	},
	'POST /collections/{c}/points/query': {
		params: readParams,
		check: bodies.query,
		read: (context) => target(context).query(context.body as QueryJson),
	},
	'POST /collections/{c}/points/query/batch': {
		params: readParams,
		check: bodies.queryBatch,
		items: length('searches'),
		read: (context) =>
			(context.body as { searches: QueryJson[] }).searches.map((query) => target(context).query(query)),
	},
};

/** The route of a request, with what stands in its path. */
export function findRoute(
	method: string,
	path: string,
): { route: Route | undefined; name: string; rest: string } {
	const [, root = '', name, ...tail] = path.split('/');
	if (name === undefined) return { route: routes[`${method} /${root}`], name: '', rest: '' };
	const whole = routes[`${method} /${[root, '{c}', ...tail].join('/')}`];
	if (whole !== undefined) return { route: whole, name: decodeURIComponent(name), rest: '' };
	const shape = [root, '{c}', ...tail.slice(0, -1), '{x}'].join('/');
	return {
		route: routes[`${method} /${shape}`],
		name: decodeURIComponent(name),
		rest: decodeURIComponent(tail.at(-1) ?? ''),
	};
}

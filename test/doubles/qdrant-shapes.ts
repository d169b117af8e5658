/**
 * What a request to the Qdrant double may look like: the shapes of Qdrant's OpenAPI (1.19) as far as DocDrop
 * uses them, and nothing else. The real server ignores most unknown fields; the double refuses them, so that
 * a misspelt one is found here and not in production.
 */

/** A request that Qdrant would refuse, or that the double does not know. */
export class Refusal extends Error {
	readonly status: number;
	constructor(status: number, message: string) {
		super(message);
		this.status = status;
	}
}

export type Check = (value: unknown, where: string) => void;

const refuse = (where: string, demand: string) =>
	new Refusal(400, `Format error in JSON body: ${where} ${demand}`);
const test =
	(passes: (value: unknown) => boolean, demand: string): Check =>
	(value, where) => {
		if (!passes(value)) throw refuse(where, demand);
	};

export const isObject = (value: unknown): value is Record<string, unknown> =>
	typeof value === 'object' && value !== null && !Array.isArray(value);

const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

export const bool = test((v) => typeof v === 'boolean', 'must be a boolean');
export const text = test((v) => typeof v === 'string', 'must be a string');
export const finite = test((v) => typeof v === 'number' && Number.isFinite(v), 'must be a number');
export const count = test(
	(v) => Number.isSafeInteger(v) && (v as number) >= 1,
	'must be an integer of at least 1',
);
export const payload = test(isObject, 'must be an object');
export const id = test(
	(v) => (typeof v === 'string' && uuid.test(v)) || (Number.isSafeInteger(v) && (v as number) >= 0),
	'is not a valid point ID, valid values are either an unsigned integer or a UUID',
);
export const oneOf = (...values: unknown[]) =>
	test((v) => values.includes(v), `must be one of ${values.join(', ')}`);

export const list =
	(check: Check): Check =>
	(value, where) => {
		if (!Array.isArray(value)) throw refuse(where, 'must be an array');
		for (let at = 0; at < value.length; at += 1) check(value[at], `${where}[${at}]`);
	};

export const object =
	(required: Record<string, Check>, optional: Record<string, Check> = {}): Check =>
	(value, where) => {
		if (!isObject(value)) throw refuse(where, 'must be an object');
		for (const name of Object.keys(required)) {
			if (value[name] === undefined) throw refuse(where, `misses the field \`${name}\``);
		}
		for (const [name, item] of Object.entries(value)) {
			const check = required[name] ?? optional[name];
			if (check === undefined) throw refuse(where, `has the unknown field \`${name}\``);
			check(item, `${where}.${name}`);
		}
	};

/** The first shape whose marking field is there. */
const either =
	(shapes: Record<string, Check>): Check =>
	(value, where) => {
		const mark = isObject(value) ? Object.keys(shapes).find((name) => name in value) : undefined;
		if (mark === undefined) throw refuse(where, 'did not match any variant');
		(shapes[mark] as Check)(value, where);
	};

const oneOrMany =
	(check: Check): Check =>
	(value, where) =>
		Array.isArray(value) ? list(check)(value, where) : check(value, where);

/** Like `list`, without naming the place of each item: vectors are long. */
const every =
	(passes: (value: unknown) => boolean, demand: string): Check =>
	(value, where) => {
		if (!Array.isArray(value) || !value.every(passes)) throw refuse(where, demand);
	};
const u32 = (value: unknown) =>
	Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffffffff;
export const numbers = every(
	(v) => typeof v === 'number' && Number.isFinite(v),
	'must be an array of numbers',
);
const sparseShape = object({ indices: every(u32, 'must be an array of u32'), values: numbers });
export const sparse: Check = (value, where) => {
	sparseShape(value, where);
	const { indices, values } = value as { indices: number[]; values: number[] };
	if (indices.length !== values.length) {
		throw new Refusal(422, `Validation error in JSON body: ${where}.values: must be as many as indices`);
	}
	if (new Set(indices).size !== indices.length) {
		throw new Refusal(422, `Validation error in JSON body: ${where}.indices: must be unique`);
	}
};

const moment = test(
	(v) => typeof v === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(v),
	'must be an RFC 3339 date',
);
const bounds = (check: Check) => object({}, { lt: check, lte: check, gt: check, gte: check });
/** All of its bounds are of one kind. */
const range: Check = (value, where) =>
	isObject(value) && Object.values(value).some((bound) => typeof bound === 'string')
		? bounds(moment)(value, where)
		: bounds(finite)(value, where);
const scalar = test(
	(v) => typeof v === 'string' || Number.isSafeInteger(v) || typeof v === 'boolean',
	'must be a string, an integer or a boolean',
);
const condition: Check = (value, where) =>
	either({
		has_id: object({ has_id: list(id) }),
		match: object({
			key: text,
			match: either({
				value: object({ value: scalar }),
				any: object({ any: list(scalar) }),
				prefix: object({ prefix: text }),
			}),
		}),
		range: object({ key: text, range }),
		is_empty: object({ is_empty: object({ key: text }) }),
		must: filter,
		should: filter,
		must_not: filter,
	})(value, where);
export const filter: Check = (value, where) =>
	object({}, { must: oneOrMany(condition), should: oneOrMany(condition), must_not: oneOrMany(condition) })(
		value,
		where,
	);

const withVector: Check = (value, where) =>
	typeof value === 'boolean' ? undefined : list(text)(value, where);
const withPayload: Check = (value, where) =>
	typeof value === 'boolean' ? undefined : list(text)(value, where);
const vectors: Check = (value, where) => {
	if (Array.isArray(value)) return numbers(value, where);
	if (!isObject(value)) throw refuse(where, 'did not match any variant of VectorStruct');
	for (const [name, item] of Object.entries(value))
		(Array.isArray(item) ? numbers : sparse)(item, `${where}.${name}`);
};
const upsert = object(
	{ points: list(object({ id, vector: vectors }, { payload })) },
	{ update_filter: filter, update_mode: oneOf('upsert', 'insert_only', 'update_only') },
);
const setPayload = object({ payload }, { points: list(id), filter, key: text });
const deletePayload = object({ keys: list(text) }, { points: list(id), filter });
const selector = either({ points: object({ points: list(id) }), filter: object({ filter }) });
const query = object(
	{ query: (value, where) => (Array.isArray(value) ? numbers : sparse)(value, where) },
	{
		using: text,
		filter,
		limit: count,
		with_payload: withPayload,
		with_vector: withVector,
		params: object({}, { exact: bool }),
	},
);
const keyword = object({ type: oneOf('keyword') }, { is_tenant: bool, on_disk: bool, prefix: bool });
const plainIndex = object({ type: oneOf('float', 'datetime', 'bool') }, { on_disk: bool });
const integer = object(
	{ type: oneOf('integer') },
	{ lookup: bool, range: bool, is_principal: bool, on_disk: bool },
);
const vectorParams = object(
	{ size: count, distance: oneOf('Cosine', 'Dot', 'Euclid', 'Manhattan') },
	{ on_disk: bool },
);

export const bodies = {
	upsert,
	setPayload,
	deletePayload,
	selector,
	query,
	createCollection: object(
		{ vectors: vectorParams },
		{
			metadata: payload,
			sparse_vectors: (value, where) => {
				payload(value, where);
				for (const params of Object.values(value as object))
					object({}, { modifier: oneOf('idf', 'none') })(params, where);
			},
		},
	),
	createIndex: object({
		field_name: text,
		field_schema: (value, where) => {
			if (typeof value === 'string') return oneOf('keyword', 'integer')(value, where);
			const type = (value as { type?: unknown } | null)?.type;
			const check = type === 'integer' ? integer : type === 'keyword' ? keyword : plainIndex;
			check(value, where);
		},
	}),
	queryBatch: object({ searches: list(query) }),
	batch: object({
		operations: list(
			either({
				upsert: object({ upsert }),
				delete: object({ delete: selector }),
				set_payload: object({ set_payload: setPayload }),
				overwrite_payload: object({ overwrite_payload: setPayload }),
				delete_payload: object({ delete_payload: deletePayload }),
			}),
		),
	}),
	scroll: object(
		{},
		{ offset: id, limit: count, filter, with_payload: withPayload, with_vector: withVector },
	),
	count: object({}, { filter, exact: bool }),
	facet: object({ key: text }, { limit: count, filter, exact: bool }),
	retrieve: object({ ids: list(id) }, { with_payload: withPayload, with_vector: withVector }),
} satisfies Record<string, Check>;

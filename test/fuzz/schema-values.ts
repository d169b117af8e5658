import fc from 'fast-check';

/** Values that a JSON Schema takes, and values that it nearly takes, for requests that nobody has thought of. */
interface Schema {
	readonly type?: string | readonly string[];
	readonly const?: unknown;
	readonly enum?: readonly unknown[];
	readonly anyOf?: readonly Schema[];
	readonly format?: string;
	readonly pattern?: string;
	readonly minLength?: number;
	readonly maxLength?: number;
	readonly minimum?: number;
	readonly maximum?: number;
	readonly items?: Schema;
	readonly maxItems?: number;
	readonly properties?: Readonly<Record<string, Schema>>;
	readonly required?: readonly string[];
}

/** Of a text, a list and an object no more than this is made: many small requests find more than a few large ones. */
const most = 6;

/** What no field expects: other kinds, other signs, names that an object has anyway, and paths out of a folder. */
const strange: fc.Arbitrary<unknown> = fc.oneof(
	fc.constantFrom<unknown>(
		null,
		'',
		0,
		-1,
		1e308,
		true,
		[],
		{},
		'\u0000',
		'\ud800',
		'__proto__',
		'constructor',
	),
	fc.constantFrom(
		'../../../etc/passwd',
		'file:///etc/passwd',
		"' OR 1=1 --",
		'<script>alert(1)</script>',
		'%00%2e%2e',
	),
	fc.string({ unit: 'binary', maxLength: 40 }),
	fc.double(),
	fc.jsonValue({ maxDepth: 2 }),
);

/** One value in twenty is strange: of a request with many fields about half are then as they should be. */
export const nearly = (schema: Schema): fc.Arbitrary<unknown> =>
	fc.oneof({ weight: 19, arbitrary: valueOf(schema) }, { weight: 1, arbitrary: strange });

function valueOf(schema: Schema): fc.Arbitrary<unknown> {
	if (schema.const !== undefined) return fc.constant(schema.const);
	if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
	if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(nearly));
	switch (schema.type) {
		case 'string':
			return textOf(schema);
		case 'integer':
			return fc.integer({ min: schema.minimum ?? -2, max: Math.min(schema.maximum ?? 1_000, 2 ** 31 - 1) });
		case 'number':
			return fc.double({ min: schema.minimum ?? -2, max: schema.maximum ?? 1_000, noNaN: true });
		case 'boolean':
			return fc.boolean();
		case 'null':
			return fc.constant(null);
		case 'array':
			return fc.array(nearly(schema.items ?? {}), { maxLength: Math.min(schema.maxItems ?? most, most) });
		case 'object':
			return objectOf(schema);
		default:
			return fc.jsonValue({ maxDepth: 2 });
	}
}

function objectOf({ properties, required = [] }: Schema): fc.Arbitrary<unknown> {
	if (properties === undefined)
		return fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 });
	const fields = Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, nearly(one)]));
	const known = fc.record(fields, { requiredKeys: required.filter((name) => name in fields) });
	const stranger = fc
		.tuple(known, fc.string(), strange)
		.map(([value, name, more]) => ({ ...value, [name]: more }));
	return fc.oneof({ weight: 9, arbitrary: known }, { weight: 1, arbitrary: stranger });
}

function textOf({ pattern, format, minLength = 0, maxLength = 40 }: Schema): fc.Arbitrary<string> {
	if (format === 'uuid') return fc.uuid();
	if (format === 'date-time')
		return fc
			.date({ noInvalidDate: true, min: new Date(0), max: new Date('2100-01-01') })
			.map((date) => date.toISOString());
	const plain = fc.string({
		unit: 'grapheme',
		minLength,
		maxLength: Math.max(minLength, Math.min(maxLength, 40)),
	});
	if (pattern === undefined) return plain;
	try {
		return fc.oneof(fc.stringMatching(new RegExp(pattern, 'u'), { maxLength: 40 }), plain);
	} catch {
		// Some rules look ahead, and no text can be made of those.
		return plain;
	}
}

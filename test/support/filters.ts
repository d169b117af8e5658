import fc from 'fast-check';

/** Names and values that meet: few of each, so that a filter finds some of the documents. */
const names = ['author', 'year', 'tags', 'seen', 'due', 'odd name.x[0]', 'constructor', 'toString'] as const;
const texts = ['x', 'xy', 'Ä', '', '2026-01-31', '2026-01-31T10:00:00Z', '2026-02-31', "a'b %_"] as const;
const numbers = [0, 1, 2020, 2021.5, -3, 1e21] as const;
const dates = ['2026-01-31', '2026-01-31T10:00:00.000+01:00', '2025-12-24T00:00:00', '1969-12-31'] as const;

const scalar = fc.oneof(fc.constantFrom(...texts), fc.constantFrom(...numbers), fc.boolean());

export const anyMetadata = fc.dictionary(
	fc.constantFrom(...names),
	fc.oneof(
		{ weight: 5, arbitrary: scalar },
		fc.constantFrom(...dates),
		fc.array(scalar, { maxLength: 3 }),
		fc.constantFrom(null, { x: 1 }, [{ x: 1 }]),
	),
	{ noNullPrototype: true },
);

const ranged = fc.constantFrom(...names, 'path', 'title', 'mimeType', 'publishedAt');
const name = fc.oneof(ranged, fc.constant('docId'));
const filled = (texts: fc.Arbitrary<string>) => texts.filter((text) => text !== '');
const operators = fc.oneof(
	fc.record({ eq: fc.oneof(scalar, fc.constant(null)) }),
	fc.record({ ne: scalar }),
	fc.record({ in: fc.array(scalar, { minLength: 1, maxLength: 3 }) }),
	fc.record({ $nin: fc.array(scalar, { minLength: 1, maxLength: 3 }) }),
	fc.record({ prefix: filled(fc.constantFrom(...texts, 'doc', 'a/', 'text/')) }),
	fc.record({ exists: fc.boolean() }),
);
const ranges = fc.oneof(
	fc.record({ gt: fc.constantFrom(...numbers) }),
	fc.record({ gte: fc.constantFrom(...numbers), lt: fc.constantFrom(...numbers) }),
	fc.record({ lte: fc.constantFrom(...dates) }),
	fc.record({ $gte: fc.constantFrom(...dates), ne: scalar }),
);

const one = ([field, value]: readonly [string, unknown]) => ({ [field]: value });

/** Filters that are taken, of every operator, nested a little. */
export const anyFilter: fc.Arbitrary<Record<string, unknown>> = fc.letrec((tie) => ({
	filter: fc.oneof(
		{ maxDepth: 3, withCrossShrink: true },
		fc.tuple(name, fc.oneof(scalar, operators)).map(one),
		fc.tuple(ranged, ranges).map(one),
		fc.dictionary(ranged, fc.oneof(scalar, operators, ranges), {
			minKeys: 2,
			maxKeys: 3,
			noNullPrototype: true,
		}),
		fc.record({ and: fc.array(tie('filter'), { minLength: 1, maxLength: 3 }) }),
		fc.record({ $or: fc.array(tie('filter'), { minLength: 1, maxLength: 3 }) }),
		fc.record({ not: tie('filter') }),
	),
})).filter;

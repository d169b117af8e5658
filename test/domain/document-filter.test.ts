import assert from 'node:assert/strict';
import fc from 'fast-check';
import { limits } from '../../api/contract/limits.ts';
import { type Filter, parseFilter } from '../../api/domain/document-filter.ts';
import { filterableDoc, satisfies } from '../../api/domain/filter-match.ts';
import { momentOf } from '../../api/domain/iso-date.ts';
import { isDocDropError } from '../../api/errors.ts';
import { docFields } from '../support/doc-fields.ts';
import { anyFilter, anyMetadata } from '../support/filters.ts';

const refusal = (given: unknown): { field: string; message: string } => {
	try {
		parseFilter(given);
	} catch (error) {
		assert.ok(isDocDropError(error));
		assert.equal(error.code, 'invalid');
		return { field: error.field ?? '', message: error.message };
	}
	throw new Error('taken');
};

const matches = (filter: unknown, extra: Record<string, unknown>, docId = 'docs/a.md'): boolean => {
	const parsed = parseFilter(filter);
	return parsed === null || satisfies(filterableDoc(docId, docFields({ extra })), parsed);
};

describe('filter', () => {
	describe('as it is written', () => {
		it('demands nothing where nothing is named', () => assert.equal(parseFilter({}), null));

		it('takes a value, a list of values, and operators', () => {
			assert.deepEqual(parseFilter({ author: 'x' }), { op: 'in', field: 'author', values: ['x'] });
			assert.deepEqual(parseFilter({ author: ['x', 'y', 'x'] }), {
				...{ op: 'in', field: 'author', values: ['x', 'y'] },
			});
			assert.deepEqual(parseFilter({ year: { gte: 2020, lt: 2022 }, due: { $lte: '2026-01-31' } }), {
				op: 'and',
				of: [
					{ op: 'range', field: 'year', unit: 'number', bounds: { gte: 2020, lt: 2022 } },
					{ op: 'range', field: 'due', unit: 'date', bounds: { lte: Date.UTC(2026, 0, 31) } },
				],
			} satisfies Filter);
		});

		it('takes and, or and not, with and without the sign of other stores', () => {
			const plain = { or: [{ a: 1 }, { not: { b: { in: [2] } } }], and: [{ c: 'x' }] };
			const signed = { $or: [{ a: { $eq: 1 } }, { $not: { b: { $in: [2] } } }], $and: [{ c: 'x' }] };
			assert.deepEqual(parseFilter(signed), parseFilter(plain));
		});

		const wrong: readonly [unknown, string, RegExp][] = [
			['x', 'filter', /must be an object of fields .*, got "x"/],
			[[{ a: 1 }], 'filter', /got a list of 1/],
			[null, 'filter', /got null/],
			[{ or: {} }, 'filter/or', /must be a list of at least one filter, got an object/],
			[{ or: [{}] }, 'filter/or/0', /must name at least one field/],
			[{ a: {} }, 'filter/a', /must name an operator: eq, ne, in/],
			[{ a: { like: 'x' } }, 'filter/a/like', /is not an operator; there are eq, ne, in/],
			[{ metadata: { author: 'x' } }, 'filter/metadata/author', /is not an operator/],
			[{ a: { in: 'x' } }, 'filter/a/in', /must be a list of at least one value, got "x"/],
			[{ a: { in: ['x', null] } }, 'filter/a/in/1', /must be a text, a number, true or false, got null/],
			[{ a: [[1]] }, 'filter/a/0', /got a list of 1/],
			[{ a: { gt: 'tomorrow' } }, 'filter/a/gt', /must be a number, or a date .* got "tomorrow"/],
			[{ a: { gt: 1, lt: '2026-01-31' } }, 'filter/a', /bounds of one kind/],
			[{ a: { lt: Infinity } }, 'filter/a/lt', /got Infinity/],
			[{ a: { prefix: '' } }, 'filter/a/prefix', /must be the beginning of a text, got ""/],
			[{ a: { prefix: '.*'.repeat(300) } }, 'filter/a/prefix', /at most 512 characters/],
			[{ a: { exists: 1 } }, 'filter/a/exists', /must be true or false, got 1/],
			[{ a: '\ud800' }, 'filter/a', /well-formed/],
			[
				{ tenant: 'other' },
				'filter/tenant',
				/cannot be filtered by; beside names of metadata there are docId/,
			],
			[{ 'metadata.author': 'x' }, 'filter/metadata.author', /without metadata\. in front/],
			[JSON.parse('{"__proto__": "x"}'), 'filter/__proto__', /is not the name of a field/],
			[{ 'a"b': 1 }, 'filter/a"b', /is not the name of a field/],
			[{ '': 1 }, 'filter/', /is not the name of a field/],
		];
		for (const [given, field, message] of wrong) {
			it(`names the place and the demand of ${JSON.stringify(given).slice(0, 60)}`, () => {
				const found = refusal(given);
				assert.equal(found.field, field);
				assert.match(found.message, message);
				assert.ok(found.message.startsWith(field));
			});
		}
	});

	describe('its bounds', () => {
		const nested = (depth: number): unknown =>
			Array.from({ length: depth }).reduce<unknown>((filter) => ({ not: filter }), { a: 1 });

		it('are held in depth', () => {
			assert.ok(parseFilter(nested(limits.filterDepth - 1)));
			assert.match(refusal(nested(limits.filterDepth)).message, /deeper than 8/);
			assert.match(refusal(nested(100_000)).message, /deeper than 8/);
		});

		it('are held in conditions, however they are spread', () => {
			const many = (count: number) => Array.from({ length: count }, (_, at) => ({ [`a${at}`]: at }));
			assert.ok(parseFilter({ or: many(limits.filterConditions) }));
			const spread = { and: [{ or: many(40) }, { or: many(25) }] };
			for (const given of [{ or: many(65) }, { or: many(10_000) }, Object.assign({}, ...many(65)), spread])
				assert.match(refusal(given).message, /at most 64 conditions/);
		});

		it('are held in values, however they are spread', () => {
			const values = (count: number) => Array.from({ length: count }, (_, at) => at);
			assert.ok(parseFilter({ a: values(limits.filterValues) }));
			const found = refusal({ a: values(300), b: { nin: values(201) } });
			assert.deepEqual([found.field, /at most 500 values/.test(found.message)], ['filter/b/nin', true]);
			refusal({ a: values(1_000_000) });
		});

		it('hold for whatever is sent: it is taken, or refused by its place', () => {
			fc.assert(
				fc.property(fc.oneof(fc.jsonValue(), fc.dictionary(fc.string(), fc.jsonValue())), (given) => {
					try {
						parseFilter(given);
					} catch (error) {
						assert.ok(isDocDropError(error) && error.code === 'invalid', String(error));
						assert.ok(error.field?.startsWith('filter'));
						assert.ok(error.message.length < 1_000);
					}
				}),
			);
		});
	});

	describe('what satisfies it', () => {
		it('is a document with the value, or with a list that holds it', () => {
			assert.ok(matches({ author: 'x' }, { author: 'x' }));
			assert.ok(matches({ tags: 'b' }, { tags: ['a', 'b'] }));
			for (const other of ['X', 1, null, { x: 'x' }, [['x']], undefined])
				assert.equal(matches({ author: 'x' }, { author: other }), false);
			assert.equal(matches({ year: '2020' }, { year: 2020 }), false);
		});

		it('is a number between bounds, or a date', () => {
			assert.ok(matches({ year: { gt: 2019, lte: 2020 } }, { year: 2020 }));
			assert.equal(matches({ year: { gt: 2020 } }, { year: 2020 }), false);
			// Two items of a list do not satisfy together what none does alone.
			assert.equal(matches({ year: { gt: 5, lt: 8 } }, { year: [1, 9] }), false);
			assert.ok(matches({ due: { gte: '2026-01-31', lt: '2026-02-01' } }, { due: '2026-01-31T23:59:59Z' }));
			assert.equal(matches({ due: { lt: '2026-02-01' } }, { due: 'soon' }), false);
			assert.ok(matches({ publishedAt: { gte: '2026-11-22T11:00:00+01:00' } }, {}));
		});

		it('is a text that begins so, and nothing that a pattern would match', () => {
			assert.ok(matches({ docId: { prefix: 'docs/' } }, {}));
			assert.equal(matches({ docId: { prefix: 'doc.' } }, {}), false);
			assert.equal(matches({ docId: { prefix: '.*' } }, {}), false);
			assert.equal(matches({ docId: { prefix: 'docs%' } }, {}), false);
		});

		it('is what has a value, where that is asked: neither null nor an empty list', () => {
			for (const value of ['', 0, false, { a: 1 }, [0], [[1]]])
				assert.ok(matches({ a: { exists: true } }, { a: value }));
			for (const value of [null, [], undefined]) {
				assert.ok(matches({ a: null }, { a: value }));
				assert.ok(matches({ a: { exists: false } }, { a: value }));
			}
			// What every object has is no name of a document.
			assert.equal(matches({ constructor: { exists: true } }, {}), false);
		});

		it('is decided for every filter and document, and the other way round by not', () => {
			fc.assert(
				fc.property(anyFilter, anyMetadata, (filter, extra) => {
					assert.equal(matches({ not: filter }, extra), !matches(filter, extra));
					assert.equal(matches({ and: [filter, filter] }, extra), matches(filter, extra));
					assert.ok(matches({ or: [filter, { not: filter }] }, extra));
				}),
			);
		});
	});

	describe('dates', () => {
		it('are read as the moment they name', () => {
			const at = Date.UTC(2026, 0, 31, 9, 30);
			for (const text of [
				'2026-01-31T09:30:00Z',
				'2026-01-31T10:30:00+01:00',
				'2026-01-31 04:30:00-0500',
				'2026-01-31T09:30:00',
				'2026-01-31T09:30:00.000000',
			])
				assert.equal(momentOf(text), at, text);
			assert.equal(momentOf('2026-01-31'), Date.UTC(2026, 0, 31));
			assert.equal(momentOf('0001-01-01'), new Date('0001-01-01').getTime());
		});

		it('are none where the calendar or the clock has no such moment', () => {
			for (const text of [
				...['2026-02-29', '2026-13-01', '2026-00-10', '2026-01-31T24:00:00', '2026-01-31T10:60:00'],
				...[
					'2026-1-31',
					'26-01-31',
					'2026-01-31T',
					'20260131',
					'now',
					'',
					' 2026-01-31',
					'2026-01-31T10:00:00+99:00',
				],
			])
				assert.equal(momentOf(text), null, text);
		});
	});
});

describe('the values that a document can be found by', () => {
	it('are cut where no character is halved', () => {
		const text = `${'x'.repeat(limits.filterTextChars)}😀`;
		const fields = docFields({ extra: { notes: [text] } });
		for (const value of filterableDoc('a.md', fields).get('notes') ?? [])
			assert.ok(value.kind !== 'text' || value.value.isWellFormed());
	});
});

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { createSqliteVecStore } from '../../../api/adapters/sqlite-vec/index.ts';
import { openForReading } from '../../../api/adapters/sqlite-vec/index-schema.ts';
import { createSearch } from '../../../api/adapters/sqlite-vec/index-search.ts';
import { vecLibrary } from '../../../api/adapters/sqlite-vec/library.ts';
import { rareFirst, smallestWeight, textBounds } from '../../../api/adapters/sqlite-vec/rare-first.ts';
import { parseFilter } from '../../../api/domain/index.ts';
import { docFields } from '../../support/doc-fields.ts';

const term = (name: string, chunks: number, weight = 1 / chunks) => ({ term: name, chunks, weight });

describe('rare words first', () => {
	it('leave everything as it is where all rows are within bounds', () => {
		const terms = [term('a', 6), term('b', 4), term('none', 0)];
		assert.equal(rareFirst(terms, 5, { ranked: 10, read: 100 }), null);
		assert.deepEqual(rareFirst(terms, 5, { ranked: 9, read: 100 }), {
			rare: ['b', 'a'],
			counted: ['b', 'a'],
		});
	});

	it('are as many as the bounds let in, and always as many as make a list', () => {
		const numbers = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 20 });
		const bounds = fc.record({ ranked: fc.nat(2_000), read: fc.nat(5_000) });
		fc.assert(
			fc.property(numbers, fc.integer({ min: 1, max: 200 }), bounds, (counts, limit, most) => {
				const found = rareFirst(counts.map((chunks, at) => term(`t${at}`, chunks)), limit, most); // prettier-ignore
				const chunksOf = (name: string) => counts[Number(name.slice(1))] ?? 0;
				const sum = (names: readonly string[]) => names.reduce((total, name) => total + chunksOf(name), 0);
				if (found === null) return assert.ok(sum(counts.map((_, at) => `t${at}`)) <= most.ranked);
				const { rare, counted } = found;
				assert.ok(rare.length > 0);
				assert.deepEqual(rare, counted.slice(0, rare.length));
				assert.ok(counted.length === 1 || sum(counted) <= most.read);
				// One less would be within bounds, or too few.
				const less = rare.slice(0, -1);
				assert.ok(
					rare.length === 1 || sum(rare) <= most.ranked || less.every((name) => chunksOf(name) < limit),
				);
				assert.ok(rare.length === counted.length || rare.some((name) => chunksOf(name) >= limit) || sum(rare) <= most.ranked); // prettier-ignore
			}),
		);
	});

	it('leave out what half of all rows have, unless there is nothing else', () => {
		const common = (name: string) => term(name, 900, smallestWeight);
		const bounds = { ranked: 100, read: 10_000 };
		assert.deepEqual(rareFirst([common('the'), term('x', 50)], 20, bounds), { rare: ['x'], counted: ['x'] });
		assert.deepEqual(rareFirst([common('the'), common('of')], 20, bounds)?.counted, ['the']);
	});

	it('find what a look at all rows finds, with nearly the same scores', async () => {
		const folder = await mkdtemp(join(tmpdir(), 'docdrop-'));
		const file = join(folder, 'vectors.db');
		const store = createSqliteVecStore({ file, dimensions: 8, vectorBytes: 0 });
		try {
			await store.open();
			const vector = new Float32Array(8);
			// A word in every row, one in every third, one in every fifth, and rare ones.
			const points = Array.from({ length: 400 }, (_, at) => ({
				id: `00000000-0000-5000-8000-${at.toString(16).padStart(12, '0')}`,
				terms: `all ${at % 3 === 0 ? 'third' : 'other'} ${at % 5 === 0 ? 'fifth '.repeat(1 + (at % 3)) : ''}rare${at % 40}`,
				...{ vector, content: `${at}`, heading: null, page: null, order: '' },
			}));
			for (const [docId, part] of [
				['one', points.slice(0, 30)],
				['two', points.slice(30)],
			] as const) {
				const fields = docFields({ extra: { of: docId } });
				await store.put([{ tenant: 'a', docId, fields, points: part, kept: [], reordered: [], droppedExtra: [] }]); // prettier-ignore
			}
			using db = openForReading({ file, library: vecLibrary() });
			using other = openForReading({ file, library: vecLibrary() });
			const all = createSearch(db, textBounds);
			const few = createSearch(other, { ranked: 100, read: 500 });
			const asked = (terms: string[], limit: number, filter: unknown = {}) => ({
				...{ tenant: 'a', terms, phrases: [], without: [], beginning: null },
				...{ docId: null, filter: parseFilter(filter), limit },
			});
			for (const terms of [
				['rare3', 'fifth', 'half', 'all'],
				['fifth', 'other'],
				['all'],
				['rare7', 'rare8'],
			]) {
				const query = asked(terms, 5);
				const found = few.byWords(query);
				assert.equal(found.points.length, 5);
				const expected = all.byWords(query);
				assert.deepEqual(found.points, expected.points, terms.join());
				// What half of all rows have counts for a millionth.
				for (const [at, score] of expected.scores.entries())
					assert.ok(Math.abs(score - (found.scores[at] ?? 0)) < 1e-5);
			}
			// Too few rows have the rare word: the others are looked at as well.
			assert.equal(few.byWords(asked(['rare3', 'all'], 50)).points.length, 50);
			assert.equal(few.byWords(asked(['rare3', 'third', 'all'], 30, { of: 'one' })).points.length, 30);
			const unwanted = { ...asked(['rare3', 'fifth', 'third'], 20), without: [['rare5']] };
			assert.deepEqual(few.byWords(unwanted), all.byWords(unwanted));
		} finally {
			await store.close();
			await rm(folder, { recursive: true });
		}
	});
});

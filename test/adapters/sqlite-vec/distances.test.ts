import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createLeastDistances, mostTied } from '../../../api/adapters/sqlite-vec/least-distances.ts';
import { createVectorBlocks } from '../../../api/adapters/sqlite-vec/vector-blocks.ts';

const pages = (count: number) => count * 65_536;

function squared(a: Int8Array, b: Int8Array): number {
	let sum = 0;
	for (const [at, value] of a.entries()) sum += (value - (b[at] ?? 0)) ** 2;
	return sum;
}

/** As the numbers of a vector are, and as none ever is: all of a kind, and as far apart as bytes can be. */
const numbers = fc.oneof(
	fc.integer({ min: -128, max: 127 }),
	fc.constantFrom(-128, 127),
	fc.constantFrom(-1, 0, 1),
	fc.constant(-128),
	fc.constant(127),
);

describe('distances in memory', () => {
	it('are those of a plain loop, for vectors of any length', () => {
		const lengths = fc.integer({ min: 1, max: 70 });
		const cases = lengths.chain((length) => {
			const vector = fc
				.array(numbers, { minLength: length, maxLength: length })
				.map((values) => Int8Array.from(values));
			return fc.record({ query: vector, vectors: fc.array(vector, { minLength: 1, maxLength: 20 }) });
		});
		fc.assert(
			fc.property(cases, fc.nat(19), ({ query, vectors }, from) => {
				const memory = createVectorBlocks(query.length, pages(3));
				const [, block = 0] = memory.take(2) ?? [];
				vectors.forEach((vector, at) => memory.vector(block, at).set(vector));
				memory.setQuery(query);
				const first = from % vectors.length;
				assert.deepEqual(
					[...memory.distances(block, first, vectors.length - first)],
					vectors.slice(first).map((vector) => squared(query, vector)),
				);
			}),
		);
	});

	it('do not overflow where the longest vectors are as far apart as bytes can be', () => {
		const memory = createVectorBlocks(8_192, pages(2));
		const [block = 0] = memory.take(1) ?? [];
		memory.vector(block, memory.size - 1).fill(-128);
		memory.setQuery(new Int8Array(8_192).fill(127));
		assert.equal(memory.distances(block, memory.size - 1, 1)[0], 255 ** 2 * 8_192);
	});

	it('forget the query before, and the vectors of whoever had the block', () => {
		const memory = createVectorBlocks(8, pages(2));
		const [block = 0] = memory.take(1) ?? [];
		memory.vector(block, 0).fill(9);
		memory.setQuery(new Int8Array(8).fill(100));
		memory.give([block]);
		assert.deepEqual(memory.take(1), [block]);
		memory.setQuery(new Int8Array(8));
		assert.equal(memory.distances(block, 0, 1)[0], 0);
	});

	it('take no more memory than they may', () => {
		const memory = createVectorBlocks(256, pages(4));
		assert.deepEqual([memory.most, memory.free(), memory.size], [3, 3, 248]);
		assert.equal(memory.take(4), null);
		const taken = memory.take(2) ?? [];
		assert.deepEqual([taken.length, memory.free(), memory.take(2)], [2, 1, null]);
		memory.give(taken);
		assert.deepEqual([memory.free(), memory.take(0), memory.take(3)?.length], [3, [], 3]);
		assert.equal(createVectorBlocks(256, 0).most, 0);
	});

	it('keep the number of a row beside its vector, however large', () => {
		const memory = createVectorBlocks(16, pages(2));
		const [block = 0] = memory.take(1) ?? [];
		for (const at of [0, memory.size - 1]) {
			memory.vector(block, at).fill(-1);
			memory.setRow(block, at, -Number.MAX_SAFE_INTEGER);
		}
		assert.deepEqual(
			[...memory.vector(block, memory.size - 1)],
			Array.from({ length: 16 }, () => -1),
		);
		assert.equal(memory.row(block, 0), -Number.MAX_SAFE_INTEGER);
	});
});

describe('the least distances', () => {
	it('are the first of all in order, and what is as near as the last of them', () => {
		const lists = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 200 });
		fc.assert(
			fc.property(lists, fc.integer({ min: 1, max: 30 }), (distances, wanted) => {
				const least = createLeastDistances(wanted);
				for (const [place, distance] of distances.entries()) least.offer(place, distance);
				const last = distances.toSorted((a, b) => a - b)[wanted - 1] ?? Infinity;
				const expected = distances.flatMap((distance, place) =>
					distance <= last ? [{ place, distance }] : [],
				);
				const found = least.found().toSorted((a, b) => a.place - b.place);
				assert.deepEqual(found, expected);
			}),
		);
	});

	it('are not thousands where thousands are equal: the first ones stand for them', () => {
		const least = createLeastDistances(10);
		for (let place = 0; place < mostTied + 500; place += 1) least.offer(place, 7);
		least.offer(mostTied + 500, 1);
		const found = least.found();
		assert.deepEqual([found.length, found[0]?.distance], [mostTied + 1, 1]);
		assert.deepEqual(found.at(-1), { place: mostTied - 1, distance: 7 });
	});
});

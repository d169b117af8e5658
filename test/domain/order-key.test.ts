import assert from 'node:assert/strict';
import fc from 'fast-check';
import { assignOrder } from '../../api/domain/order-key.ts';

type Entry = { id: string; order: string };

function entries(ids: readonly string[], keys: ReadonlyMap<string, string>): Entry[] {
	return ids.map((id) => ({ id, order: keys.get(id) ?? assert.fail(`no key for ${id}`) }));
}

function assertSorted(list: readonly Entry[]) {
	for (const [index, { order }] of list.entries()) {
		assert.match(order, /^[0-9A-Za-z]*[1-9A-Za-z]$/);
		const before = list[index - 1];
		if (before !== undefined) assert.ok(before.order < order, `${before.order} < ${order}`);
	}
}

/** Length of the longest rising subsequence, the slow way. */
function longestRising(values: readonly number[]): number {
	const best: number[] = [];
	for (const value of values) {
		best.push(1 + Math.max(0, ...best.filter((_, j) => (values[j] ?? 0) < value)));
	}
	return Math.max(0, ...best);
}

const ids = fc.uniqueArray(fc.nat(60).map(String), { maxLength: 40 });

describe('assignOrder', () => {
	it('sorts any list as it is, and changes no more keys than it must', () => {
		fc.assert(
			fc.property(ids, ids, ids, (first, second, third) => {
				let previous: Entry[] = [];
				for (const next of [first, second, third]) {
					const keys = assignOrder(previous, next);
					assert.deepEqual([...keys.keys()].sort(), [...next].sort());
					const list = entries(next, keys);
					assertSorted(list);
					const places = next
						.map((id) => previous.findIndex((entry) => entry.id === id))
						.filter((place) => place >= 0);
					const old = new Map(previous.map((entry) => [entry.id, entry.order]));
					const kept = list.filter(({ id, order }) => old.get(id) === order).length;
					assert.ok(kept >= longestRising(places), `${kept} kept`);
					previous = list;
				}
			}),
			{ numRuns: 500 },
		);
	});

	it('changes nothing where nothing changed', () => {
		const list = entries(['a', 'b', 'c'], assignOrder([], ['a', 'b', 'c']));
		assert.deepEqual(entries(['a', 'b', 'c'], assignOrder(list, ['a', 'b', 'c'])), list);
		assert.deepEqual(entries(['a', 'c'], assignOrder(list, ['a', 'c'])), [list[0], list[2]]);
	});

	it('gives a moved chunk a new key and leaves the others', () => {
		const list = entries(['a', 'b', 'c', 'd'], assignOrder([], ['a', 'b', 'c', 'd']));
		const moved = assignOrder(list, ['d', 'a', 'b', 'c']);
		for (const { id, order } of list.slice(0, 3)) assert.equal(moved.get(id), order);
		assertSorted(entries(['d', 'a', 'b', 'c'], moved));
	});

	it('keeps keys short: 3 characters for 50,000 chunks', () => {
		const many = Array.from({ length: 50_000 }, (_, i) => String(i));
		const list = entries(many, assignOrder([], many));
		assertSorted(list);
		assert.equal(Math.max(...list.map(({ order }) => order.length)), 3);
		const between = [...many.slice(0, 10), ...many.map((id) => `n${id}`), ...many.slice(10)];
		const grown = entries(between, assignOrder(list, between));
		assertSorted(grown);
		assert.ok(Math.max(...grown.map(({ order }) => order.length)) <= 6);
	});

	for (const [name, place] of [
		['at the end', (list: string[], id: string) => [...list, id]],
		['at the start', (list: string[], id: string) => [id, ...list]],
	] as const) {
		it(`keeps keys short in a document that grows ${name} by one chunk 1,000 times`, () => {
			let previous: Entry[] = [];
			for (let i = 0; i < 1000; i += 1) {
				const next = place(
					previous.map(({ id }) => id),
					String(i),
				);
				previous = entries(next, assignOrder(previous, next));
			}
			assertSorted(previous);
			assert.ok(Math.max(...previous.map(({ order }) => order.length)) <= 4);
		});
	}

	it('goes on when the same place is split again and again', () => {
		let previous = entries(['a', 'z'], assignOrder([], ['a', 'z']));
		for (let i = 0; i < 300; i += 1) {
			const next = previous.map(({ id }) => id).toSpliced(1, 0, String(i));
			previous = entries(next, assignOrder(previous, next));
		}
		assertSorted(previous);
		assert.ok(Math.max(...previous.map(({ order }) => order.length)) <= 64);
	});

	it('replaces keys that are none, and equal ones', () => {
		const previous = [
			{ id: 'a', order: '' },
			{ id: 'b', order: '5' },
			{ id: 'c', order: '5' },
			{ id: 'd', order: 'x0' },
		];
		const list = entries(['a', 'b', 'c', 'd'], assignOrder(previous, ['a', 'b', 'c', 'd']));
		assertSorted(list);
		assert.ok(list.some(({ order }) => order === '5'));
	});
});

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createHeap } from '../../api/adapters/doc-store/heap.ts';

describe('heap', () => {
	it('knows its first, whatever is added, moved and removed', () => {
		const step = fc.record({
			what: fc.constantFrom('add', 'add', 'move', 'remove'),
			item: fc.nat(20),
			key: fc.nat(50),
		});
		fc.assert(
			fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
				const items = Array.from({ length: 21 }, () => ({ key: 0 }));
				const there = new Set<{ key: number }>();
				const heap = createHeap<{ key: number }>((a, b) => a.key < b.key);
				for (const { what, item: index, key } of steps) {
					const item = items[index] as { key: number };
					if (what === 'remove') {
						heap.remove(item);
						there.delete(item);
					} else if (there.has(item) || what === 'move') {
						item.key = key;
						heap.moved(item);
					} else {
						item.key = key;
						heap.add(item);
						there.add(item);
					}
					const least = Math.min(...[...there].map((one) => one.key));
					assert.equal(heap.first()?.key ?? Infinity, least);
				}
			}),
		);
	});

	it('compares a few of many', () => {
		let compared = 0;
		const heap = createHeap<{ key: number }>((a, b) => {
			compared += 1;
			return a.key < b.key;
		});
		for (let key = 0; key < 10_000; key += 1) heap.add({ key: (key * 7_919) % 10_000 });
		compared = 0;
		for (let n = 0; n < 100; n += 1) {
			const first = heap.first();
			assert.equal(first?.key, n);
			if (first !== undefined) heap.remove(first);
		}
		assert.ok(compared <= 100 * 3 * 14, `${compared} comparisons`);
	});
});

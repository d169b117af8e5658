import assert from 'node:assert/strict';
import fc from 'fast-check';
import { splitIds, splitWrites } from '../../../api/adapters/sqlite-vec/split.ts';
import type { DocWrite, NewPoint } from '../../../api/ports/vector-store.ts';

const point = (id: string) => ({ id }) as NewPoint;
const write = (docId: string, points: number): DocWrite => ({
	tenant: 'a',
	docId,
	fields: { version: 1 } as DocWrite['fields'],
	points: Array.from({ length: points }, (_, index) => point(`${docId}/${index}`)),
	kept: [`${docId}/kept`],
	reordered: [{ id: `${docId}/kept`, order: 'b' }],
	droppedExtra: [],
});

describe('split', () => {
	it('leaves what fits as it is', () => {
		const writes = [write('x', 3), write('y', 0), write('z', 2)];
		assert.deepEqual(splitWrites(writes, 5), [writes]);
	});

	it('loses nothing, keeps the order, and brings what is kept with the first piece of its document', () => {
		const sizes = fc.array(fc.nat(12), { maxLength: 8 });
		fc.assert(
			fc.property(sizes, fc.integer({ min: 1, max: 6 }), (counts, most) => {
				const writes = counts.map((count, index) => write(`d${index}`, count));
				const pieces = splitWrites(writes, most);
				for (const piece of pieces) assert.ok(piece.flatMap(({ points }) => points).length <= most);
				const flat = pieces.flat();
				assert.deepEqual(
					flat.flatMap(({ points }) => points),
					writes.flatMap(({ points }) => points),
				);
				for (const { docId, kept, reordered, points } of writes) {
					const [first, ...others] = flat.filter((part) => part.docId === docId);
					assert.deepEqual([first?.kept, first?.reordered], [kept, reordered]);
					for (const part of others) assert.deepEqual([part.kept, part.reordered], [[], []]);
					assert.ok(others.every((part) => part.points.length > 0) || points.length === 0);
				}
			}),
		);
	});

	it('cuts ids', () => {
		assert.deepEqual(splitIds(['a', 'b', 'c'], 2), [['a', 'b'], ['c']]);
		assert.deepEqual(splitIds([], 2), []);
	});
});

import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
	autobatch,
	type Batch,
	type BatchItem,
	type BatchLimits,
} from '../../../api/pipeline/publish/autobatch.ts';

interface Item extends BatchItem {
	readonly name: number;
}

const limits: BatchLimits = { points: 10, bytes: 100, ageMs: 50 };
const item = (points: number, bytes: number, readyAt = 0, name = 0): Item => ({
	name,
	points,
	bytes,
	readyAt,
});
const closed = (batch: Batch<Item> | null) =>
	batch && [batch.flushReason, batch.batch.length, batch.rest.length];

describe('autobatch', () => {
	it('waits while there is room and time and more is on its way', () => {
		assert.equal(autobatch([], limits, 0, true), null);
		assert.equal(autobatch([item(1, 1)], limits, 49, false), null);
	});

	it('says why it closes', () => {
		assert.deepEqual(closed(autobatch([item(1, 1)], limits, 0, true)), ['last', 1, 0]);
		assert.deepEqual(closed(autobatch([item(1, 1)], limits, 50, false)), ['age', 1, 0]);
		assert.deepEqual(closed(autobatch([item(10, 1)], limits, 0, false)), ['points', 1, 0]);
		assert.deepEqual(closed(autobatch([item(1, 100)], limits, 0, false)), ['bytes', 1, 0]);
		assert.deepEqual(closed(autobatch([item(6, 1), item(5, 1)], limits, 0, false)), ['points', 1, 1]);
		assert.deepEqual(closed(autobatch([item(1, 60), item(1, 41)], limits, 0, true)), ['bytes', 1, 1]);
		assert.deepEqual(closed(autobatch([item(6, 60), item(4, 40)], limits, 0, false)), ['points', 2, 0]);
	});

	it('admits the first document whatever its size, and alone', () => {
		assert.deepEqual(closed(autobatch([item(1_000, 1_000), item(1, 1)], limits, 0, true)), ['points', 1, 1]);
	});

	it('takes documents without points along, such as deletions of nothing', () => {
		const nothing = [item(0, 0), item(0, 0), item(0, 0)];
		assert.deepEqual(closed(autobatch(nothing, limits, 0, true)), ['last', 3, 0]);
		assert.equal(autobatch(nothing, limits, 0, false), null);
	});

	const anyItems = fc
		.array(fc.record({ points: fc.nat(14), bytes: fc.nat(140), readyAt: fc.nat(100) }), { maxLength: 30 })
		.map((all) => all.toSorted((a, b) => a.readyAt - b.readyAt).map((one, name): Item => ({ ...one, name })));

	it('loses, doubles and reorders nothing, and holds its limits', () => {
		fc.assert(
			fc.property(anyItems, fc.nat(200), fc.boolean(), (items, now, isLast) => {
				const made = autobatch(items, limits, now, isLast);
				if (made === null) {
					const sum = (of: 'points' | 'bytes') => items.reduce((total, one) => total + one[of], 0);
					const mayWait =
						items.length === 0 ||
						(!isLast &&
							now - (items[0]?.readyAt ?? 0) < limits.ageMs &&
							sum('points') < limits.points &&
							sum('bytes') < limits.bytes);
					assert.ok(mayWait, 'it waits although it should not');
					return;
				}
				const { batch, rest, flushReason } = made;
				assert.deepEqual([...batch, ...rest], items);
				assert.ok(batch.length > 0);
				const points = batch.reduce((total, one) => total + one.points, 0);
				const bytes = batch.reduce((total, one) => total + one.bytes, 0);
				if (batch.length > 1) assert.ok(points <= limits.points && bytes <= limits.bytes);
				const [next] = rest;
				const isFull = { points: points + (next?.points ?? 0), bytes: bytes + (next?.bytes ?? 0) };
				const reasons: Record<typeof flushReason, boolean> = {
					points: next === undefined ? points >= limits.points : isFull.points > limits.points,
					bytes: next === undefined ? bytes >= limits.bytes : isFull.bytes > limits.bytes,
					age: now - (batch[0]?.readyAt ?? 0) >= limits.ageMs && rest.length === 0,
					last: isLast && rest.length === 0,
				};
				assert.ok(reasons[flushReason], `closed by ${flushReason} without that reason`);
			}),
			{ numRuns: 2_000 },
		);
	});

	it('writes everything, in order, when it is asked until nothing is left', () => {
		fc.assert(
			fc.property(anyItems, (items) => {
				const written: number[] = [];
				let left: readonly Item[] = items;
				while (left.length > 0) {
					const made = autobatch(left, limits, 0, true);
					assert.ok(made !== null, 'the last ones are never held back');
					written.push(...made.batch.map(({ name }) => name));
					left = made.rest;
				}
				assert.deepEqual(
					written,
					items.map(({ name }) => name),
				);
			}),
		);
	});
});

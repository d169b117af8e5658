import assert from 'node:assert/strict';
import type { FileStat } from '../../../nodes/watch/disk.ts';
import {
	afterUnstable,
	isOldEnough,
	settle,
	settledStat,
	type Attention,
} from '../../../nodes/watch/settle.ts';

const stat = (over: Partial<FileStat> = {}): FileStat => ({
	kind: 'file',
	size: 1,
	mtimeNs: 1n,
	ctimeNs: 1n,
	ino: 1n,
	...over,
});
const settling = (over: Partial<Attention & { kind: 'settling' }> = {}): Attention => ({
	kind: 'settling',
	stat: stat(),
	since: 0,
	unstable: 0,
	...over,
});

describe('settle', () => {
	it('reads a file after a quiet time, not before', () => {
		const first = settle(undefined, stat(), 100, 300);
		assert.ok(first.kind === 'wait' && first.ms === 300);
		assert.ok(settle(first.attention, stat(), 399, 300).kind === 'wait');
		assert.deepEqual(settle(first.attention, stat(), 400, 300), { kind: 'read', unstable: 0 });
	});

	for (const over of [{ size: 2 }, { mtimeNs: 2n }, { ctimeNs: 2n }, { ino: 2n }]) {
		it(`starts again when ${Object.keys(over)[0]} moved`, () => {
			const step = settle(settling(), stat(over), 400, 300);
			assert.ok(step.kind === 'wait' && step.ms === 300);
			assert.ok(step.attention.kind === 'settling' && step.attention.since === 400);
		});
	}

	it('expects the settled file only when its quiet time is over', () => {
		assert.equal(settledStat(undefined, 1000, 300), null);
		assert.equal(settledStat({ kind: 'gone', since: 0 }, 1000, 300), null);
		assert.equal(settledStat(settling({ since: 100 }), 399, 300), null);
		assert.deepEqual(settledStat(settling({ since: 100 }), 400, 300), stat());
	});

	it('takes a file for old by its ctime alone, and never one from the future', () => {
		const changed = (ms: number) => stat({ mtimeNs: 0n, ctimeNs: BigInt(ms) * 1_000_000n });
		assert.equal(isOldEnough(changed(10_000), 10_301, 300), true);
		assert.equal(isOldEnough(changed(10_000), 10_300, 300), false);
		assert.equal(isOldEnough(changed(20_000), 10_000, 300), false);
	});

	it('starts again after a deletion that was none', () => {
		assert.equal(settle({ kind: 'gone', since: 0 }, stat(), 400, 300).kind, 'wait');
	});

	it('waits longer after each unstable read, then leaves the file to a scan', () => {
		const waits = [0, 1, 2].map((unstable) => afterUnstable(stat(), unstable, 0, [500, 1000, 2000]).ms);
		assert.deepEqual(waits, [500, 1000, 2000]);
		const last = afterUnstable(stat(), 3, 0, [500, 1000, 2000]);
		assert.ok(last.ms === null && last.attention.kind === 'parked' && last.attention.retry === 'any scan');
		const again = settle(settling({ unstable: 2 }), stat({ size: 9 }), 400, 300);
		assert.ok(again.kind === 'wait' && again.attention.kind === 'settling' && again.attention.unstable === 2);
	});
});

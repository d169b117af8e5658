import assert from 'node:assert/strict';
import type { FileStat } from '../../../nodes/watch/disk.ts';
import {
	afterAsItIs,
	afterUnstable,
	isOldEnough,
	isQuiet,
	isRestless,
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
	begun: 0,
	isRestless: false,
	...over,
});

const patience = { quietMs: 300, longestWaitMs: 5000 };

describe('settle', () => {
	it('reads a file after a quiet time, not before', () => {
		const first = settle(undefined, stat(), 100, patience);
		assert.ok(first.kind === 'wait' && first.ms === 300);
		assert.ok(settle(first.attention, stat(), 399, patience).kind === 'wait');
		assert.deepEqual(settle(first.attention, stat(), 400, patience), { kind: 'read', asItIs: false });
	});

	for (const over of [{ size: 2 }, { mtimeNs: 2n }, { ctimeNs: 2n }, { ino: 2n }]) {
		it(`starts again when ${Object.keys(over)[0]} moved`, () => {
			const step = settle(settling(), stat(over), 400, patience);
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
		assert.equal(settle({ kind: 'gone', since: 0 }, stat(), 400, patience).kind, 'wait');
	});

	/** What becomes of a file that is another one at each look, `every` ms: when it is read, and how. */
	function restless(every: number, until: number, settings = patience) {
		const reads: number[] = [];
		let attention: Attention | undefined;
		for (let now = 0; now <= until; now += every) {
			const seen = stat({ mtimeNs: BigInt(now) });
			const step = settle(attention, seen, now, settings);
			if (step.kind === 'wait') {
				attention = step.attention;
				continue;
			}
			assert.equal(step.asItIs, true);
			reads.push(now);
			attention = afterAsItIs(seen, now);
		}
		return { reads, attention };
	}

	it('takes a file that never stands still as it is, each time the longest wait has passed', () => {
		assert.deepEqual(restless(100, 15_000).reads, [5000, 10_000, 15_000]);
		assert.deepEqual(restless(100, 4_900).reads, []);
		assert.deepEqual(
			restless(100, 1_000, { quietMs: 900, longestWaitMs: 0 }).reads,
			[900],
			'quietMs at least',
		);
	});

	it('wakes for whichever comes first, the quiet time or the end of the longest wait', () => {
		const step = settle(settling(), stat({ size: 2 }), 4_900, patience);
		assert.ok(step.kind === 'wait' && step.ms === 100);
	});

	it('waits for nobody who is restless, until the file stands still', () => {
		const { attention } = restless(100, 5_000);
		assert.deepEqual([isRestless(attention), isQuiet(attention)], [true, true]);
		const next = settle(attention, stat({ size: 9 }), 5_100, patience);
		assert.ok(next.kind === 'wait' && isRestless(next.attention) && next.ms === 300);
		assert.deepEqual(settle(next.attention, stat({ size: 9 }), 5_400, patience), {
			kind: 'read',
			asItIs: false,
		});
		assert.equal(isQuiet(settling()), false);
	});

	it('waits no longer in all for a file that changed while it was read', () => {
		const again = afterUnstable(settling({ begun: 100 }), stat(), 400);
		assert.deepEqual(again, settling({ begun: 100, since: 400 }));
		assert.deepEqual(settle(again, stat({ size: 2 }), 5_100, patience), { kind: 'read', asItIs: true });
	});
});

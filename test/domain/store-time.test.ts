import assert from 'node:assert/strict';
import { anchoredTime } from '../../api/domain/store-time.ts';
import { fakeClock } from '../support/fake-clock.ts';

describe('store time', () => {
	it('moves with the monotonic clock, whatever the wall clock does', async () => {
		const clock = fakeClock(1_000_000);
		const now = anchoredTime(clock, 0);
		assert.equal(now(), 1_000_000);
		clock.jumpWall(3_600_000);
		assert.equal(now(), 1_000_000);
		clock.jumpWall(-7_200_000);
		await clock.advance(250);
		assert.equal(now(), 1_000_250);
	});

	it('never begins below what is stored, and is a whole number', async () => {
		const clock = fakeClock(1_000_000);
		const now = anchoredTime(clock, 5_000_000.25);
		await clock.advance(1.5);
		assert.equal(now(), 5_000_002);
		assert.ok(Number.isInteger(now()));
	});
});

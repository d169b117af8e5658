import assert from 'node:assert/strict';
import { anchoredTime, tombstonesFrom } from '../../api/domain/store-time.ts';
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

	const at = (year: number) => Date.UTC(year, 5, 1);
	const begins = (wall: number, highestStored: number) => anchoredTime(fakeClock(wall), highestStored)();

	it('refuses a clock that is decades ahead, and says of what', () => {
		const refused = (wall: number, highestStored: number, message: RegExp) =>
			assert.throws(() => begins(wall, highestStored), { code: 'clock_ahead', message });
		refused(at(2099), at(2026), /it says 2099-06-01T.*the newest entry of the data folder is of 2026-06-01T/);
		refused(at(2099), 0, /this program was written in 2026/);
		assert.equal(begins(at(2034), at(2026)), at(2034), 'a data folder may rest for years');
		assert.equal(begins(at(2041), at(2035)), at(2041));
		assert.equal(begins(at(2044), 0), at(2044));
	});

	it('does not believe a store that lies years ahead of a clock that can be right', () => {
		assert.equal(begins(at(2027), at(2099)), at(2027));
		assert.equal(begins(at(2027), at(2027) + 300 * 86_400_000), at(2027) + 300 * 86_400_000);
		assert.equal(begins(at(1970), at(2027)), at(2027), 'a clock without a battery is wrong itself');
	});

	it('gives a day to tombstones where the process was down, or seems to have been', () => {
		const day = 86_400_000;
		assert.equal(tombstonesFrom(10 * day, 0), 10 * day);
		assert.equal(tombstonesFrom(10 * day, 9.5 * day), 10 * day);
		assert.equal(tombstonesFrom(10 * day, 8 * day), 11 * day);
	});

	it('never begins below what is stored, and is a whole number', async () => {
		const clock = fakeClock(1_000_000);
		const now = anchoredTime(clock, 5_000_000.25);
		await clock.advance(1.5);
		assert.equal(now(), 5_000_002);
		assert.ok(Number.isInteger(now()));
	});
});

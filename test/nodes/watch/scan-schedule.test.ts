import assert from 'node:assert/strict';
import { createScanSchedule, type ScanKind } from '../../../nodes/watch/scan-schedule.ts';
import { fakeClock } from '../../support/fake-clock.ts';

describe('scan schedule', () => {
	function make({ scanMs = 10, everyMs = 1_000_000 } = {}) {
		const clock = fakeClock();
		const scans: { kind: ScanKind; at: number }[] = [];
		let parallel = 0;
		const schedule = createScanSchedule({
			clock,
			random: () => 0.5,
			settings: { burstQuietMs: 500, burstMaxMs: 2000 },
			everyMs: () => everyMs,
			async scan(kind) {
				parallel += 1;
				assert.equal(parallel, 1, 'two scans at a time');
				scans.push({ kind, at: clock.monotonic() });
				await clock.sleep(scanMs);
				parallel -= 1;
				return scans.length;
			},
		});
		const hint = (times: number) => {
			for (let i = 0; i < times; i += 1) schedule.hinted();
		};
		const times = () => scans.map(({ at }) => at);
		return { clock, schedule, scans, hint, times };
	}

	it('waits for the end of a burst', async () => {
		const { clock, hint, times } = make();
		hint(1);
		await clock.advance(300);
		hint(998);
		await clock.advance(1000);
		assert.deepEqual(times(), [800]);
	});

	it('waits no longer than the limit for a burst without an end', async () => {
		const { clock, hint, times } = make();
		for (let at = 0; at < 2000; at += 100) {
			hint(1);
			await clock.advance(100);
		}
		assert.deepEqual(times(), [2000]);
	});

	it('scans at once in a storm, and again after it', async () => {
		const { clock, hint, times } = make();
		hint(1000);
		await clock.advance(5);
		hint(1);
		await clock.advance(1000);
		assert.deepEqual(times(), [0, 505]);
	});

	it('takes at most a fifth of the time in a storm that lasts', async () => {
		const { clock, hint, times } = make({ scanMs: 100 });
		for (let at = 0; at < 2000; at += 100) {
			hint(1000);
			await clock.advance(100);
		}
		assert.deepEqual(times(), [0, 500, 1000, 1500, 2000]);
	});

	it('scans soon when asked to, once for all that ask, and with a rest after the last scan', async () => {
		const { clock, schedule, times } = make({ scanMs: 100 });
		schedule.soon();
		schedule.soon();
		await clock.advance(50);
		schedule.soon();
		await clock.advance(2000);
		assert.deepEqual(times(), [0, 500]);
	});

	it('never scans twice at a time, whoever asks', async () => {
		const { clock, schedule, hint, scans } = make({ scanMs: 100 });
		const first = schedule.now('quick');
		hint(5000);
		schedule.soon();
		const second = schedule.now('full');
		await clock.advance(3000);
		assert.deepEqual(scans, [
			{ kind: 'quick', at: 0 },
			{ kind: 'full', at: 100 },
		]);
		assert.deepEqual(await Promise.all([first, second]), [1, 2]);
	});

	it('scans every so often when nothing happens, and not after the end', async () => {
		const { clock, schedule, scans } = make({ everyMs: 1000 });
		void schedule.now('quick');
		await clock.advance(2500);
		assert.deepEqual(scans, [
			{ kind: 'quick', at: 0 },
			{ kind: 'full', at: 1010 },
			{ kind: 'full', at: 2020 },
		]);
		await schedule.close();
		schedule.hinted();
		schedule.soon();
		await clock.advance(10_000);
		assert.equal(scans.length, 3);
		assert.equal(clock.pending(), 0);
	});
});

import assert from 'node:assert/strict';
import { explain, timeLeft } from '../../api/cli/print.ts';

describe('what the commands say', () => {
	it('guesses the time that is left, and says so where it cannot', () => {
		assert.deepEqual([0, 59.4, 60, 3599, 3700, 86_400].map(timeLeft), [
			'0 s left',
			'59 s left',
			'1 min left',
			'59 min left',
			'1 h 1 min left',
			'24 h 0 min left',
		]);
		// What cli-progress has in place of a number.
		for (const none of ['NULL', 'INF', NaN, Infinity]) assert.equal(timeLeft(none), 'time left unknown');
	});

	it('says of a file that it is on its way, and since when', () => {
		const file = { phase: 'settling', since: '2026-11-30T12:00:00.000Z', excluded: null, row: null };
		const said = explain('a.md', { file, document: null, jobs: [] });
		assert.match(said, /folder +settling since 2026-11-30T12:00:00.000Z; on its way for the first time/);
		const unknown = explain('a.md', {
			file: { ...file, phase: null, since: null },
			document: null,
			jobs: [],
		});
		assert.match(unknown, /folder +not seen/);
		const row = { note: 'delivered', seq: 7 };
		const known = explain('a.md', {
			file: { ...file, phase: 'at rest', since: null, row },
			document: null,
			jobs: [],
		});
		assert.match(known, /folder +at rest; last: delivered \(seq 7\)/);
	});
});

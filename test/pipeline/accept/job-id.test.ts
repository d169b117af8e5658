import assert from 'node:assert/strict';
import { createJobIds } from '../../../api/pipeline/accept/job-id.ts';

describe('job ids', () => {
	it('are UUIDv7 and sort in the order in which they were made, even when the clock stands still or goes back', () => {
		let at = 1_767_225_600_000;
		const next = createJobIds(() => at);
		const ids: string[] = [];
		for (let n = 0; n < 10_000; n += 1) {
			if (n === 6_000) at -= 5;
			ids.push(next());
		}
		for (const id of ids) {
			assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
		}
		assert.deepEqual(ids.toSorted(), ids);
		assert.equal(new Set(ids).size, ids.length);
	});
});

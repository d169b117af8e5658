import assert from 'node:assert/strict';
import { createBlame } from '../../../api/pipeline/faults/blame.ts';

describe('blame', () => {
	it('is for who fails again after others were served, and for nobody while none is', () => {
		const blame = createBlame();
		blame.served();
		assert.deepEqual(blame.failed(1), { othersServed: false, failures: 1 }, 'the first says nothing');
		assert.deepEqual(blame.failed(1), { othersServed: false, failures: 2 });
		blame.served();
		assert.deepEqual(blame.failed(1), { othersServed: true, failures: 3 });
		assert.deepEqual(blame.failed(1), { othersServed: false, failures: 4 }, 'each success counts once');
		assert.deepEqual(blame.failed(2), { othersServed: false, failures: 1 }, 'each document for itself');
		blame.forget(1);
		assert.deepEqual(blame.failed(1), { othersServed: false, failures: 1 });
	});

	it('forgets who failed longest ago, and not more', () => {
		const blame = createBlame();
		for (let doc = 0; doc <= 10_000; doc += 1) blame.failed(doc);
		assert.equal(blame.failed(1).failures, 2);
		assert.equal(blame.failed(0).failures, 1);
	});
});

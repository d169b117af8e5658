import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createUsage, mayGrow, capacityLeft } from '../../api/domain/capacity.ts';
import type { QueueUsage } from '../../api/domain/queue-key.ts';

const usageOf = (tenant: string, documents: number, bytes: number): QueueUsage => ({
	tenant,
	class: 2,
	documents,
	bytes,
});

describe('capacity for work', () => {
	it('one queue key alone gets three quarters, and the last quarter is there for the next', () => {
		const used = { documents: 0 };
		while (mayGrow(used.documents, 128 - used.documents)) used.documents += 1;
		assert.equal(used.documents, 96);
		assert.equal(mayGrow(0, 32), true);
	});

	it('any one place can be taken', () => {
		assert.equal(mayGrow(0, 1), true);
		assert.equal(mayGrow(0, 0), false);
	});

	it('a document beyond its part counts with its part, and is the only one such', () => {
		assert.deepEqual(capacityLeft({ documents: 128, bytes: 1_000 }, []), {
			documents: 128,
			bytes: 1_000,
			mayExceed: true,
		});
		assert.deepEqual(capacityLeft({ documents: 128, bytes: 1_000 }, [usageOf('a', 1, 700)]), {
			documents: 127,
			bytes: 300,
			mayExceed: true,
		});
		assert.deepEqual(
			capacityLeft({ documents: 128, bytes: 1_000 }, [usageOf('a', 1, 200_000), usageOf('b', 2, 50)]),
			{
				documents: 125,
				bytes: 200,
				mayExceed: false,
			},
		);
	});

	it('however many queue keys grow as far as they may, there is a place for one more', () => {
		fc.assert(
			fc.property(fc.array(fc.nat(6), { maxLength: 2_000 }), (wishes) => {
				const usage = createUsage();
				for (const at of wishes) {
					const key = { tenant: `t${at}`, class: 0 as const };
					const used = usage.list().find((one) => one.tenant === key.tenant);
					const { documents } = capacityLeft({ documents: 256, bytes: 1e9 }, usage.list());
					if (mayGrow(used?.documents ?? 0, documents)) usage.begin(key, 1);
				}
				assert.ok(capacityLeft({ documents: 256, bytes: 1e9 }, usage.list()).documents >= 256 / 22 - 1);
			}),
			{ numRuns: 20 },
		);
	});

	it('what is done with leaves nothing behind', () => {
		const usage = createUsage();
		usage.begin({ tenant: 'a', class: 0 }, 10);
		usage.begin({ tenant: 'a', class: 2 }, 20);
		usage.begin({ tenant: 'a', class: 2 }, 5);
		usage.end({ tenant: 'a', class: 2 }, 20);
		assert.deepEqual(usage.list(), [
			{ tenant: 'a', class: 0, documents: 1, bytes: 10 },
			{ tenant: 'a', class: 2, documents: 1, bytes: 5 },
		]);
		usage.end({ tenant: 'a', class: 0 }, 10);
		usage.end({ tenant: 'a', class: 2 }, 5);
		assert.deepEqual(usage.list(), []);
	});
});

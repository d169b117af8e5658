import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createUsage, mayGrow, capacityLeft } from '../../api/domain/capacity.ts';
import type { QueueUsage } from '../../api/domain/queue-key.ts';

const load = (tenant: string, documents: number, bytes: number): QueueUsage => ({
	tenant,
	class: 2,
	documents,
	bytes,
});

describe('room for work', () => {
	it('one flow alone gets three quarters, and the last quarter is there for the next', () => {
		const held = { documents: 0 };
		while (mayGrow(held.documents, 128 - held.documents)) held.documents += 1;
		assert.equal(held.documents, 96);
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
		assert.deepEqual(capacityLeft({ documents: 128, bytes: 1_000 }, [load('a', 1, 700)]), {
			documents: 127,
			bytes: 300,
			mayExceed: true,
		});
		assert.deepEqual(
			capacityLeft({ documents: 128, bytes: 1_000 }, [load('a', 1, 200_000), load('b', 2, 50)]),
			{
				documents: 125,
				bytes: 200,
				mayExceed: false,
			},
		);
	});

	it('however many flows grow as far as they may, there is room for one more', () => {
		fc.assert(
			fc.property(fc.array(fc.nat(6), { maxLength: 2_000 }), (wishes) => {
				const loads = createUsage();
				for (const at of wishes) {
					const flow = { tenant: `t${at}`, class: 0 as const };
					const held = loads.list().find((one) => one.tenant === flow.tenant);
					const { documents } = capacityLeft({ documents: 256, bytes: 1e9 }, loads.list());
					if (mayGrow(held?.documents ?? 0, documents)) loads.begin(flow, 1);
				}
				assert.ok(capacityLeft({ documents: 256, bytes: 1e9 }, loads.list()).documents >= 256 / 22 - 1);
			}),
			{ numRuns: 20 },
		);
	});

	it('what is done with leaves nothing behind', () => {
		const loads = createUsage();
		loads.begin({ tenant: 'a', class: 0 }, 10);
		loads.begin({ tenant: 'a', class: 2 }, 20);
		loads.begin({ tenant: 'a', class: 2 }, 5);
		loads.end({ tenant: 'a', class: 2 }, 20);
		assert.deepEqual(loads.list(), [
			{ tenant: 'a', class: 0, documents: 1, bytes: 10 },
			{ tenant: 'a', class: 2, documents: 1, bytes: 5 },
		]);
		loads.end({ tenant: 'a', class: 0 }, 10);
		loads.end({ tenant: 'a', class: 2 }, 5);
		assert.deepEqual(loads.list(), []);
	});
});

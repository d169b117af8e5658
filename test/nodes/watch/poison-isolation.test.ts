import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createPoisonIsolation } from '../../../nodes/watch/poison-isolation.ts';

describe('poison isolation: what failed batches say of single files', () => {
	const names = (count: number) => Array.from({ length: count }, (_, n) => `f${n}`);

	it('sends a failed batch again as it was, then in halves, then each file alone', () => {
		const isolation = createPoisonIsolation({ maxTries: 5 });
		const batch = names(8);
		const caps: number[] = [];
		for (let size = 8, last = 0; size !== last;) {
			isolation.failed(batch.slice(0, size));
			last = size;
			size = Math.min(size, isolation.cap('f0'));
			caps.push(size);
			if (caps.length === 1) last = 0;
		}
		assert.deepEqual(caps, [8, 4, 2, 1, 1]);
	});

	it('gives nobody up for an outage, however long', () => {
		const isolation = createPoisonIsolation({ maxTries: 5 });
		for (let times = 0; times < 1000; times += 1) assert.deepEqual(isolation.failed(['a']), []);
		isolation.succeeded(['b']);
		assert.equal(isolation.cap('a'), Infinity, 'the consumer is back');
	});

	it('gives up the one file that fails alone while others succeed, after the tries that count', () => {
		const isolation = createPoisonIsolation({ maxTries: 5 });
		isolation.failed(['a']);
		for (let times = 1; times < 5; times += 1) {
			isolation.succeeded(['b']);
			assert.deepEqual(isolation.failed(['a']), [], `try ${times}`);
			assert.deepEqual(isolation.failed(['a']), [], 'nobody succeeded since');
		}
		isolation.succeeded(['b']);
		assert.deepEqual(isolation.failed(['a']), ['a']);
		assert.equal(isolation.cap('a'), Infinity, 'a new content begins anew');
	});

	it('finds the poisoned files of any batch, gives up no other, whatever else travels meanwhile', () => {
		const poisons = fc.uniqueArray(fc.nat(49), { maxLength: 4 });
		fc.assert(
			fc.property(poisons, fc.infiniteStream(fc.boolean()), (poisoned, others) => {
				const isolation = createPoisonIsolation({ maxTries: 3 });
				const isPoison = (docId: string) => poisoned.includes(Number(docId.slice(1)));
				let waiting = names(50);
				const given: string[] = [];
				let rounds = 0;
				while (waiting.length > 0 && rounds < 2000) {
					rounds += 1;
					// Now and then somebody else's file is taken; from some round on always, so that it ends.
					if (rounds > 500 || others.next().value === true) isolation.succeeded(['other']);
					let most = 20;
					const batch: string[] = [];
					for (const docId of waiting) {
						most = Math.min(most, Math.max(batch.length, isolation.cap(docId)));
						if (batch.length >= most) break;
						batch.push(docId);
					}
					waiting = waiting.filter((docId) => !batch.includes(docId));
					if (batch.some(isPoison)) {
						const lost = isolation.failed(batch);
						given.push(...lost);
						waiting.push(...batch.filter((docId) => !lost.includes(docId)));
					} else isolation.succeeded(batch);
				}
				assert.deepEqual(waiting, []);
				assert.deepEqual(given.sort(), poisoned.map((n) => `f${n}`).sort());
			}),
			{ numRuns: 200 },
		);
	});
});

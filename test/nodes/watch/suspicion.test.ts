import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createSuspicion } from '../../../nodes/watch/suspicion.ts';

describe('suspicion: what failed batches say of single files', () => {
	const names = (count: number) => Array.from({ length: count }, (_, n) => `f${n}`);

	it('sends a failed batch again as it was, then in halves, then each file alone', () => {
		const suspicion = createSuspicion({ maxTries: 5 });
		const batch = names(8);
		const caps: number[] = [];
		for (let size = 8, last = 0; size !== last;) {
			suspicion.failed(batch.slice(0, size));
			last = size;
			size = Math.min(size, suspicion.cap('f0'));
			caps.push(size);
			if (caps.length === 1) last = 0;
		}
		assert.deepEqual(caps, [8, 4, 2, 1, 1]);
	});

	it('gives nobody up for an outage, however long', () => {
		const suspicion = createSuspicion({ maxTries: 5 });
		for (let times = 0; times < 1000; times += 1) assert.deepEqual(suspicion.failed(['a']), []);
		suspicion.succeeded(['b']);
		assert.equal(suspicion.cap('a'), Infinity, 'the consumer is back');
	});

	it('gives up the one file that fails alone while others succeed, after the tries that count', () => {
		const suspicion = createSuspicion({ maxTries: 5 });
		suspicion.failed(['a']);
		for (let times = 1; times < 5; times += 1) {
			suspicion.succeeded(['b']);
			assert.deepEqual(suspicion.failed(['a']), [], `try ${times}`);
			assert.deepEqual(suspicion.failed(['a']), [], 'nobody succeeded since');
		}
		suspicion.succeeded(['b']);
		assert.deepEqual(suspicion.failed(['a']), ['a']);
		assert.equal(suspicion.cap('a'), Infinity, 'a new content begins anew');
	});

	it('finds the poisoned files of any batch, gives up no other, whatever else travels meanwhile', () => {
		const poisons = fc.uniqueArray(fc.nat(49), { maxLength: 4 });
		fc.assert(
			fc.property(poisons, fc.infiniteStream(fc.boolean()), (poisoned, others) => {
				const suspicion = createSuspicion({ maxTries: 3 });
				const isPoison = (docId: string) => poisoned.includes(Number(docId.slice(1)));
				let waiting = names(50);
				const given: string[] = [];
				let rounds = 0;
				while (waiting.length > 0 && rounds < 2000) {
					rounds += 1;
					// Now and then somebody else's file is taken; from some round on always, so that it ends.
					if (rounds > 500 || others.next().value === true) suspicion.succeeded(['other']);
					let most = 20;
					const batch: string[] = [];
					for (const docId of waiting) {
						most = Math.min(most, Math.max(batch.length, suspicion.cap(docId)));
						if (batch.length >= most) break;
						batch.push(docId);
					}
					waiting = waiting.filter((docId) => !batch.includes(docId));
					if (batch.some(isPoison)) {
						const lost = suspicion.failed(batch);
						given.push(...lost);
						waiting.push(...batch.filter((docId) => !lost.includes(docId)));
					} else suspicion.succeeded(batch);
				}
				assert.deepEqual(waiting, []);
				assert.deepEqual(given.sort(), poisoned.map((n) => `f${n}`).sort());
			}),
			{ numRuns: 200 },
		);
	});
});

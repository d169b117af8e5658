import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createWindow } from '../../../nodes/watch/window.ts';

const limits = { files: 3, bytes: 100, waitMs: 10 };

describe('window', () => {
	it('closes by age, files and bytes, and says which', () => {
		const window = createWindow(limits);
		window.put('a', 1, 0);
		assert.equal(window.take(9), null);
		assert.equal(window.dueAt(), 10);
		assert.deepEqual(window.take(10), { docIds: ['a'], closedBy: 'age' });
		for (const docId of ['a', 'b', 'c', 'd']) window.put(docId, 1, 20);
		assert.deepEqual(window.take(20), { docIds: ['a', 'b', 'c'], closedBy: 'files' });
		window.put('e', 98, 20);
		window.put('f', 50, 20);
		assert.deepEqual(window.take(20), { docIds: ['d', 'e'], closedBy: 'bytes' });
		assert.equal(window.size, 1);
	});

	it('lets a file larger than a batch through alone', () => {
		const window = createWindow(limits);
		window.put('small', 1, 0);
		window.put('huge', 5000, 0);
		assert.deepEqual(window.take(0)?.docIds, ['small']);
		assert.deepEqual(window.take(0), { docIds: ['huge'], closedBy: 'bytes' });
	});

	it('keeps the place and age of a path that changes again', () => {
		const window = createWindow(limits);
		window.put('a', 1, 0);
		window.put('b', 1, 5);
		window.put('a', 2, 9);
		assert.deepEqual(window.take(10)?.docIds, ['a', 'b']);
	});

	it('holds a path back until its time, even when it changes', () => {
		const window = createWindow(limits);
		window.putLater('a', 1, 1000);
		window.put('a', 2, 5);
		assert.equal(window.take(999), null);
		assert.equal(window.dueAt(), 1000);
		assert.equal(window.take(1000), null);
		assert.deepEqual(window.take(1010)?.docIds, ['a']);
	});

	it('never loses, doubles or starves a path, and keeps its limits, in any order of calls', () => {
		const call = fc.record({
			do: fc.constantFrom('put', 'put', 'later', 'drop', 'take'),
			name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'),
			bytes: fc.nat(80),
			pass: fc.nat(15),
		});
		fc.assert(
			fc.property(fc.array(call, { maxLength: 80 }), (calls) => {
				const window = createWindow(limits);
				const model = new Map<string, { bytes: number; since: number }>();
				let now = 0;
				const taken = (batch: ReturnType<typeof window.take>) => {
					if (batch === null) return;
					const sizes = batch.docIds.map((docId) => model.get(docId)?.bytes ?? NaN);
					const total = sizes.reduce((sum, size) => sum + size, 0);
					assert.ok(batch.docIds.length > 0 && batch.docIds.length <= limits.files);
					assert.ok(total <= limits.bytes || batch.docIds.length === 1);
					for (const docId of batch.docIds) {
						assert.ok((model.get(docId)?.since ?? Infinity) <= now, 'left before its time');
						assert.ok(model.delete(docId));
					}
				};
				for (const { do: what, name, bytes, pass } of calls) {
					now += pass;
					const known = model.get(name);
					if (what === 'put') {
						window.put(name, bytes, now);
						model.set(name, { bytes, since: known?.since ?? now });
					} else if (what === 'later' && known === undefined) {
						window.putLater(name, bytes, now + 20);
						model.set(name, { bytes, since: now + 20 });
					} else if (what === 'drop') {
						window.drop(name);
						model.delete(name);
					} else if (what === 'take') taken(window.take(now));
					assert.deepEqual([...window.docIds()].sort(), [...model.keys()].sort());
					assert.equal(window.size, model.size);
				}
				// Followed by its own clock, the window empties.
				for (let turn = 0; turn < 40 && window.size > 0; turn += 1) {
					now = Math.max(now, window.dueAt() ?? assert.fail('paths, but never due'));
					taken(window.take(now));
				}
				assert.equal(model.size, 0);
				assert.equal(window.dueAt(), null);
			}),
			{ numRuns: 500 },
		);
	});
});

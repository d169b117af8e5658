import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { createLine } from '../../../nodes/DocDrop/send/line.ts';

describe('line of requests', () => {
	it('keeps the order within each key, and never more in flight than its width', async () => {
		const task = fc.record({
			keys: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 3 }),
			turns: fc.nat({ max: 5 }),
		});
		await fc.assert(
			fc.asyncProperty(
				fc.array(task, { maxLength: 20 }),
				fc.integer({ min: 1, max: 4 }),
				async (tasks, width) => {
					const line = createLine(width);
					const active = new Set<number>();
					const ended: number[] = [];
					for (const [index, { keys, turns }] of tasks.entries()) {
						await line.start(keys, async () => {
							active.add(index);
							assert.ok(active.size <= width);
							for (const earlier of tasks.keys()) {
								if (earlier >= index) break;
								const shares = tasks[earlier]?.keys.some((key) => keys.includes(key)) ?? false;
								if (shares) assert.ok(ended.includes(earlier), `${index} overtook ${earlier}`);
							}
							for (let turn = 0; turn < turns; turn += 1) await nextTurn();
							active.delete(index);
							ended.push(index);
						});
					}
					await line.idle();
					assert.equal(ended.length, tasks.length);
				},
			),
			{ numRuns: 200 },
		);
	});

	it('runs different keys at the same time', async () => {
		const line = createLine(2);
		const both = Promise.withResolvers<void>();
		let there = 0;
		const meet = async () => {
			there += 1;
			if (there === 2) both.resolve();
			await both.promise;
		};
		await line.start(['a'], meet);
		await line.start(['b'], meet);
		await line.idle();
		assert.equal(there, 2);
	});
});

import assert from 'node:assert/strict';
import { createDocEngine } from '../../api/adapters/doc-store/doc-engine.ts';
import type { Tables } from '../../api/adapters/doc-store/tables.ts';
import { put, refusal } from '../conformance/doc-store.ts';
import { createMemoryTables } from '../doubles/memory-doc-tables.ts';

const noBlobs = { path: (blob: string) => blob, remove: () => {} };
const noLimits = { maxPending: Infinity, maxPendingBytes: Infinity };

describe('the start of a store', () => {
	it('goes on with what the end in order has counted, once; after any other end it counts', () => {
		let counted = 0;
		const tables = createMemoryTables();
		const watched: Tables = {
			...tables,
			counts() {
				counted += 1;
				return tables.counts();
			},
			progress() {
				counted += 1;
				return tables.progress();
			},
		};
		const start = () => createDocEngine({ tables: watched, blobs: noBlobs });
		const figuresOf = (engine: ReturnType<typeof start>) => [
			engine.stats(),
			engine.progress('acme', 1),
			engine.progress(null, 1),
			engine.nextDueAt() !== null,
		];
		const first = start();
		assert.equal(counted, 2);
		first.transaction(() => first.accept([put('a', 'A'), put('b', 'B'), refusal('r')], 1, noLimits));
		first.end();
		const second = start();
		assert.equal(counted, 2, 'nothing was counted');
		assert.deepEqual(figuresOf(second), figuresOf(first));
		second.transaction(() => second.accept([put('c', 'C')], 1, noLimits));
		const third = start();
		assert.equal(counted, 4, 'the second had no end');
		assert.equal(third.stats().pending, 3);
		assert.deepEqual(figuresOf(third), figuresOf(second));
	});
});

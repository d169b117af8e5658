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

	it('counts where an earlier program has counted less', () => {
		const tables = createMemoryTables();
		const start = () => createDocEngine({ tables, blobs: noBlobs });
		const first = start();
		first.transaction(() => first.accept([put('a', 'A'), put('b', 'B')], 1, noLimits));
		first.end();
		const { points: _none, ...less } = JSON.parse(tables.marker('summary') ?? '') as { points: unknown };
		tables.setMarker('summary', JSON.stringify(less));
		const second = start();
		assert.deepEqual([second.stats().pending, second.tally(['acme'])[0]?.most], [2, 0]);
		assert.equal(tables.marker('summary'), null);
	});

	it('goes on with the bytes that wait of each tenant, and with those of dead letters', () => {
		const tables = createMemoryTables();
		const start = () => createDocEngine({ tables, blobs: noBlobs });
		const few = { maxPending: Infinity, maxPendingBytes: 100 };
		const kindOf = (engine: ReturnType<typeof start>, tenant: string) =>
			engine.transaction(() => {
				const [result] = engine.accept([put('more', 'x'.repeat(5), { tenant })], 2, few);
				return result?.kind;
			});
		const figuresOf = (engine: ReturnType<typeof start>) => {
			const { pendingBytes, failedBytes } = engine.stats();
			return [pendingBytes, engine.pendingBytes(), failedBytes];
		};
		const first = start();
		const undone = new Error('undone');
		const error = { code: 'unreadable', message: 'it cannot be read' } as const;
		const failOne = () => {
			first.accept([put('dead', 'x'.repeat(7))], 1, few);
			const [claimed] = first.claim({ now: 9, limit: 1, maxBytes: 1e9, leaseMs: 9 });
			assert.ok(claimed !== undefined);
			assert.deepEqual(first.deadLetter([{ lease: claimed.lease, error, present: [] }], 9), [true]);
		};
		const failInVain = () => {
			failOne();
			throw undone;
		};
		assert.throws(() => first.transaction(failInVain), undone);
		assert.deepEqual(figuresOf(first), [0, 0, 0]);
		first.transaction(failOne);
		first.transaction(() => first.accept([put('a', 'x'.repeat(90))], 1, few));
		assert.deepEqual(figuresOf(first), [90, 90, 7]);
		first.end();
		for (const how of ['summary', 'rows']) {
			const next = start();
			assert.deepEqual(figuresOf(next), [90, 90, 7], how);
			assert.equal(kindOf(next, 'acme'), 'full', how);
		}
		assert.equal(kindOf(start(), 'other'), 'accepted');
	});
});

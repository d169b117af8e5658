import assert from 'node:assert/strict';
import pino from 'pino';
import { startSweeper } from '../../../api/pipeline/upkeep/sweep.ts';
import { put } from '../../conformance/doc-store.ts';
import { createMemoryDocStore } from '../../doubles/memory-doc-store.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { changeOf } from '../../support/leased-documents.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const log = pino({ level: 'silent' });

describe('the sweeper', () => {
	it('keeps up with what arrives, and pauses between its steps', async () => {
		const store = createMemoryDocStore();
		const clock = fakeClock();
		const stop = new AbortController();
		const steps: number[] = [];
		const docStore: typeof store = {
			...store,
			sweep: (request) => {
				steps.push(clock.monotonic());
				return store.sweep(request);
			},
		};
		const deps = { docStore, clock, now: clock.now, log, signal: stop.signal };
		startSweeper({ ...deps, tombstoneMs: hour, jobMs: 10 * minute, tombstonesFrom: 0 });
		const receipts = async () =>
			Object.values((await store.stats()).jobs).reduce((sum, count) => sum + count, 0);
		// More than a step removes, in every minute for six times as long as they are kept.
		const aMinute = 700;
		let most = 0;
		for (let tenth = 0; tenth < 6; tenth += 1) {
			const saves = Array.from({ length: aMinute * 10 }, (_, n) => put('saved again', `${tenth} ${n}`));
			await store.accept(saves, clock.now(), { maxPending: Infinity, maxPendingBytes: Infinity });
			await clock.advance(10 * minute);
			most = Math.max(most, await receipts());
		}
		assert.ok(most <= aMinute * 20, `${most} receipts of ten minutes with ${aMinute} a minute`);
		assert.ok(steps.every((at, n) => at !== steps[n + 1]), 'others are let in between two steps'); // prettier-ignore
		stop.abort();
		await store.close();
	});

	it('lets old tombstones rest for as long as it is told to, and no longer', async () => {
		const clock = fakeClock();
		const docStore = createMemoryDocStore();
		await docStore.accept([changeOf('gone', null)], clock.now() - 31 * day, {
			maxPending: Infinity,
			maxPendingBytes: Infinity,
		});
		const stopping = new AbortController();
		startSweeper({
			...{ docStore, clock, now: clock.now, log, signal: stopping.signal },
			...{ tombstoneMs: 30 * day, jobMs: 7 * day, tombstonesFrom: clock.now() + 90_000 },
		});
		const isThere = async () => (await docStore.document('t', 'gone')) !== null;
		await clock.advance(61_000);
		assert.ok(await isThere());
		await clock.advance(60_000);
		assert.ok(!(await isThere()));
		stopping.abort();
		await clock.advance(0);
		await docStore.close();
	});
});

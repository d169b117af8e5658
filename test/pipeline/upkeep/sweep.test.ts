import assert from 'node:assert/strict';
import pino from 'pino';
import { startSweeper } from '../../../api/pipeline/upkeep/sweep.ts';
import { createMemoryDocStore } from '../../doubles/memory-doc-store.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { changeOf } from '../../support/leased-documents.ts';

const day = 86_400_000;

describe('the sweep', () => {
	it('lets old tombstones rest for as long as it is told to, and no longer', async () => {
		const clock = fakeClock();
		const docStore = createMemoryDocStore();
		await docStore.accept([changeOf('gone', null)], clock.now() - 31 * day, {
			maxPending: Infinity,
			maxPendingBytes: Infinity,
		});
		const stopping = new AbortController();
		startSweeper({
			...{ docStore, clock, now: clock.now, log: pino({ level: 'silent' }), signal: stopping.signal },
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

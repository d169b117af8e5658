import assert from 'node:assert/strict';
import {
	alertsOf,
	figuresOf,
	startQueueHealth,
	type QueueAlert,
} from '../../../api/pipeline/upkeep/queue-health.ts';
import type { Progress } from '../../../api/ports/doc-views.ts';
import { createTelemetry } from '../../../api/telemetry.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { silentLog } from '../../support/pipeline-fixture.ts';

const quiet: Progress = {
	documents: 100,
	pending: 0,
	failed: 0,
	doneLately: 0,
	failedLately: 0,
	latelyMs: 60_000,
};
const limits = { pending: 10_000, errors: 0.1 };
const none: ReadonlySet<QueueAlert> = new Set();

describe('queue health', () => {
	it('says the rate and what is left of the time, and does not guess where nothing moves', () => {
		assert.deepEqual(figuresOf({ ...quiet, pending: 300, doneLately: 550, failedLately: 50 }), {
			pending: 300,
			failed: 0,
			perMinute: 600,
			secondsLeft: 30,
			errorRate: 50 / 600,
		});
		assert.equal(figuresOf({ ...quiet, doneLately: 10, latelyMs: 5_000 }).perMinute, 120);
		assert.equal(figuresOf({ ...quiet, pending: 1 }).secondsLeft, null);
		assert.equal(figuresOf(quiet).secondsLeft, 0);
		assert.equal(figuresOf({ ...quiet, failedLately: 9 }).errorRate, 0, 'too few for a rate');
		assert.equal(figuresOf({ ...quiet, failedLately: 10 }).errorRate, 1);
	});

	it('alerts above a limit, not at it, and stays until it is well below', () => {
		const at = (pending: number, errorRate: number, before = none) =>
			[...alertsOf({ ...figuresOf(quiet), pending, errorRate }, limits, before)].join();
		assert.equal(at(10_000, 0.1), '');
		assert.equal(at(10_001, 0.11), 'pending,errors');
		const on = new Set<QueueAlert>(['pending', 'errors']);
		assert.equal(at(9_000, 0.095, on), 'pending,errors');
		assert.equal(at(8_999, 0.085, on), '');
	});

	it('says once that an alert began, and once that it ended; the metric follows', async () => {
		const clock = fakeClock();
		const telemetry = createTelemetry();
		const said: string[] = [];
		const stop = new AbortController();
		let progress: Progress = quiet;
		let isAway = false;
		startQueueHealth({
			docStore: {
				progress: async () => {
					if (isAway) throw new Error('away');
					return progress;
				},
			},
			clock,
			now: () => clock.now(),
			log: {
				...silentLog,
				warn: (fields, message) => said.push(`${(fields as { alert: string }).alert}: ${message}`),
				info: (fields, message) => said.push(`${(fields as { alert: string }).alert}: ${message}`),
			},
			telemetry,
			healthLimits: limits,
			signal: stop.signal,
		});
		const gauge = async (alert: string) =>
			new RegExp(`^docdrop_queue_alert\\{alert="${alert}"\\} (\\d)$`, 'm').exec(
				await telemetry.render(),
			)?.[1];
		await clock.advance(20_000);
		assert.deepEqual([said, await gauge('pending')], [[], '0']);
		progress = { ...quiet, pending: 21_000, doneLately: 80, failedLately: 20 };
		await clock.advance(20_000);
		assert.deepEqual(said, ['pending: the queue needs a look', 'errors: the queue needs a look']);
		assert.deepEqual([await gauge('pending'), await gauge('errors')], ['1', '1']);
		isAway = true;
		await clock.advance(10_000);
		isAway = false;
		progress = { ...quiet, pending: 9_999, doneLately: 100 };
		await clock.advance(20_000);
		assert.deepEqual(said.slice(2), ['errors: the queue is well again']);
		progress = quiet;
		await clock.advance(20_000);
		assert.deepEqual(said.slice(3), ['pending: the queue is well again']);
		assert.deepEqual([await gauge('pending'), await gauge('errors')], ['0', '0']);
		stop.abort();
		await clock.advance(0);
		assert.equal(clock.pending(), 0);
	});
});

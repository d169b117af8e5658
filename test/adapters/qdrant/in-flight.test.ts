import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
	adapt,
	createInFlight,
	startWindow,
	type WriteOutcome,
	type CongestionWindow,
} from '../../../api/adapters/qdrant/in-flight.ts';
import { DocDropError } from '../../../api/errors.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { docWrite, point, rig } from './fixture.ts';

const good = (at: number, tookMs = 20): WriteOutcome => ({ kind: 'completed', sentAt: at - tookMs, at });
const bad = (at: number, sentAt = at): WriteOutcome => ({ kind: 'pushback', sentAt, at });

describe('bulk requests in flight', () => {
	it('grow by one after sixteen good answers, up to the most', () => {
		let window = startWindow(4);
		const seen: number[] = [];
		for (let n = 1; n <= 48; n += 1) {
			window = adapt(window, good(n * 100), 4);
			if (n % 16 === 0) seen.push(Math.floor(window.allowed));
		}
		assert.deepEqual([Math.floor(startWindow(4).allowed), seen], [2, [3, 4, 4]]);
		assert.equal(startWindow(1).allowed, 1);
	});

	it('are halved once for one bad moment, however many requests it met', () => {
		let window = { ...startWindow(8), allowed: 8 };
		for (const answer of [bad(1_000, 900), bad(1_001, 990), bad(1_002, 999)])
			window = adapt(window, answer, 8);
		assert.equal(window.allowed, 4);
		assert.equal(adapt(window, good(1_010, 20), 8).allowed, 4, 'it was sent before the cut');
		window = adapt(window, bad(1_200, 1_100), 8);
		assert.equal(window.allowed, 2);
		for (let n = 0; n < 9; n += 1) window = adapt(window, bad(2_000 + n), 8);
		assert.equal(window.allowed, 1, 'never none');
	});

	it('are one less where answers come later and later, and again more once that is usual', () => {
		let window: CongestionWindow = { ...startWindow(4), allowed: 4, usualMs: 100 };
		window = adapt(window, good(10_000, 1_500), 4);
		assert.equal(window.allowed, 3);
		for (let n = 1; n < 200; n += 1) window = adapt(window, good(10_000 + n * 2_000, 1_500), 4);
		assert.equal(window.allowed, 4);
		assert.equal(
			adapt(window, { kind: 'other', sentAt: 1e6, at: 1e6 }, 4),
			window,
			'a refusal says nothing of load',
		);
	});

	it('are always at least one and at most the setting', () => {
		const step = fc.record({
			kind: fc.constantFrom<WriteOutcome['kind']>('completed', 'pushback', 'other'),
			ms: fc.nat(9_000),
		});
		fc.assert(
			fc.property(fc.integer({ min: 1, max: 9 }), fc.array(step, { maxLength: 200 }), (most, steps) => {
				let window = startWindow(most);
				let at = 0;
				for (const { kind, ms } of steps) {
					at += ms;
					window = adapt(window, { kind, sentAt: at - ms, at }, most);
					assert.ok(window.allowed >= 1 && window.allowed <= most);
				}
			}),
		);
	});

	it('pass the gate in the order of their calls, and give their place back however they end', async () => {
		const clock = fakeClock();
		const gate = createInFlight(2, clock);
		const ends: ((error?: Error) => void)[] = [];
		const order: number[] = [];
		const runs = [0, 1, 2, 3].map((n) =>
			gate.run(() => {
				order.push(n);
				return new Promise<void>((resolve, reject) =>
					ends.push((error) => (error ? reject(error) : resolve())),
				);
			}),
		);
		for (const run of runs) run.catch(() => {});
		await clock.advance(0);
		assert.deepEqual(order, [0, 1]);
		ends[0]?.(new DocDropError('index_throttled', 'slow down'));
		await clock.advance(10);
		assert.deepEqual([order, gate.allowed()], [[0, 1], 1], 'halved: the one on its way fills it');
		ends[1]?.();
		await clock.advance(0);
		ends[2]?.(new Error('anything'));
		await clock.advance(0);
		assert.deepEqual(order, [0, 1, 2, 3]);
		await assert.rejects(runs[0] ?? Promise.resolve());
		await runs[1];
		const given = new AbortController();
		given.abort(new Error('given up'));
		ends[3]?.();
		await assert.rejects(
			gate.run(async () => {}, given.signal),
			/given up/,
		);
	});

	it('go over a few connections that are kept, without one error, whatever the load', async () => {
		const { store, double, dispose } = await rig({
			connections: 3,
			writesInFlight: 8,
			maxPointsPerRequest: 4,
		});
		try {
			await store.open();
			const opened = double.connections();
			await Promise.all(
				Array.from({ length: 60 }, async (_, n) => {
					await store.put([
						docWrite(
							`d${n}`,
							[0, 1, 2, 3, 4].map((p) => point(`${n}-${p}`)),
						),
					]);
					const found = await store.search({ tenant: 'acme', vector: null, terms: [`${n}-0`], limit: 5 });
					assert.ok(found.sparse.length > 0);
				}),
			);
			assert.equal(await store.count('acme'), 300);
			assert.ok(double.connections() - opened <= 3, `${double.connections() - opened} connections`);
			assert.ok(double.mostAtOnce() <= 3);
			assert.ok(double.requests.length >= 180);
		} finally {
			await dispose();
		}
	});

	it('recover in a put that meets a throttling server', async () => {
		const { store, double, dispose } = await rig({ maxPointsPerRequest: 1 });
		try {
			await store.open();
			const points = Array.from({ length: 20 }, (_, n) => point(`p${n}`));
			double.faults.answers.push({ status: 429, retryAfter: '1' }, { status: 503 });
			await assert.rejects(store.put([docWrite('d', points)]));
			await store.put([docWrite('d', points)]);
			assert.equal(await store.count('acme'), 20);
		} finally {
			await dispose();
		}
	});
});

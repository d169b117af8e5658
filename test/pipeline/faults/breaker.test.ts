import assert from 'node:assert/strict';
import {
	createBreaker,
	type BreakerOptions,
	type BreakerState,
} from '../../../api/pipeline/faults/breaker.ts';
import { DocDropError, type ErrorCode } from '../../../api/errors.ts';
import { fakeClock, type FakeClock } from '../../support/fake-clock.ts';

/** A peer whose calls the test answers one by one. */
function peer() {
	const calls: { signal: AbortSignal; succeed: () => void; fail: (error: unknown) => void }[] = [];
	const fn = (signal: AbortSignal) =>
		new Promise<string>((resolve, reject) => {
			calls.push({ signal, succeed: () => resolve('done'), fail: reject });
		});
	const call = async (nth: number) => {
		while (calls.length <= nth) await new Promise((resolve) => setImmediate(resolve));
		return calls[nth]!;
	};
	return { fn, calls, call };
}

describe('the breaker', () => {
	let clock: FakeClock;
	let changes: BreakerState[];
	const make = (overrides: Partial<BreakerOptions> = {}) =>
		createBreaker({
			name: 'vector index',
			code: 'index_unavailable',
			clock,
			timeoutMs: 60_000,
			attempts: 1,
			retryDelayMs: 1,
			threshold: 3,
			halfOpenAfterMs: 1_000,
			onChange: (state) => changes.push(state),
			...overrides,
		});
	const away = () => new DocDropError('index_unavailable', 'away');
	const down = () => Promise.reject(away());
	const up = () => Promise.resolve('done');
	const open = async (breaker: ReturnType<typeof make>, times = 3) => {
		for (let n = 0; n < times; n += 1) await assert.rejects(breaker.run(down), { message: 'away' });
	};

	beforeEach(() => {
		clock = fakeClock();
		changes = [];
	});

	it('tells whoever opened it, and whoever failed as its probe, when the next probe is due', async () => {
		const breaker = make();
		const waits: (number | undefined)[] = [];
		for (let n = 0; n < 4; n += 1) {
			if (n === 3) await clock.advance(1_000);
			const error = await breaker.run(down).catch((reason: unknown) => reason);
			assert.ok(error instanceof DocDropError);
			waits.push(error.retryAfterMs);
		}
		assert.deepEqual(waits, [undefined, undefined, 1_000, 2_000]);
	});

	it('opens after failures in a row, and then makes no call', async () => {
		const breaker = make();
		await open(breaker, 2);
		await breaker.run(up);
		await open(breaker, 3);
		assert.equal(breaker.state(), 'open');
		assert.equal(breaker.nextProbeAt(), 1_000);
		await clock.advance(400);
		let called = 0;
		for (let n = 0; n < 10; n += 1) {
			const error = await breaker.run(async () => (called += 1)).catch((reason: unknown) => reason);
			assert.ok(error instanceof DocDropError);
			assert.deepEqual([error.code, error.retryAfterMs], ['index_unavailable', 600]);
		}
		assert.equal(called, 0);
		assert.deepEqual(breaker.attempts(), { total: 6, whileOpen: 0 });
		assert.deepEqual(changes, ['open']);
	});

	it('lets exactly one call through when it is due, however many wait', async () => {
		const breaker = make();
		await open(breaker);
		await clock.advance(1_000);
		const { fn, calls, call } = peer();
		const runs = Array.from({ length: 50 }, () => breaker.run(fn));
		const settled = Promise.allSettled(runs);
		const probe = await call(0);
		assert.equal(breaker.state(), 'half-open');
		assert.equal(breaker.nextProbeAt(), null);
		await assert.rejects(breaker.run(fn), { code: 'index_unavailable', retryAfterMs: 1_000 });
		probe.succeed();
		const results = await settled;
		assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1);
		assert.equal(calls.length, 1, 'those who waited do not all run at once');
		assert.equal(breaker.state(), 'closed');
		assert.equal(await breaker.run(up), 'done');
		assert.deepEqual(breaker.attempts(), { total: 5, whileOpen: 1 });
		assert.deepEqual(changes, ['open', 'half-open', 'closed']);
	});

	it('waits twice as long after each failed probe, up to 15 s, and from the start after a recovery', async () => {
		const breaker = make();
		await open(breaker);
		const waits: number[] = [];
		for (let n = 0; n < 6; n += 1) {
			const wait = breaker.nextProbeAt()! - clock.monotonic();
			waits.push(wait);
			await clock.advance(wait - 1);
			await assert.rejects(breaker.run(down), { retryAfterMs: 1 });
			await clock.advance(1);
			await assert.rejects(breaker.run(down), { message: 'away' });
		}
		assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
		assert.equal(breaker.attempts().whileOpen, 6);
		await clock.advance(15_000);
		await breaker.run(up);
		await open(breaker);
		assert.equal(breaker.nextProbeAt()! - clock.monotonic(), 1_000);
	});

	it('does not care about the wall clock', async () => {
		const real = Date.now;
		try {
			const breaker = make();
			await open(breaker);
			Date.now = () => real() + 3_600_000;
			await assert.rejects(breaker.run(up), { code: 'index_unavailable' });
			Date.now = () => real() - 3_600_000;
			await clock.advance(1_000);
			assert.equal(await breaker.run(up), 'done');
		} finally {
			Date.now = real;
		}
	});

	it('stays closed for a peer that answers, whatever it says', async () => {
		const breaker = make({ attempts: 3 });
		const codes: ErrorCode[] = ['index_throttled', 'index_rejected', 'index_forbidden', 'internal'];
		for (const code of codes) {
			for (let n = 0; n < 5; n += 1) {
				await assert.rejects(
					breaker.run(() => Promise.reject(new DocDropError(code, 'no'))),
					{ code },
				);
			}
		}
		assert.equal(breaker.state(), 'closed');
		assert.equal(breaker.attempts().total, 20, 'and is not asked again at once');
	});

	it('closes when the probe is answered with a refusal: the peer is back', async () => {
		const breaker = make();
		await open(breaker);
		await clock.advance(1_000);
		const throttled = () => Promise.reject(new DocDropError('index_throttled', 'wait', { retryAfterMs: 5 }));
		await assert.rejects(breaker.run(throttled), { code: 'index_throttled', retryAfterMs: 5 });
		assert.equal(breaker.state(), 'closed');
	});

	it('gets over a blip with quick retries', async () => {
		const breaker = make({ attempts: 3 });
		let tries = 0;
		assert.equal(await breaker.run(() => ((tries += 1) < 3 ? down() : up())), 'done');
		assert.equal(tries, 3);
		assert.equal(breaker.state(), 'closed');
		tries = 0;
		await assert.rejects(
			breaker.run(() => ((tries += 1), down())),
			{ code: 'index_unavailable' },
		);
		assert.equal(tries, 3);
	});

	it('makes no quick retry of a failed probe', async () => {
		const breaker = make({ attempts: 3 });
		await assert.rejects(breaker.run(down));
		assert.equal(breaker.state(), 'open');
		await clock.advance(1_000);
		await assert.rejects(breaker.run(down), { retryAfterMs: 2_000 });
		assert.deepEqual(breaker.attempts(), { total: 4, whileOpen: 1 });
	});

	it('cuts off a silent peer, which counts as away', async () => {
		const breaker = make({ timeoutMs: 10, threshold: 1 });
		const { fn, calls } = peer();
		await assert.rejects(breaker.run(fn), { code: 'index_unavailable', message: /within 10 ms/ });
		assert.equal(calls[0]?.signal.aborted, true);
		assert.equal(breaker.state(), 'open');
	});

	it("rejects with the caller's reason when the caller gives up, and does not hold it against the peer", async () => {
		const breaker = make({ threshold: 1, attempts: 3 });
		const reason = new Error('enough');
		const { fn, calls, call } = peer();
		await assert.rejects(breaker.run(fn, AbortSignal.abort(reason)), reason);
		assert.equal(calls.length, 0);
		const controller = new AbortController();
		const running = breaker.run(fn, controller.signal);
		const { signal, fail } = await call(0);
		controller.abort(reason);
		assert.equal(signal.aborted, true);
		fail(away());
		await assert.rejects(running, reason);
		assert.equal(breaker.state(), 'closed');
		assert.equal(calls.length, 1);
	});

	it('does not spend the probe on a caller that gave up between two tries', async () => {
		const breaker = make({ threshold: 1, attempts: 2, retryDelayMs: 20 });
		const reason = new Error('enough');
		const controller = new AbortController();
		const running = assert.rejects(breaker.run(down, controller.signal), reason);
		while (breaker.state() !== 'open') await new Promise((resolve) => setImmediate(resolve));
		await clock.advance(1_000);
		controller.abort(reason);
		await running;
		assert.deepEqual(breaker.attempts(), { total: 1, whileOpen: 0 });
		assert.equal(await breaker.run(up), 'done');
	});

	it('does not take a probe that was given up for a success', async () => {
		const breaker = make();
		await open(breaker);
		await clock.advance(1_000);
		const reason = new Error('enough');
		const { fn, call } = peer();
		const controller = new AbortController();
		const probe = breaker.run(fn, controller.signal);
		await call(0);
		controller.abort(reason);
		await assert.rejects(probe, reason);
		assert.equal(breaker.state(), 'open');
		await assert.rejects(breaker.run(up), { retryAfterMs: 2_000 });
	});

	describe('with a control question', () => {
		let isThere: boolean;
		let asked: number;
		const controlled = (overrides: Partial<BreakerOptions> = {}) =>
			make({ control: async () => ((asked += 1), isThere ? 'hello' : down()), ...overrides });
		beforeEach(() => {
			isThere = true;
			asked = 0;
		});

		it('is moved by nobody whose own work fails, and tells whose fault it was', async () => {
			const breaker = controlled();
			for (let n = 0; n < 20; n += 1)
				await assert.rejects(breaker.run(down), { code: 'index_unavailable', message: 'away', isOwn: true });
			assert.deepEqual([breaker.state(), changes], ['closed', []]);
			assert.equal(await breaker.run(up), 'done');
			assert.equal(asked, 20, 'it is asked after failures only');
		});

		it('opens when the peer does not answer it either, and then nobody is to blame', async () => {
			const breaker = controlled();
			isThere = false;
			for (let n = 0; n < 3; n += 1)
				await assert.rejects(breaker.run(down), { message: 'away', isOwn: false });
			assert.equal(breaker.state(), 'open');
		});

		it('is its own probe: what waits first and always fails keeps it open for nobody', async () => {
			const breaker = controlled();
			isThere = false;
			await open(breaker);
			isThere = true;
			await clock.advance(1_000);
			await assert.rejects(breaker.run(down), { isOwn: true });
			assert.equal(breaker.state(), 'closed');
			assert.equal(await breaker.run(up), 'done');
		});

		it('makes no call for anybody while its probe fails', async () => {
			const breaker = controlled();
			isThere = false;
			await open(breaker);
			await clock.advance(1_000);
			let calls = 0;
			await assert.rejects(
				breaker.run(async () => (calls += 1)),
				{ retryAfterMs: 2_000 },
			);
			assert.equal(calls, 0);
		});

		it('closes on a refusal of it: a refusal is an answer', async () => {
			const breaker = controlled({
				control: () =>
					Promise.reject(new DocDropError(isThere ? 'index_throttled' : 'index_unavailable', 'x')),
			});
			isThere = false;
			await open(breaker);
			isThere = true;
			await clock.advance(1_000);
			assert.equal(await breaker.run(up), 'done');
		});

		it('is asked once for all who fail at the same time', async () => {
			const { fn, calls, call } = peer();
			const breaker = make({ control: fn });
			const failing = [1, 2, 3].map(() => assert.rejects(breaker.run(down), { isOwn: true }));
			(await call(0)).succeed();
			await Promise.all(failing);
			assert.equal(calls.length, 1);
		});

		it('spends no quick retry on what took long', async () => {
			const breaker = controlled({ attempts: 3 });
			let tries = 0;
			const slowly = async () => {
				tries += 1;
				await clock.advance(1_001);
				return down();
			};
			await assert.rejects(breaker.run(slowly), { isOwn: true });
			assert.equal(tries, 1);
			await assert.rejects(
				breaker.run(() => ((tries += 1), down())),
				{ isOwn: true },
			);
			assert.equal(tries, 4, 'a quick failure may be a blip');
		});
	});

	describe('beside another guard of the same peer', () => {
		it('learns that the peer is away: pauses at once, and finds out by a probe of its own', async () => {
			const breaker = make();
			breaker.learn('away');
			assert.deepEqual([breaker.state(), breaker.nextProbeAt()], ['open', 1_000]);
			await assert.rejects(breaker.run(up), { code: 'index_unavailable', retryAfterMs: 1_000 });
			await clock.advance(1_000);
			await assert.rejects(breaker.run(down), { message: 'away' });
			assert.equal(breaker.nextProbeAt(), 3_000, 'its waits grow like any other’s');
			await clock.advance(2_000);
			assert.equal(await breaker.run(up), 'done');
			assert.deepEqual(breaker.attempts(), { total: 2, whileOpen: 2 });
			assert.deepEqual(changes, ['open', 'half-open', 'open', 'half-open', 'closed']);
		});

		it('learns that the peer is back, and takes no late answer for news', async () => {
			const breaker = make();
			await open(breaker);
			await clock.advance(1_000);
			const { fn, call } = peer();
			const probe = assert.rejects(breaker.run(fn), { message: 'away' });
			const { fail } = await call(0);
			breaker.learn('back');
			assert.equal(breaker.state(), 'closed');
			fail(away());
			await probe;
			assert.equal(breaker.state(), 'closed');
			assert.equal(await breaker.run(up), 'done');
			assert.deepEqual(changes, ['open', 'half-open', 'closed']);
		});

		it('is not moved by what it knows itself', async () => {
			const breaker = make();
			breaker.learn('back');
			await open(breaker);
			await clock.advance(400);
			breaker.learn('away');
			assert.equal(breaker.nextProbeAt(), 1_000, 'the wait does not begin anew');
			assert.deepEqual(changes, ['open']);
		});
	});
});

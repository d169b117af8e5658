import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createRateBudget, tokensOf, bytesOf } from '../../../api/adapters/embedders/rate-budget.ts';
import { parseDuration, readLimits, readRetryAfter } from '../../../api/adapters/embedders/rate-headers.ts';
import { isDocDropError } from '../../../api/errors.ts';
import { fakeClock } from '../../support/fake-clock.ts';

describe('rate limit headers', () => {
	it('durations as OpenAI writes them, and nothing else', () => {
		const said: [string | null, number | null][] = [
			['1s', 1_000],
			['6m0s', 360_000],
			['20ms', 20],
			['1h2m3.5s', 3_723_500],
			['8.64s', 8_640],
			['0s', 0],
			['60', 60_000],
			['1d', 86_400_000],
			['999999999h', 86_400_000],
			...([null, '', 'soon', '-1s', '1x', 's', '1e9s', 'NaN', 'Infinity', '1s later', '1.2.3s'] as const).map(
				(text): [string | null, null] => [text, null],
			),
		];
		for (const [text, ms] of said) assert.equal(parseDuration(text), ms, String(text));
	});

	it('limits, where they hold together', () => {
		const headers = (limit: string, remaining: string, reset?: string) =>
			new Headers({
				'x-ratelimit-limit-requests': limit,
				'x-ratelimit-remaining-requests': remaining,
				...(reset !== undefined && { 'x-ratelimit-reset-requests': reset }),
			});
		assert.deepEqual(readLimits(headers('60', '59', '1s')), {
			requests: { limit: 60, remaining: 59, resetMs: 1_000 },
			tokens: null,
		});
		assert.deepEqual(readLimits(headers('60', '99')).requests, { limit: 60, remaining: 60, resetMs: null });
		for (const [limit, remaining] of [
			['0', '0'],
			['-1', '5'],
			['x', '5'],
			['60', 'NaN'],
			['1e9', '5'],
			['99999999999999999999', '5'],
		] as const) {
			assert.equal(readLimits(headers(limit, remaining)).requests, null);
		}
	});

	it('Retry-After in seconds, as a date, and finer', () => {
		const now = Date.parse('2026-01-01T00:00:00Z');
		const after = (headers: Record<string, string>) => readRetryAfter(new Headers(headers), now);
		assert.equal(after({}), undefined);
		assert.equal(after({ 'retry-after': '37' }), 37_000);
		assert.equal(after({ 'retry-after': '0.5' }), 500);
		assert.equal(after({ 'retry-after': 'Thu, 01 Jan 2026 00:00:20 GMT' }), 20_000);
		assert.equal(after({ 'retry-after': 'Wed, 31 Dec 2025 00:00:00 GMT' }), 0);
		assert.equal(after({ 'retry-after': 'soon' }), undefined);
		assert.equal(after({ 'retry-after': '2', 'retry-after-ms': '1234' }), 1_234);
		assert.equal(after({ 'retry-after': '2', 'retry-after-ms': 'x' }), 2_000);
		assert.equal(after({ 'retry-after': '999999999999' }), 86_400_000);
	});
});

describe('the embedder’s budget', () => {
	const never = new AbortController().signal;
	const answer = (status: number, headers: Record<string, string> = {}) => ({
		status,
		headers: new Headers(headers),
	});
	const left = (limit: number, remaining: number, reset: string, kind = 'requests') => ({
		[`x-ratelimit-limit-${kind}`]: String(limit),
		[`x-ratelimit-remaining-${kind}`]: String(remaining),
		[`x-ratelimit-reset-${kind}`]: reset,
	});

	it('begins with one request, and sends no more than was said to be left', async () => {
		const clock = fakeClock();
		const budget = createRateBudget({ clock, random: () => 0, patienceMs: 100_000 });
		let begun = 0;
		const turns = Array.from({ length: 6 }, () => budget.turn(30, never).then((turn) => (begun++, turn)));
		await clock.advance(0);
		assert.equal(begun, 1, 'whose answer says what the limits are');
		const first = await turns[0];
		first?.answered(answer(200, left(10, 2, '1m30s')));
		first?.done();
		await clock.advance(0);
		assert.equal(begun, 3);
		for (const turn of [turns[1], turns[2]]) {
			(await turn)?.answered(answer(200));
			(await turn)?.done();
		}
		await clock.advance(60_000);
		assert.equal(begun, 3, 'nothing is left until the reset');
		assert.equal(budget.status().waiting, 3);
		await clock.advance(30_000);
		assert.equal(begun, 6);
		for (const turn of turns.slice(3)) (await turn).answered(answer(200, left(10, 0, '1h')));
		for (const turn of turns) (await turn).done();
		const late = budget.turn(3, never);
		await assert.rejects(late, (error) => isDocDropError(error) && error.code === 'embedder_throttled');
	});

	it('tells at once who would wait too long, with the time', async () => {
		const clock = fakeClock();
		const budget = createRateBudget({ clock, random: () => 0, patienceMs: 5_000 });
		const first = await budget.turn(3, never);
		first.answered(answer(200, left(1_000, 0, '1m0s', 'tokens')));
		first.done();
		await assert.rejects(
			budget.turn(3, never),
			(error) =>
				isDocDropError(error) && error.code === 'embedder_throttled' && error.retryAfterMs === 60_000,
		);
		await clock.advance(60_000);
		(await budget.turn(3, never)).done();
	});

	it('lets a request above the whole limit go once all of it is free, so that it does not wait for ever', async () => {
		const clock = fakeClock();
		const budget = createRateBudget({ clock, random: () => 0, patienceMs: 100_000 });
		const first = await budget.turn(bytesOf(50), never);
		first.answered(answer(200, left(100, 50, '30s', 'tokens')));
		first.done();
		assert.equal(budget.mostBytes(), 300);
		let isSent = false;
		const large = budget.turn(bytesOf(500), never).then((turn) => ((isSent = true), turn.done()));
		await clock.advance(29_000);
		assert.equal(isSent, false);
		await clock.advance(1_001);
		await large;
	});

	it('after a refusal waits as it was told, then goes one by one, then doubles; and longer with every further one', async () => {
		const clock = fakeClock();
		const budget = createRateBudget({ clock, random: () => 0, patienceMs: 1_000_000 });
		const pauses: number[] = [];
		for (let nth = 0; nth < 4; nth += 1) {
			const turn = await budget.turn(3, never);
			turn.answered(answer(429));
			turn.done();
			pauses.push(budget.pausedMs());
			await clock.advance(budget.pausedMs());
		}
		assert.deepEqual(pauses, [250, 500, 1_000, 2_000]);
		const named = await budget.turn(3, never);
		named.answered(answer(429, { 'retry-after': '7' }));
		named.done();
		assert.equal(budget.pausedMs(), 7_000);
		let begun = 0;
		const open: (() => void)[] = [];
		for (let nth = 0; nth < 10; nth += 1) {
			void budget.turn(3, never).then((turn) => {
				begun += 1;
				open.push(() => (turn.answered(answer(200)), turn.done()));
			});
		}
		await clock.advance(6_999);
		assert.equal(begun, 0);
		for (const expected of [1, 3, 7]) {
			await clock.advance(1);
			assert.equal(begun, expected, 'no stampede');
			const now = open.splice(0);
			now[0]?.();
			for (const end of now.slice(1)) end();
		}
		assert.equal(budget.status().refusals, 5);
	});

	it('gives a turn back that nobody waits for, and one whose request failed', async () => {
		const clock = fakeClock();
		const budget = createRateBudget({ clock, random: () => 0, patienceMs: 100_000 });
		const first = await budget.turn(3, never);
		const cancel = new AbortController();
		const canceled = budget.turn(3, cancel.signal);
		const next = budget.turn(3, never);
		cancel.abort(new Error('given up'));
		await assert.rejects(canceled, /given up/);
		first.done();
		first.done();
		(await next).done();
		assert.deepEqual([budget.status().waiting, budget.status().inFlight], [0, 0]);
	});

	it('is never refused by a server that keeps to what it says, whether it refills slowly or at once', async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.record({
					isBucket: fc.boolean(),
					requests: fc.integer({ min: 1, max: 20 }),
					tokens: fc.integer({ min: 20, max: 400 }),
					windowMs: fc.integer({ min: 500, max: 30_000 }),
				}),
				fc.array(
					fc.record({
						tokens: fc.integer({ min: 1, max: 20 }),
						/** On the way there, and back. */
						thereMs: fc.integer({ min: 0, max: 2_000 }),
						backMs: fc.integer({ min: 0, max: 2_000 }),
						fails: fc.boolean(),
					}),
					{ minLength: 1, maxLength: 30 },
				),
				async ({ isBucket, requests, tokens, windowMs }, calls) => {
					const clock = fakeClock();
					const budget = createRateBudget({ clock, random: () => 0.5, patienceMs: Infinity });
					const limits = { requests, tokens };
					const free = { requests, tokens };
					let at = 0;
					const refill = () => {
						const now = clock.monotonic();
						for (const kind of ['requests', 'tokens'] as const) {
							if (isBucket)
								free[kind] = Math.min(limits[kind], free[kind] + ((now - at) * limits[kind]) / windowMs);
							else if (Math.floor(now / windowMs) > Math.floor(at / windowMs)) free[kind] = limits[kind];
						}
						at = now;
					};
					let refusals = 0;
					const serve = (cost: number) => {
						refill();
						const isRefused = free.requests < 1 || free.tokens < cost;
						if (isRefused) refusals += 1;
						else {
							free.requests -= 1;
							free.tokens -= cost;
						}
						const headers: Record<string, string> = {};
						for (const kind of ['requests', 'tokens'] as const) {
							const resetMs = isBucket
								? ((limits[kind] - free[kind]) * windowMs) / limits[kind]
								: windowMs - (clock.monotonic() % windowMs);
							Object.assign(
								headers,
								left(limits[kind], Math.floor(free[kind]), `${Math.ceil(resetMs)}ms`, kind),
							);
						}
						return answer(isRefused ? 429 : 200, headers);
					};
					let done = 0;
					for (const call of calls) {
						void budget.turn(bytesOf(call.tokens), never).then(async (turn) => {
							await clock.sleep(call.thereMs);
							const said = serve(tokensOf(bytesOf(call.tokens)));
							await clock.sleep(call.backMs);
							if (!call.fails) turn.answered(said);
							turn.done();
							done += 1;
						});
					}
					await clock.advance(40 * 60_000);
					assert.equal(done, calls.length, 'everyone gets a turn');
					// A request whose answer is lost is spent all the same, and nothing says for how long.
					if (calls.every(({ fails }) => !fails)) assert.equal(refusals, 0);
				},
			),
			{ numRuns: 40 },
		);
	}).timeout(60_000);
});

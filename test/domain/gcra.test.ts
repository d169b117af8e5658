import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
	freeCells,
	reserve,
	rateOf,
	confirm,
	exhausted,
	unused,
	waitFor,
	type RateState,
} from '../../api/domain/gcra.ts';
import { mostInAMinute } from '../support/most-in-a-minute.ts';

const windowMs = 60_000;

describe('the rate algorithm', () => {
	it('lets a tenth through at once and the rest evenly', () => {
		const rate = rateOf(600, windowMs);
		assert.equal(rate.burst, 60);
		let state: RateState = unused;
		assert.equal(freeCells(rate, state, 0), 60);
		state = confirm(rate, reserve(state, 60), 60, 60, 0);
		assert.equal(freeCells(rate, state, 0), 0);
		assert.equal(freeCells(rate, state, rate.intervalMs), 1);
		assert.equal(freeCells(rate, state, rate.intervalMs * 10.5), 10);
		assert.equal(freeCells(rate, state, windowMs), 60, 'quiet saves no more than a burst');
	});

	it('gives back what was held and did not pass', () => {
		const rate = rateOf(600, windowMs);
		const held = reserve(unused, 60);
		assert.equal(freeCells(rate, held, 0), 0);
		assert.equal(freeCells(rate, confirm(rate, held, 60, 10, 0), 0), 50);
		assert.deepEqual(confirm(rate, held, 60, 0, 0), unused);
	});

	it('holds for every limit, at the even pace and in bursts, from the state of a start too', () => {
		for (const limit of [1, 2, 3, 7, 10, 11, 59, 600, 10_000]) {
			const rate = rateOf(limit, windowMs);
			for (const begin of [unused, exhausted(rate, 0)]) {
				const times: number[] = [];
				let state = begin;
				for (let now = 0; times.length < limit * 3;) {
					const cells = freeCells(rate, state, now);
					state = confirm(rate, reserve(state, cells), cells, cells, now);
					for (let nth = 0; nth < cells; nth += 1) times.push(now);
					now += waitFor(rate, state, 1, now);
				}
				const most = mostInAMinute(times);
				assert.ok(most <= limit, `${most} of ${limit}`);
				if (begin === unused) assert.equal(most, limit, 'all of it is given');
			}
		}
	});

	it('never lets more through than the limit, and tells the earliest time at which it does', () => {
		fc.assert(
			fc.property(
				fc.integer({ min: 1, max: 400 }),
				fc.array(
					fc.record({
						gap: fc.double({ min: 0, max: 20_000, noNaN: true }),
						wanted: fc.integer({ min: 1, max: 500 }),
						takes: fc.double({ min: 0, max: 1, noNaN: true }),
						/** Until it is known, ms, and when of that it passes. */
						known: fc.double({ min: 0, max: 30_000, noNaN: true }),
						passes: fc.double({ min: 0, max: 1, noNaN: true }),
					}),
					{ maxLength: 80 },
				),
				(limit, calls) => {
					const rate = rateOf(limit, windowMs);
					let state: RateState = unused;
					let now = 0;
					const times: number[] = [];
					const open: { at: number; cells: number; passed: number }[] = [];
					const settleUntil = (time: number) => {
						for (const one of open.toSorted((a, b) => a.at - b.at)) {
							if (one.at > time) continue;
							state = confirm(rate, state, one.cells, one.passed, one.at);
							open.splice(open.indexOf(one), 1);
						}
					};
					for (const { gap, wanted, takes, known, passes } of calls) {
						now += gap;
						settleUntil(now);
						const cells = Math.min(wanted, freeCells(rate, state, now));
						if (cells < wanted && open.length === 0) {
							const ms = waitFor(rate, state, wanted, now);
							const then = freeCells(rate, state, now + ms + 1e-6);
							assert.ok(then >= Math.min(wanted, rate.burst), 'passes when it was told');
							if (ms > 1)
								assert.ok(
									freeCells(rate, state, now + ms - 1) < Math.min(wanted, rate.burst),
									'and not before',
								);
						}
						const passed = Math.floor(cells * takes);
						state = reserve(state, cells);
						open.push({ at: now + known, cells, passed });
						for (let nth = 0; nth < passed; nth += 1) times.push(now + known * passes);
					}
					assert.ok(mostInAMinute(times) <= limit);
				},
			),
			{ numRuns: 300 },
		);
	});
});

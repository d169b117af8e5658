import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { createThrottle } from '../../../nodes/DocDrop/throttle.ts';
import { fakeClock } from '../../support/fake-clock.ts';

const minute = { limit: 4_000, windowMs: 60_000 };

/** The most that left within any window of this length. */
function mostWithin(times: readonly number[], windowMs: number): number {
	const sorted = times.toSorted((a, b) => a - b);
	let first = 0;
	let most = 0;
	for (const [last, time] of sorted.entries()) {
		while (time - (sorted[first] ?? 0) >= windowMs) first += 1;
		most = Math.max(most, last - first + 1);
	}
	return most;
}

describe('throttle', () => {
	it('lets 10,000 calls at once leave in order, never more than 4,000 in a sliding minute', async () => {
		const clock = fakeClock();
		const throttle = createThrottle({ clock, ...minute });
		const left: { call: number; at: number }[] = [];
		const calls = Promise.all(
			Array.from({ length: 10_000 }, (_, call) =>
				throttle.run('execution', async () => left.push({ call, at: clock.monotonic() })),
			),
		);
		await clock.advance(0);
		assert.equal(left.length, 4_000);
		assert.equal(throttle.waiting(), 6_000);
		await clock.advance(59_999);
		assert.equal(left.length, 4_000);
		await clock.advance(1);
		assert.equal(left.length, 8_000);
		await clock.advance(60_000);
		await calls;
		assert.deepEqual(
			left.map(({ call }) => call),
			Array.from({ length: 10_000 }, (_, call) => call),
		);
		assert.equal(mostWithin(left.map(({ at }) => at), 60_000), 4_000); // prettier-ignore
		assert.equal(throttle.waiting(), 0);
		assert.equal(clock.pending(), 0);
	});

	it('counts a request that is held up on its way from when it was answered', async () => {
		const clock = fakeClock();
		const throttle = createThrottle({ clock, limit: 2, windowMs: 100 });
		const answer = Promise.withResolvers<void>();
		const slow = throttle.run('a', () => answer.promise);
		await throttle.run('a', async () => {});
		const left: number[] = [];
		const rest = [1, 2].map(() => throttle.run('a', async () => void left.push(clock.monotonic())));
		await clock.advance(100);
		assert.deepEqual(left, [100]);
		await clock.advance(150);
		assert.deepEqual(left, [100, 200], 'the one place that is not under way serves');
		const late = throttle.run('a', async () => void left.push(clock.monotonic()));
		const later = throttle.run('a', async () => void left.push(clock.monotonic()));
		answer.resolve();
		await clock.advance(49);
		assert.equal(left.length, 2);
		await clock.advance(1);
		assert.deepEqual(left, [100, 200, 300]);
		await clock.advance(50);
		assert.deepEqual(left, [100, 200, 300, 350], 'a window after the slow one was answered');
		await Promise.all([slow, ...rest, late, later]);
	});

	it('lets a newcomer wait to the last millisecond, behind those who wait already, even when the timer is late', async () => {
		const clock = fakeClock();
		const late = { ...clock, after: (ms: number, run: () => void) => clock.after(ms + 20, run) };
		const throttle = createThrottle({ clock: late, limit: 1, windowMs: 100 });
		const left: [string, number][] = [];
		const send = (name: string) => throttle.run(name, async () => left.push([name, clock.monotonic()]));
		await send('first');
		await clock.advance(99);
		const calls = [send('second')];
		await clock.advance(10);
		calls.push(send('newcomer'));
		await clock.advance(150);
		assert.deepEqual(left, [
			['first', 0],
			['second', 120],
			['newcomer', 240],
		]);
		await Promise.all(calls);
	});

	it('serves executions in turn', async () => {
		const clock = fakeClock();
		const throttle = createThrottle({ clock, ...minute });
		const left: string[] = [];
		const send = (owner: string) => throttle.run(owner, async () => left.push(owner));
		const calls = Array.from({ length: 4_000 }, () => send('first'));
		calls.push(...Array.from({ length: 6_000 }, () => send('large')));
		calls.push(...Array.from({ length: 500 }, () => send('small')));
		await clock.advance(60_000);
		const second = left.slice(4_000, 8_000);
		assert.equal(second.filter((owner) => owner === 'small').length, 500);
		assert.equal(second.slice(0, 1_000).filter((owner) => owner === 'large').length, 500);
		await clock.advance(60_000);
		assert.equal((await Promise.all(calls)).length, 10_500);
	});

	it('frees the place of a call that is cancelled, and only that', async () => {
		const clock = fakeClock();
		const throttle = createThrottle({ clock, limit: 1, windowMs: 100 });
		await throttle.run('a', async () => {});
		const cancel = new AbortController();
		const reason = new Error('cancelled');
		const left: string[] = [];
		const gone = throttle.run('b', async () => left.push('cancelled'), cancel.signal);
		const next = throttle.run('c', async () => left.push('next'));
		assert.equal(throttle.waiting(), 2);
		cancel.abort(reason);
		await assert.rejects(gone, reason);
		assert.equal(throttle.waiting(), 1);
		await clock.advance(100);
		await next;
		assert.deepEqual(left, ['next']);
		await assert.rejects(
			throttle.run('b', async () => {}, cancel.signal),
			reason,
		);
		assert.equal(clock.pending(), 0);
	});

	it('cancels 10,000 waiting calls of one execution, which share its signal', async () => {
		const fake = fakeClock();
		let timers = 0;
		const clock = { ...fake, after: (ms: number, run: () => void) => ((timers += 1), fake.after(ms, run)) };
		const throttle = createThrottle({ clock, limit: 1, windowMs: 100 });
		const cancel = new AbortController();
		const warned: Error[] = [];
		const onWarning = (warning: Error) => void warned.push(warning);
		process.on('warning', onWarning);
		await throttle.run('a', async () => 'left', cancel.signal);
		const calls = Array.from({ length: 10_000 }, () => throttle.run('a', async () => 'left', cancel.signal));
		assert.equal(throttle.waiting(), 10_000);
		cancel.abort();
		const ends = await Promise.allSettled(calls);
		await clock.advance(0);
		process.off('warning', onWarning);
		assert.equal(ends.filter(({ status }) => status === 'rejected').length, 10_000);
		assert.deepEqual(warned, []);
		assert.equal(getEventListeners(cancel.signal, 'abort').length, 0);
		assert.equal(throttle.waiting(), 0);
		assert.equal(timers, 1, 'one for all of them');
		await clock.advance(100);
		assert.equal(clock.pending(), 0);
		assert.equal(await throttle.run('a', async () => 'left'), 'left');
	});

	it('pauses for everyone, for the longest that was asked', async () => {
		const clock = fakeClock();
		const throttle = createThrottle({ clock, ...minute });
		const left: number[] = [];
		throttle.pause(5_000);
		throttle.pause(1_000);
		const calls = ['a', 'b'].map((owner) => throttle.run(owner, async () => left.push(clock.monotonic())));
		await clock.advance(4_000);
		throttle.pause(2_000);
		await clock.advance(1_999);
		assert.deepEqual(left, []);
		await clock.advance(1);
		assert.deepEqual(left, [6_000, 6_000]);
		await Promise.all(calls);
		assert.equal(clock.pending(), 0);
	});

	it('counts what failed like what succeeded, and lets go of the signal', async () => {
		const clock = fakeClock();
		const throttle = createThrottle({ clock, limit: 1, windowMs: 100 });
		const failing = () => {
			throw new Error('failed');
		};
		await assert.rejects(throttle.run('a', failing), /failed/);
		const { signal } = new AbortController();
		const next = throttle.run('a', async () => clock.monotonic(), signal);
		assert.equal(getEventListeners(signal, 'abort').length, 1);
		await clock.advance(100);
		assert.equal(await next, 100);
		assert.equal(getEventListeners(signal, 'abort').length, 0);
	});

	it('keeps the limit at the receiver, loses nothing and wastes nothing, whatever happens', async () => {
		const call = fc.record({
			after: fc.integer({ min: 0, max: 40 }),
			owner: fc.constantFrom('a', 'b', 'c'),
			/** Until it leaves, and until it is answered from then on. */
			held: fc.integer({ min: 0, max: 90 }),
			answered: fc.integer({ min: 0, max: 90 }),
			cancelAfter: fc.option(fc.integer({ min: 0, max: 300 }), { nil: null, freq: 3 }),
			pause: fc.option(fc.integer({ min: 0, max: 150 }), { nil: null, freq: 8 }),
		});
		const windowMs = 100;
		await fc.assert(
			fc.asyncProperty(
				fc.integer({ min: 1, max: 4 }),
				fc.array(call, { minLength: 1, maxLength: 25 }),
				async (limit, calls) => {
					const clock = fakeClock();
					const throttle = createThrottle({ clock, limit, windowMs });
					const turns: { owner: string; index: number; from: number; until: number }[] = [];
					const leftAt: number[] = [];
					let pausedUntil = 0;
					const ends = calls.map(async ({ owner, held, answered, cancelAfter, pause }, index) => {
						await clock.sleep(calls.slice(0, index + 1).reduce((sum, { after }) => sum + after, 0) + 1);
						if (pause !== null) {
							throttle.pause(pause);
							pausedUntil = Math.max(pausedUntil, clock.monotonic() + pause);
						}
						const cancel = new AbortController();
						if (cancelAfter !== null) clock.after(cancelAfter, () => cancel.abort('cancelled'));
						const askedAt = clock.monotonic();
						const send = async () => {
							const from = clock.monotonic();
							assert.ok(from >= pausedUntil, 'nothing leaves in a pause');
							const turn = { owner, index, from, until: Infinity };
							turns.push(turn);
							await clock.sleep(held);
							leftAt.push(clock.monotonic());
							await clock.sleep(answered);
							turn.until = clock.monotonic() + windowMs;
							return { askedAt, from };
						};
						return throttle.run(owner, send, cancel.signal).catch((reason: unknown) => {
							assert.equal(reason, 'cancelled');
							return { askedAt, from: null };
						});
					});
					// Step by step, to see that no free place is left to itself while somebody waits.
					for (let step = 0; step < 3_000 && (step < 50 || turns.length < calls.length); step += 5) {
						await clock.advance(5);
						const now = clock.monotonic();
						const taken = turns.filter(({ until }) => until > now).length;
						assert.ok(throttle.waiting() === 0 || taken === limit || now < pausedUntil, `idle at ${now}`);
						if (throttle.waiting() === 0 && clock.pending() === 0) break;
					}
					await clock.advance(30_000);
					const all = await Promise.all(ends);
					assert.equal(all.filter(({ from }) => from !== null).length, turns.length);
					for (const [index, { from }] of all.entries()) {
						assert.ok(from !== null || calls[index]?.cancelAfter !== null, 'none is lost');
					}
					assert.ok(mostWithin(leftAt, windowMs) <= limit);
					for (const owner of ['a', 'b', 'c']) {
						const order = turns.filter((turn) => turn.owner === owner).map(({ index }) => index);
						assert.deepEqual(order, order.toSorted((a, b) => a - b), 'in order within an execution'); // prettier-ignore
					}
					assert.equal(throttle.waiting(), 0);
					assert.equal(clock.pending(), 0);
				},
			),
			{ numRuns: 60 },
		);
	});
});

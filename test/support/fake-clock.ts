import type { Clock } from '../../nodes/watch/clock.ts';

export interface FakeClock extends Clock {
	/** Moves both clocks on by `ms`, firing timers in order of their due time, and lets promises settle between them. */
	advance(ms: number): Promise<void>;
	/** Moves the wall clock alone, as an operator or NTP does. */
	jumpWall(ms: number): void;
	/** Timers that have not fired. */
	pending(): number;
	/** Milliseconds until the next of them is due; null where there is none. */
	untilNext(): number | null;
}

/** A clock that stands still until the test moves it. */
export function fakeClock(start = Date.parse('2026-01-01T00:00:00Z')): FakeClock {
	let mono = 0;
	let wall = start;
	let nextId = 0;
	const timers = new Map<number, { due: number; run: () => void }>();
	const settle = async () => {
		for (let turn = 0; turn < 8; turn += 1) await new Promise((resolve) => setImmediate(resolve));
	};
	const after = (ms: number, run: () => void) => {
		const id = (nextId += 1);
		timers.set(id, { due: mono + ms, run });
		return () => void timers.delete(id);
	};
	return {
		now: () => wall,
		monotonic: () => mono,
		after,
		sleep: (ms, signal) =>
			new Promise((resolve, reject) => {
				if (signal?.aborted) return reject(signal.reason);
				const cancel = after(ms, resolve);
				signal?.addEventListener('abort', () => (cancel(), reject(signal.reason)), { once: true });
			}),
		async advance(ms) {
			const end = mono + ms;
			for (;;) {
				await settle();
				const next = [...timers].filter(([, t]) => t.due <= end).sort((a, b) => a[1].due - b[1].due)[0];
				if (next === undefined) break;
				const [id, timer] = next;
				timers.delete(id);
				const step = Math.max(0, timer.due - mono);
				mono += step;
				wall += step;
				timer.run();
			}
			wall += end - mono;
			mono = end;
			await settle();
		},
		jumpWall: (ms) => void (wall += ms),
		pending: () => timers.size,
		untilNext: () =>
			timers.size === 0 ? null : Math.max(0, Math.min(...[...timers.values()].map(({ due }) => due)) - mono),
	};
}

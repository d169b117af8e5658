/**
 * The one way to time. Everything in nodes/watch and api/ (but api/page, which runs in browsers) asks a `Clock` that it
 * was given; only `systemClock` touches the machine's clock, so that a test can own time.
 *
 * `monotonic` is for windows, leases and durations: it never jumps. `now` is for what a person reads and
 * for what is stored; it may jump either way, and nothing may wait on a difference of two of its readings.
 */
export interface Clock {
	/** Wall time, milliseconds since 1970. */
	now(): number;
	/** Milliseconds from an arbitrary start; never goes back, never jumps. */
	monotonic(): number;
	/** Resolves after `ms`; rejects with the signal's reason when it is aborted first. */
	sleep(ms: number, signal?: AbortSignal): Promise<void>;
	/** Calls `run` once after `ms`, without keeping the process alive; the returned function cancels it. */
	after(ms: number, run: () => void): () => void;
}

/** The machine's clock. The only place that calls Date.now, performance.now and setTimeout. */
export const systemClock: Clock = {
	now: () => Date.now(),
	monotonic: () => performance.now(),
	sleep: (ms, signal) =>
		new Promise((resolve, reject) => {
			if (signal?.aborted) {
				reject(signal.reason);
				return;
			}
			const timer = setTimeout(() => {
				signal?.removeEventListener('abort', onAbort);
				resolve();
			}, ms);
			const onAbort = () => {
				clearTimeout(timer);
				reject(signal?.reason);
			};
			signal?.addEventListener('abort', onAbort, { once: true });
		}),
	after: (ms, run) => {
		const timer = setTimeout(run, ms);
		timer.unref();
		return () => clearTimeout(timer);
	},
};

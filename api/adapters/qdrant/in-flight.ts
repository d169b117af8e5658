/**
 * How many bulk requests are on their way to Qdrant at the same time, over all lanes of the process. Pure
 * decisions, and the gate that carries them out; only qdrant-store.ts makes one.
 *
 * Additive increase, multiplicative decrease: a server that throttles, is not available or does not answer gets
 * half as many requests, one whose answers come later and later (with `wait=true` that is its update queue
 * growing) one less, and after a run of good answers one more is tried. What was sent before a cut says nothing
 * about the cut, so that one bad moment halves once, and not once for each request that it met.
 */
import type { Clock } from '../../ports/index.ts';
import { isDocDropError } from '../../errors.ts';

export interface CongestionWindow {
	/** Requests at a time; its whole part counts. */
	readonly allowed: number;
	/** Monotonic ms of the last cut. */
	readonly cutAt: number;
	/** Of answers, smoothed, ms; null before the first. */
	readonly usualMs: number | null;
}

export interface WriteOutcome {
	/** `pushback`: it throttled, was not available, or did not answer in time. `other` says nothing of load. */
	readonly kind: 'completed' | 'pushback' | 'other';
	/** Monotonic ms. */
	readonly sentAt: number;
	readonly at: number;
}

/** Good answers after which one more request is tried. */
const answersPerStep = 16;
/** An answer that takes this many times the usual, and at least that long, is a queue that grows. */
const slowFactor = 4;
const slowMs = 1_000;
const smoothing = 0.1;

export const startWindow = (most: number): CongestionWindow => ({
	allowed: Math.min(2, most),
	cutAt: -Infinity,
	usualMs: null,
});

export function adapt(window: CongestionWindow, answer: WriteOutcome, most: number): CongestionWindow {
	const { kind, sentAt, at } = answer;
	if (kind === 'other') return window;
	const isNews = sentAt >= window.cutAt;
	if (kind === 'pushback') {
		return isNews ? { ...window, allowed: Math.max(1, Math.floor(window.allowed / 2)), cutAt: at } : window;
	}
	const tookMs = at - sentAt;
	const { usualMs } = window;
	if (usualMs !== null && tookMs > slowMs && tookMs > slowFactor * usualMs) {
		// It enters the mean as well: a server that has become slow for good is not cut for ever.
		const known = { ...window, usualMs: usualMs + smoothing * (tookMs - usualMs) };
		return isNews ? { ...known, allowed: Math.max(1, Math.floor(window.allowed) - 1), cutAt: at } : known;
	}
	return {
		...window,
		allowed: isNews ? Math.min(most, window.allowed + 1 / answersPerStep) : window.allowed,
		usualMs: usualMs === null ? tookMs : usualMs + smoothing * (tookMs - usualMs),
	};
}

export interface InFlight {
	/** Runs `send` as soon as the window allows it, in the order of the calls; rejects as it does. */
	run<T>(send: () => Promise<T>, signal?: AbortSignal): Promise<T>;
	allowed(): number;
}

export function createInFlight(most: number, clock: Pick<Clock, 'monotonic'>): InFlight {
	const waiting: (() => void)[] = [];
	let window = startWindow(most);
	let running = 0;

	function admit(): void {
		while (running < Math.floor(window.allowed)) {
			const next = waiting.shift();
			if (next === undefined) return;
			running += 1;
			next();
		}
	}

	return {
		async run(send, signal) {
			await new Promise<void>((resolve) => {
				waiting.push(resolve);
				admit();
			});
			const sentAt = clock.monotonic();
			let kind: WriteOutcome['kind'] = 'completed';
			try {
				signal?.throwIfAborted();
				return await send();
			} catch (error) {
				kind = !signal?.aborted && isPushback(error) ? 'pushback' : 'other';
				throw error;
			} finally {
				running -= 1;
				window = adapt(window, { kind, sentAt, at: clock.monotonic() }, most);
				admit();
			}
		},
		allowed: () => Math.floor(window.allowed),
	};
}

const isPushback = (error: unknown) =>
	isDocDropError(error) && (error.code === 'index_throttled' || error.code === 'index_unavailable');

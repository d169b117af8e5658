/**
 * How many bulk requests are on their way to Qdrant at the same time, over all lanes of the process. Pure
 * decisions, and the gate that carries them out; only store.ts makes one.
 *
 * Additive increase, multiplicative decrease: a server that throttles, is not available or does not answer gets
 * half as many requests, one whose answers come later and later (with `wait=true` that is its update queue
 * growing) one less, and after a run of good answers one more is tried. What was sent before a cut says nothing
 * about the cut, so that one bad moment halves once, and not once for each request that it met.
 */
import type { Clock } from '../../ports/time.ts';
import { isDocDropError } from '../../errors.ts';

export interface Flow {
	/** Requests at a time; its whole part counts. */
	readonly allowed: number;
	/** Monotonic ms of the last cut. */
	readonly cutAt: number;
	/** Of answers, smoothed, ms; null before the first. */
	readonly usualMs: number | null;
}

export interface Answer {
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

export const startFlow = (most: number): Flow => ({
	allowed: Math.min(2, most),
	cutAt: -Infinity,
	usualMs: null,
});

export function adapt(flow: Flow, answer: Answer, most: number): Flow {
	const { kind, sentAt, at } = answer;
	if (kind === 'other') return flow;
	const isNews = sentAt >= flow.cutAt;
	if (kind === 'pushback') {
		return isNews ? { ...flow, allowed: Math.max(1, Math.floor(flow.allowed / 2)), cutAt: at } : flow;
	}
	const tookMs = at - sentAt;
	const { usualMs } = flow;
	if (usualMs !== null && tookMs > slowMs && tookMs > slowFactor * usualMs) {
		// It enters the mean as well: a server that has become slow for good is not cut for ever.
		const known = { ...flow, usualMs: usualMs + smoothing * (tookMs - usualMs) };
		return isNews ? { ...known, allowed: Math.max(1, Math.floor(flow.allowed) - 1), cutAt: at } : known;
	}
	return {
		...flow,
		allowed: isNews ? Math.min(most, flow.allowed + 1 / answersPerStep) : flow.allowed,
		usualMs: usualMs === null ? tookMs : usualMs + smoothing * (tookMs - usualMs),
	};
}

export interface InFlight {
	/** Runs `send` as soon as there is room, in the order of the calls; rejects as it does. */
	run<T>(send: () => Promise<T>, signal?: AbortSignal): Promise<T>;
	allowed(): number;
}

export function createInFlight(most: number, clock: Pick<Clock, 'monotonic'>): InFlight {
	const waiting: (() => void)[] = [];
	let flow = startFlow(most);
	let running = 0;

	function admit(): void {
		while (running < Math.floor(flow.allowed)) {
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
			let kind: Answer['kind'] = 'completed';
			try {
				signal?.throwIfAborted();
				return await send();
			} catch (error) {
				kind = !signal?.aborted && isPushback(error) ? 'pushback' : 'other';
				throw error;
			} finally {
				running -= 1;
				flow = adapt(flow, { kind, sentAt, at: clock.monotonic() }, most);
				admit();
			}
		},
		allowed: () => Math.floor(flow.allowed),
	};
}

const isPushback = (error: unknown) =>
	isDocDropError(error) && (error.code === 'index_throttled' || error.code === 'index_unavailable');

/**
 * The guard in front of one peer (vector index, embedder): a few quick retries for blips, a circuit breaker
 * for outages, a timeout for silence. One breaker a peer, shared by everyone who calls that peer; where two
 * kinds of call can fail apart (writes, searches), each kind has its own, and they `learn` from one another.
 *
 * Invariants:
 *  - While it is open, `run` rejects at once and makes no request; one probe at a time finds out whether the
 *    peer is back, and everyone else keeps being rejected until that probe has succeeded. No stampede.
 *  - Only errors that `trips` names move it. A probe whose caller gave up proves nothing: it counts as failed.
 *  - When the next probe is due is decided by the given clock: cockatiel compares wall times, and a wall
 *    clock that jumps back must not hold a breaker open.
 */
import {
	BrokenCircuitError,
	CircuitState,
	ConsecutiveBreaker,
	ExponentialBackoff,
	TimeoutStrategy,
	circuitBreaker,
	handleWhen,
	isBrokenCircuitError,
	isTaskCancelledError,
	retry,
	timeout,
	type CircuitBreakerPolicy,
} from 'cockatiel';
import { DocDropError } from '../../errors.ts';
import type { Clock } from '../../ports/index.ts';
import { trips } from './retry.ts';

export type BreakerState = 'closed' | 'open' | 'half-open';

export interface BreakerOptions {
	/** Of the peer, for messages: `vector index`. */
	readonly name: string;
	/** What callers get while it is open. */
	readonly code: 'index_unavailable' | 'embedder_unavailable';
	readonly clock: Clock;
	/** Longest time of one try, ms. */
	readonly timeoutMs: number;
	/** Tries of one `run`, the first included. */
	readonly attempts: number;
	/** Wait before the first quick retry, ms, jittered and growing. */
	readonly retryDelayMs: number;
	/** Failed tries in a row that open it. */
	readonly threshold: number;
	/** Time from opening to the first probe, ms; doubles with every failed probe, up to 15 s. */
	readonly halfOpenAfterMs: number;
	readonly onChange?: (state: BreakerState) => void;
}

export interface Breaker {
	/**
	 * Runs `fn`, which must stop when its signal is aborted. Rejects with the error of the last try, with the
	 * given code (and `retryAfterMs`, the time to the next probe) while open, with the signal's reason when
	 * the caller gave up.
	 */
	run<T>(fn: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T>;
	/**
	 * Another breaker of the same peer has found out that it is away, or back. One that knew so already goes on
	 * as it was: its waits do not begin anew, and its probes stay its own.
	 */
	learn(news: 'away' | 'back'): void;
	state(): BreakerState;
	/** Monotonic time of the clock from which the next `run` is a probe; null unless open. */
	nextProbeAt(): number | null;
	/** Calls of `fn` since the start, and how many of them were probes. */
	attempts(): { readonly total: number; readonly whileOpen: number };
}

const longestOpenMs = 15_000;
const states: Readonly<Record<CircuitState, BreakerState>> = {
	[CircuitState.Closed]: 'closed',
	[CircuitState.Open]: 'open',
	[CircuitState.HalfOpen]: 'half-open',
	[CircuitState.Isolated]: 'open',
};

export function createBreaker(options: BreakerOptions): Breaker {
	const { name, code, clock, timeoutMs, attempts, retryDelayMs, threshold, halfOpenAfterMs, onChange } =
		options;
	let probeAt = 0;
	let total = 0;
	let whileOpen = 0;

	const openFor = (nth: number) => {
		const until = clock.monotonic() + Math.min(longestOpenMs, halfOpenAfterMs * 2 ** (nth - 1));
		probeAt = until;
		return {
			// cockatiel asks whether this much wall time has passed; answering "never" or "long ago" makes it ask our clock.
			get duration() {
				return clock.monotonic() < until ? Infinity : -Infinity;
			},
			next: (context: { attempt: number }) => openFor(context.attempt),
		};
	};
	const newCircuit = (isOpen: boolean): CircuitBreakerPolicy => {
		const made = circuitBreaker(handleWhen(trips), {
			breaker: new ConsecutiveBreaker(threshold),
			halfOpenAfter: { next: (context) => openFor(context.attempt) },
			...(isOpen && {
				initialState: {
					ownState: { value: CircuitState.Open, openedAt: 0, attemptNo: 1 },
					breakerState: 0,
				},
			}),
		});
		// A circuit that was replaced may still have calls on their way; what they find out is no news any more.
		made.onStateChange((state) => made === circuit && onChange?.(states[state]));
		return made;
	};
	let circuit = newCircuit(false);
	const again = retry(handleWhen(trips), {
		maxAttempts: attempts - 1,
		backoff: new ExponentialBackoff({ initialDelay: retryDelayMs, maxDelay: retryDelayMs * 8 }),
	});
	const limit = timeout(timeoutMs, TimeoutStrategy.Aggressive);

	const unavailable = (message: string, retryAfterMs?: number) =>
		new DocDropError(code, message, retryAfterMs === undefined ? {} : { retryAfterMs });

	async function once<T>(fn: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
		const probing = circuit.state === CircuitState.HalfOpen;
		total += 1;
		if (probing) whileOpen += 1;
		try {
			return await limit.execute((context) => fn(context.signal), signal);
		} catch (error) {
			// Whatever came of a call that was given up says nothing of the peer; `run` puts the caller's reason in its place.
			if (signal.aborted) throw probing ? unavailable('the probe was given up') : new Error('given up');
			if (isTaskCancelledError(error)) throw unavailable(`the ${name} gave no answer within ${timeoutMs} ms`);
			throw error;
		}
	}

	return {
		async run(fn, signal) {
			signal?.throwIfAborted();
			try {
				return await again.execute(async (context) => {
					// Before the circuit sees the call: it would take this rejection for an answer of the peer.
					context.signal.throwIfAborted();
					if (circuit.state === CircuitState.HalfOpen) throw new BrokenCircuitError();
					return circuit.execute((inner) => once(fn, inner.signal), context.signal);
				}, signal);
			} catch (error) {
				signal?.throwIfAborted();
				if (!isBrokenCircuitError(error)) {
					// Whoever has opened it, or failed as its probe, is told like everyone else when the next one is due.
					if (circuit.state !== CircuitState.Open || !trips(error)) throw error;
					const { message } = error as DocDropError;
					const retryAfterMs = Math.max(1, Math.ceil(probeAt - clock.monotonic()));
					throw new DocDropError(code, message, { retryAfterMs, cause: error });
				}
				// While a probe is under way its result decides; until then the shortest wait is as good as any.
				const wait = circuit.state === CircuitState.Open ? probeAt - clock.monotonic() : halfOpenAfterMs;
				throw unavailable(
					`the ${name} does not answer; calls to it are paused`,
					Math.max(1, Math.ceil(wait)),
				);
			}
		},
		learn(news) {
			if ((circuit.state !== CircuitState.Closed) === (news === 'away')) return;
			circuit = newCircuit(news === 'away');
			onChange?.(states[circuit.state]);
		},
		state: () => states[circuit.state],
		nextProbeAt: () => (circuit.state === CircuitState.Open ? probeAt : null),
		attempts: () => ({ total, whileOpen }),
	};
}

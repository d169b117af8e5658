/**
 * The guard in front of one peer (vector index, embedder): a few quick retries for blips, a circuit breaker
 * for outages, a timeout for silence. One breaker a peer, shared by everyone who calls that peer; where two
 * kinds of call can fail apart (writes, searches), each kind has its own, and they `learn` from one another.
 *
 * Invariants:
 *  - While it is open, `run` rejects at once and makes no request; one probe at a time finds out whether the
 *    peer is back, and everyone else keeps being rejected until that probe has succeeded. No stampede.
 *  - Only errors that `trips` names move it. A probe whose caller gave up proves nothing: it counts as failed.
 *  - Where there is a control question, nobody's own work moves it: a try that got no answer counts as an outage only
 *    where the peer does not answer the control question either, and the control question is the probe. So a text that
 *    makes the embedder fail, or a write that takes too long, cannot close the peer to everybody else.
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
import { createControlQuestion } from './control-question.ts';
import { isUnanswered, trips } from './retry.ts';

export type BreakerState = 'closed' | 'open' | 'half-open';

export interface BreakerOptions {
	/** Of the peer, for messages: `vector index`. */
	readonly name: string;
	/** What callers get while it is open. */
	readonly code: 'index_unavailable' | 'embedder_unavailable' | 'reranker_unavailable';
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
	/** The control question: a call that the peer answers whenever it is there, and that changes nothing. */
	readonly control?: (signal: AbortSignal) => Promise<unknown>;
}

export interface Breaker {
	/**
	 * Runs `fn`, which must stop when its signal is aborted. Rejects with the error of the last try, with the
	 * given code (and `retryAfterMs`, the time to the next probe) while open, with the signal's reason when
	 * the caller gave up. An error is `isOwn` where the peer answers the control question.
	 */
	run<T>(fn: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T>;
	/** Asks the control question: null where it is answered, or there is none; else the error. */
	control(): Promise<unknown>;
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
/** A control question is small: whoever takes longer for it is not there for others either. */
const longestControlMs = 10_000;
const states: Readonly<Record<CircuitState, BreakerState>> = {
	[CircuitState.Closed]: 'closed',
	[CircuitState.Open]: 'open',
	[CircuitState.HalfOpen]: 'half-open',
	[CircuitState.Isolated]: 'open',
};

export function createBreaker(options: BreakerOptions): Breaker {
	const {
		name,
		code,
		clock,
		timeoutMs,
		attempts,
		retryDelayMs,
		threshold,
		halfOpenAfterMs,
		onChange,
		control,
	} = options;
	let lastWords = '';
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
	const question = createControlQuestion(
		control && (() => once(control, new AbortController().signal, controlLimit)),
	);
	const again = retry(handleWhen(question.isWorthATry), {
		maxAttempts: attempts - 1,
		backoff: new ExponentialBackoff({ initialDelay: retryDelayMs, maxDelay: retryDelayMs * 8 }),
	});
	const limit = timeout(timeoutMs, TimeoutStrategy.Aggressive);
	const controlLimit = timeout(Math.min(timeoutMs, longestControlMs), TimeoutStrategy.Aggressive);

	const unavailable = (message: string, retryAfterMs?: number) =>
		new DocDropError(code, message, retryAfterMs === undefined ? {} : { retryAfterMs });

	async function once<T>(
		fn: (signal: AbortSignal) => Promise<T>,
		signal: AbortSignal,
		within = limit,
	): Promise<T> {
		const probing = circuit.state === CircuitState.HalfOpen;
		total += 1;
		if (probing) whileOpen += 1;
		try {
			return await within.execute((context) => fn(context.signal), signal);
		} catch (error) {
			// Whatever came of a call that was given up says nothing of the peer; `run` puts the caller's reason in its place.
			if (signal.aborted) throw probing ? unavailable('the probe was given up') : new Error('given up');
			if (isTaskCancelledError(error)) throw unavailable(`the ${name} gave no answer within ${timeoutMs} ms`);
			throw error;
		}
	}

	/** One try of somebody's work; whose fault it is where it gets no answer. */
	async function tried<T>(fn: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
		const startedAt = clock.monotonic();
		try {
			return await once(fn, signal);
		} catch (error) {
			if (!isUnanswered(error)) throw error;
			lastWords = error.message;
			// While it is not closed, what is asked for everybody has found out already.
			throw circuit.state === CircuitState.Closed
				? await question.judged(error, clock.monotonic() - startedAt)
				: error;
		}
	}

	/** While the circuit is not closed, the control question finds out for everybody. */
	async function probe(ask: (signal: AbortSignal) => Promise<unknown>, signal: AbortSignal): Promise<void> {
		try {
			await circuit.execute((inner) => once(ask, inner.signal, controlLimit), signal);
		} catch (error) {
			// A refusal is an answer.
			if (isBrokenCircuitError(error) || trips(error) || signal.aborted) throw error;
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
					if (control !== undefined && circuit.state !== CircuitState.Closed)
						await probe(control, context.signal);
					return circuit.execute((inner) => tried(fn, inner.signal), context.signal);
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
					`the ${name} does not answer; calls to it are paused${lastWords === '' ? '' : ` (${lastWords})`}`,
					Math.max(1, Math.ceil(wait)),
				);
			}
		},
		control: question.ask,
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

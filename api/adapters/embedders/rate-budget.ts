import { DocDropError } from '../../errors.ts';
import type { Clock, EmbedderBudget } from '../../ports/index.ts';
import { readLimits, readRetryAfter, type SaidMeter } from './rate-headers.ts';

/**
 * The pace of one embedder: all requests of this process to it take their turns here, so that they wait before they
 * are refused. Owned by openai.ts.
 *
 * What holds:
 *  1. Nothing is sent beyond what the last answers said is left, of requests and of tokens. An answer knows nothing
 *     of what was sent while it was on its way: that is taken off what it says.
 *  2. After a refusal nothing is sent until the time it named, or a time that doubles with every further one,
 *     with jitter; then one request alone, and one more in flight with every answer that is well: twice as many
 *     with every round.
 *  3. So it also begins: one request, whose answer says what the limits are.
 *  4. First come, first served. Who would wait longer than `patienceMs` is rejected (`embedder_throttled`, with the
 *     time) and sends nothing: the caller's own time must not run out over it.
 *
 * Tokens are estimated, one for three bytes of UTF-8: above what English and most European text takes, about right
 * for Chinese and Japanese. What the server counted stands in its next answer.
 */
export interface RateCost {
	readonly requests: 1;
	readonly tokens: number;
}

export interface RateTurn {
	/** Of any answer, before its body is read. */
	answered(response: { readonly status: number; readonly headers: Headers }): void;
	/** No answer came, or it is read to its end. Always called, last. */
	done(): void;
}

const bytesPerToken = 3;
/** Where a server says what is left but not for how long. */
const usualResetMs = 60_000;
const firstPauseMs = 500;
const longestPauseMs = 60_000;
/** More would leave at once than any embedder wants. */
const mostInFlight = 64;

export const tokensOf = (bytes: number): number => Math.max(1, Math.ceil(bytes / bytesPerToken));
export const bytesOf = (tokens: number): number => tokens * bytesPerToken;

/** What is known of one limit. */
interface Meter {
	limit: number;
	left: number;
	/** Monotonic ms from which all of the limit is free, but for what is in flight. */
	resetAt: number;
	/** No answer has said so: the last time that one named is over. */
	isAssumed: boolean;
}

interface Waiter {
	readonly cost: RateCost;
	readonly until: number;
	resolve(turn: RateTurn): void;
	reject(error: unknown): void;
}

const kinds = ['requests', 'tokens'] as const;
type Kind = (typeof kinds)[number];

interface RateDeps {
	readonly clock: Clock;
	readonly random: () => number;
	readonly patienceMs: number;
}

const startState = (deps: RateDeps) => ({
	...deps,
	meters: { requests: null, tokens: null } as Record<Kind, Meter | null>,
	/** All that was ever sent, and what of it is in flight. */
	sent: { requests: 0, tokens: 0 },
	open: { requests: 0, tokens: 0 },
	/** Requests in flight at a time. */
	allowed: 1,
	/** Monotonic ms. */
	pausedUntil: -Infinity,
	refusalsInRow: 0,
	refusals: 0,
	waiters: [] as Waiter[],
	cancelTimer: null as (() => void) | null,
});
type RateState = ReturnType<typeof startState>;

export function createRateBudget(deps: RateDeps) {
	const { clock, patienceMs } = deps;
	const state = startState(deps);
	const pausedMs = () => Math.max(0, Math.ceil(state.pausedUntil - clock.monotonic()));

	return {
		/** Resolves when the request may leave. Rejects with the signal's reason, or `embedder_throttled`. */
		turn: (bytes: number, signal: AbortSignal): Promise<RateTurn> =>
			wait(state, { requests: 1, tokens: tokensOf(bytes) }, clock.monotonic() + patienceMs, signal),
		/** Bytes of text that one request may hold and still be within the limit of tokens. */
		mostBytes: (): number => (state.meters.tokens === null ? Infinity : bytesOf(state.meters.tokens.limit)),
		/** How long the last refusal asks to wait, ms. */
		pausedMs,
		status(): EmbedderBudget {
			const view = (meter: Meter | null) =>
				meter === null ? null : { limit: meter.limit, left: Math.max(0, meter.left) };
			return {
				requests: view(state.meters.requests),
				tokens: view(state.meters.tokens),
				waiting: state.waiters.length,
				inFlight: state.open.requests,
				refusals: state.refusals,
				pausedMs: pausedMs(),
			};
		},
	};
}

function wait(state: RateState, cost: RateCost, until: number, signal: AbortSignal): Promise<RateTurn> {
	return new Promise((resolve, reject) => {
		if (signal.aborted) return reject(signal.reason);
		const giveUp = () => {
			state.waiters = state.waiters.filter((one) => one !== waiter);
			reject(signal.reason);
			pump(state);
		};
		const leave = () => signal.removeEventListener('abort', giveUp);
		const waiter: Waiter = {
			cost,
			until,
			resolve: (turn) => (leave(), resolve(turn)),
			reject: (error) => (leave(), reject(error)),
		};
		signal.addEventListener('abort', giveUp, { once: true });
		if (state.waiters.push(waiter) === 1) pump(state);
	});
}

/** Lets go whoever may, in order; whoever would wait too long is rejected. */
function pump(state: RateState): void {
	const { clock, waiters } = state;
	state.cancelTimer?.();
	state.cancelTimer = null;
	for (let head = waiters[0]; head !== undefined; head = waiters[0]) {
		const now = clock.monotonic();
		const waitMs = waitOf(state, head.cost, now);
		if (waitMs === 0) {
			waiters.shift();
			head.resolve(begin(state, head.cost));
		} else if (now + (waitMs ?? 0) > head.until) {
			waiters.shift();
			head.reject(
				new DocDropError('embedder_throttled', 'the embedder’s limit is used up for now', {
					retryAfterMs: Math.ceil(waitMs ?? firstPauseMs),
				}),
			);
		} else {
			state.cancelTimer = clock.after(waitMs ?? head.until - now + 1, () => pump(state));
			return;
		}
	}
}

/** Ms until the cost may be paid; null: when something in flight is answered. */
function waitOf(
	{ meters, open, allowed, pausedUntil }: RateState,
	cost: RateCost,
	now: number,
): number | null {
	if (now < pausedUntil) return pausedUntil - now;
	if (open.requests >= allowed) return null;
	let longest = 0;
	for (const kind of kinds) {
		const meter = meters[kind];
		if (meter === null) continue;
		if (now >= meter.resetAt) {
			meter.left = meter.limit - open[kind];
			meter.resetAt = now + usualResetMs;
			meter.isAssumed = true;
		}
		// What is above the whole limit is the server's to judge, once all of it is free.
		const isAll = open[kind] === 0 && meter.left >= meter.limit;
		if (meter.left >= cost[kind] || isAll) continue;
		// An answer on its way will say what nobody has said yet.
		if (meter.isAssumed && open.requests > 0) return null;
		longest = Math.max(longest, meter.resetAt - now);
	}
	return longest;
}

function begin(state: RateState, cost: RateCost): RateTurn {
	const { clock, meters, sent, open } = state;
	// What an answer to this one cannot know of: what is in flight now, and what is sent until it comes.
	const unknownFrom = { requests: sent.requests - open.requests, tokens: sent.tokens - open.tokens };
	for (const kind of kinds) {
		const meter = meters[kind];
		sent[kind] += cost[kind];
		open[kind] += cost[kind];
		if (meter !== null) meter.left -= cost[kind];
	}
	let isDone = false;
	return {
		answered({ status, headers }) {
			const now = clock.monotonic();
			const said = readLimits(headers);
			for (const kind of kinds) {
				const unknown = sent[kind] - unknownFrom[kind] - cost[kind];
				const meter = said[kind];
				if (meter !== null) meters[kind] = learn(meters[kind], meter, unknown, now);
			}
			if (status === 429) pause(state, readRetryAfter(headers, clock.now()), now);
			else if (status < 400 && now >= state.pausedUntil) {
				state.refusalsInRow = 0;
				state.allowed = Math.min(mostInFlight, state.allowed + 1);
			}
		},
		done() {
			if (isDone) return;
			isDone = true;
			for (const kind of kinds) open[kind] -= cost[kind];
			pump(state);
		},
	};
}

/** `unknown`: what the server may not have counted when it said so. */
function learn(before: Meter | null, said: SaidMeter, unknown: number, now: number): Meter {
	const resetAt = now + (said.resetMs ?? usualResetMs);
	if (before === null || unknown === 0) {
		return { limit: said.limit, left: said.remaining - unknown, resetAt, isAssumed: false };
	}
	return {
		...before,
		// What we have counted ourselves is exact where nobody else uses the limit, and never above what was said.
		left: Math.min(said.remaining, Math.max(before.left, said.remaining - unknown)),
		resetAt: before.isAssumed ? resetAt : Math.max(before.resetAt, resetAt),
		isAssumed: false,
	};
}

/** After a refusal. */
function pause(state: RateState, namedMs: number | undefined, now: number): void {
	state.refusals += 1;
	// Refused together counts once.
	if (now >= state.pausedUntil) state.refusalsInRow += 1;
	state.allowed = 1;
	const doubled = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(20, state.refusalsInRow - 1));
	// Others may have been told the same time: nobody comes back before it, and not all at it.
	const pauseMs =
		namedMs === undefined
			? doubled * (0.5 + 0.5 * state.random())
			: namedMs + state.random() * Math.min(1_000, 0.1 * namedMs);
	state.pausedUntil = Math.max(state.pausedUntil, now + pauseMs);
}

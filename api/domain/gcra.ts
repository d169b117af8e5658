/**
 * The generic cell rate algorithm, as pure functions: how many cells (here: documents) may pass now, and when so
 * many more may. Called by document-limiter.ts, which keeps the states.
 *
 * A state is a theoretical arrival time: when all that has passed would have, at an even pace. What was let in but
 * is not known to have passed is `reserved`. Because cells are counted when they are known to have passed, at the
 * latest moment at which they can have, this holds whatever moment between the two somebody else looks at:
 *
 *   in no half-open window of `windowMs` do more than `limit` cells pass.
 *
 * For, at all times, max(tat, now) + reserved x interval <= now + burst x interval, and every cell moves `tat` on by one
 * interval: a window that begins with the first cell sees fewer than windowMs / interval + burst of them, which is
 * limit + 1.
 */
export interface Rate {
	/** Cells a window. */
	readonly limit: number;
	/** Cells that may pass at once after a quiet time. */
	readonly burst: number;
	/** Between two cells at an even pace, ms. */
	readonly intervalMs: number;
}

export interface RateState {
	/** Theoretical arrival time, monotonic ms. */
	readonly tat: number;
	readonly reserved: number;
}

/** A tenth at once, the rest evenly: what is left in the long run is nine tenths of the limit and more. */
const burstShare = 0.1;

/** Rounding must neither refuse the cell whose time has come nor let one pass early: the first is allowed for by less than the second is kept off. */
const slack = 1e-7;
const distance = 1 + 1e-6;

/** `limit`: whole cells, at least 1. */
export function rateOf(limit: number, windowMs: number): Rate {
	const burst = Math.max(1, Math.floor(limit * burstShare));
	return { limit, burst, intervalMs: (windowMs / (limit - burst + 1)) * distance };
}

/** The state in which nothing has passed. */
export const unused: RateState = { tat: -Infinity, reserved: 0 };

/** The state after the most that can have passed until `now`: nothing is known of it, and nothing must be assumed. */
export const exhausted = (rate: Rate, now: number): RateState => ({
	tat: now + rate.burst * rate.intervalMs,
	reserved: 0,
});

/** Cells that may pass now. */
export function freeCells(rate: Rate, { tat, reserved }: RateState, now: number): number {
	const ahead = Math.max(0, tat - now) / rate.intervalMs;
	return Math.max(0, Math.floor(rate.burst - ahead - reserved + slack));
}

/** `cells` are let in. The caller has seen that so many are free. */
export const reserve = (state: RateState, cells: number): RateState => ({
	...state,
	reserved: state.reserved + cells,
});

/** Of `cells` that were reserved, `passed` did pass; the others are free again. */
export const confirm = (
	rate: Rate,
	{ tat, reserved }: RateState,
	cells: number,
	passed: number,
	now: number,
): RateState => ({
	tat: passed === 0 ? tat : Math.max(tat, now) + passed * rate.intervalMs,
	reserved: reserved - cells,
});

/** Ms from now until `cells` are free, should nothing else pass meanwhile; more than a burst are never. */
export function waitFor(rate: Rate, { tat, reserved }: RateState, cells: number, now: number): number {
	const wanted = Math.min(cells, rate.burst) + reserved - rate.burst;
	return Math.max(0, Math.max(tat, now) + wanted * rate.intervalMs - now);
}

import type { LaneItem } from '../prepare/index.ts';

/**
 * Folds prepared documents of one lane into one bulk write. Pure: the lane asks it whenever something
 * changed, and either gets a batch with the reason why it was closed, or is told to wait.
 *
 * Preconditions: `items` are of one tenant, in the order in which they shall go; limits are positive.
 * Returns the longest prefix within the limits (the first document always, whatever its size), when
 *  - the next document would exceed `points` or `bytes`,
 *  - the oldest document has waited `ageMs`, or
 *  - nothing more is on its way (`isLast`): waiting would help nobody.
 * Otherwise null: more may come, and neither limits nor age forbid to wait for it.
 */
export type BatchItem = Pick<LaneItem, 'points' | 'bytes' | 'readyAt'>;

export interface BatchLimits {
	readonly points: number;
	readonly bytes: number;
	readonly ageMs: number;
}

export type FlushReason = 'points' | 'bytes' | 'age' | 'last';

export interface Batch<T> {
	readonly batch: readonly T[];
	readonly rest: readonly T[];
	readonly flushReason: FlushReason;
}

export function autobatch<T extends BatchItem>(
	items: readonly T[],
	limits: BatchLimits,
	now: number,
	isLast: boolean,
): Batch<T> | null {
	const [first] = items;
	if (first === undefined) return null;
	let points = 0;
	let bytes = 0;
	let oldest = first.readyAt;
	for (const [index, item] of items.entries()) {
		const isFull =
			points + item.points > limits.points ? 'points' : bytes + item.bytes > limits.bytes ? 'bytes' : null;
		if (index > 0 && isFull !== null) {
			return { batch: items.slice(0, index), rest: items.slice(index), flushReason: isFull };
		}
		points += item.points;
		bytes += item.bytes;
		oldest = Math.min(oldest, item.readyAt);
	}
	const reason = points >= limits.points ? 'points' : bytes >= limits.bytes ? 'bytes' : null;
	if (reason !== null) return { batch: items, rest: [], flushReason: reason };
	if (isLast) return { batch: items, rest: [], flushReason: 'last' };
	return now - oldest >= limits.ageMs ? { batch: items, rest: [], flushReason: 'age' } : null;
}

/**
 * Keys that sort the chunks of a document and do not shift when neighbours come and go: a new chunk gets a
 * key between its neighbours' keys, and the others keep theirs.
 *
 * A key is a fraction between 0 and 1 in base 62 (digits, capitals, small letters: the order of their code
 * units), without its leading `0.` and without zeros at its end; the space below every key and above it is
 * therefore never used up. Keys are compared by code units.
 */
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const BASE = 62n;
const KEY = /^[0-9A-Za-z]*[1-9A-Za-z]$/;

/**
 * The key of each id of `next`, which names each id once and in order. Ids of `previous` keep their key, as
 * many of them as can (the longest run that is in the right order already); all others get a new one.
 */
export function assignOrder(
	previous: readonly { readonly id: string; readonly order: string }[],
	next: readonly string[],
): Map<string, string> {
	const old = new Map(previous.filter(({ order }) => KEY.test(order)).map(({ id, order }) => [id, order]));
	const kept = longestRising(next.map((id) => old.get(id)));
	const keys = new Map<string, string>();
	let from = 0;
	let low: string | null = null;
	for (const index of [...kept, next.length]) {
		const high = index === next.length ? null : (old.get(next[index] ?? '') ?? null);
		const fresh = [...eachKeyBetween(low, high, index - from)];
		for (const [offset, key] of fresh.entries()) keys.set(next[from + offset] ?? '', key);
		if (high !== null) keys.set(next[index] ?? '', high);
		from = index + 1;
		low = high;
	}
	return keys;
}

/** Indices of a longest strictly rising subsequence; undefined entries never belong to it. */
function longestRising(values: readonly (string | undefined)[]): number[] {
	/** ends[n]: the index that ends the rising run of n + 1 entries with the smallest value. */
	const ends: number[] = [];
	const before = new Int32Array(values.length);
	for (const [index, value] of values.entries()) {
		if (value === undefined) continue;
		let low = 0;
		let high = ends.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			if ((values[ends[middle] ?? 0] ?? '') < value) low = middle + 1;
			else high = middle;
		}
		before[index] = low === 0 ? -1 : (ends[low - 1] ?? -1);
		ends[low] = index;
	}
	const run: number[] = [];
	for (let index = ends.at(-1) ?? -1; index >= 0; index = before[index] ?? -1) run.push(index);
	return run.reverse();
}

/**
 * `count` rising keys strictly between two keys (null: no neighbour on that side), as short as they can be.
 * Between two neighbours they are spread evenly. Beside one neighbour they go step by step from it, so that
 * a document that only grows at one end gets longer keys every 62-fold, not every sixth time.
 */
export function* eachKeyBetween(low: string | null, high: string | null, count: number): Generator<string> {
	if (count === 0) return;
	const oneSided = (low === null) !== (high === null);
	const room = BigInt(count + 1) * (oneSided ? BASE : 1n);
	// Both neighbours cut to the same number of digits: whatever lies strictly between those lies between them.
	let from = 0n;
	let to = high === null ? 1n : 0n;
	for (let digits = 1; ; digits += 1) {
		from = from * BASE + digitAt(low, digits - 1);
		to = to * BASE + digitAt(high, digits - 1);
		if (to - from < room) continue;
		const distance = to - from;
		for (let i = 0; i < count; i += 1) {
			if (!oneSided) yield toKey(from + (distance * BigInt(i + 1)) / BigInt(count + 1), digits);
			else yield toKey(high === null ? from + BigInt(i + 1) : to - BigInt(count - i), digits);
		}
		return;
	}
}

function digitAt(key: string | null, position: number): bigint {
	return key === null || position >= key.length ? 0n : BigInt(DIGITS.indexOf(key.charAt(position)));
}

/** A fraction, counted in units of its last digit, as a key. */
function toKey(value: bigint, digits: number): string {
	let key = '';
	for (let rest = value, i = 0; i < digits; i += 1, rest /= BASE) {
		const digit = Number(rest % BASE);
		if (key !== '' || digit !== 0) key = DIGITS.charAt(digit) + key;
	}
	return key;
}

const NUMBER_DIGITS = 8;

/** A key of up to eight digits as a number in the same order; NaN for a longer one, and for what is no key. */
export function numberOfKey(key: string): number {
	if (key.length > NUMBER_DIGITS || !KEY.test(key)) return Number.NaN;
	let value = 0;
	for (let i = 0; i < NUMBER_DIGITS; i += 1)
		value = value * Number(BASE) + (i < key.length ? DIGITS.indexOf(key.charAt(i)) : 0);
	return value;
}

export const keyOfNumber = (value: number): string =>
	Number.isNaN(value) ? '' : toKey(BigInt(value), NUMBER_DIGITS);

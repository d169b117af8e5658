/** How near the text that a reader gives comes to the text that is known to be in a file: pure functions. */

/** A word is a run of letters, marks and digits, folded by NFKC and lower case; what else there is counts nowhere. */
export const wordsOf = (text: string): string[] =>
	text
		.normalize('NFKC')
		.toLowerCase()
		.match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];

export interface Score {
	/** Words of the reference, each as often as it stands there. */
	readonly words: number;
	/** Those of them that were read, each at most as often as it was read. */
	readonly found: number;
	/** Length of the longest common subsequence of both: words of the reference that were read in its order. */
	readonly ordered: number;
	/** Words that were read, wherever they come from. */
	readonly read: number;
}

export function score(reference: readonly string[], read: readonly string[]): Score {
	return {
		words: reference.length,
		found: commonWords(reference, read),
		ordered: commonSubsequence(reference, read),
		read: read.length,
	};
}

export const sumOf = (scores: readonly Score[]): Score =>
	scores.reduce(
		(sum, one) => ({
			words: sum.words + one.words,
			found: sum.found + one.found,
			ordered: sum.ordered + one.ordered,
			read: sum.read + one.read,
		}),
		{ words: 0, found: 0, ordered: 0, read: 0 },
	);

/** recall = found / words: the share of the reference's words that were read. */
export const recallOf = ({ found, words }: Score): number => share(found, words);

/** order = ordered / found: the share of what was found that stands in the reference's order. */
export const orderOf = ({ ordered, found }: Score): number => share(ordered, found);

/** precision = found / read: the share of what was read that the reference has. */
export const precisionOf = ({ found, read }: Score): number => share(found, read);

/** A share of nothing is a whole one: nothing is missing. */
export const share = (part: number, whole: number): number => (whole === 0 ? 1 : part / whole);

/** What both have, each word as often as the one that has it less often. */
function commonWords(reference: readonly string[], read: readonly string[]): number {
	const left = new Map<string, number>();
	for (const word of read) left.set(word, (left.get(word) ?? 0) + 1);
	let common = 0;
	for (const word of reference) {
		const count = left.get(word) ?? 0;
		if (count === 0) continue;
		left.set(word, count - 1);
		common += 1;
	}
	return common;
}

const BITS = 32;

/**
 * Crochemore, Iliopoulos, Pinzon and Reid's bits, one for each word of the reference, which stays set while no common
 * subsequence ends there: time is reference times read by 32, so that a book takes a moment.
 */
function commonSubsequence(reference: readonly string[], read: readonly string[]): number {
	const length = Math.ceil(reference.length / BITS);
	const places = new Map<string, Uint32Array>();
	for (const [at, word] of reference.entries()) {
		const bits = places.get(word) ?? new Uint32Array(length);
		bits[Math.floor(at / BITS)] = (bits[Math.floor(at / BITS)] ?? 0) | (1 << (at % BITS));
		places.set(word, bits);
	}
	const rest = new Uint32Array(length).fill(0xffffffff);
	for (const word of read) {
		const bits = places.get(word);
		if (bits !== undefined) pass(rest, bits);
	}
	let ended = 0;
	for (let at = 0; at < reference.length; at += 1) {
		if ((((rest[Math.floor(at / BITS)] ?? 0) >>> (at % BITS)) & 1) === 0) ended += 1;
	}
	return ended;
}

/** rest = (rest + (rest & bits)) | (rest & ~bits), over all of the words of the machine. */
function pass(rest: Uint32Array, bits: Uint32Array): void {
	let carry = 0;
	for (let at = 0; at < rest.length; at += 1) {
		const [old, mask] = [rest[at] ?? 0, bits[at] ?? 0];
		const sum = old + ((old & mask) >>> 0) + carry;
		carry = sum > 0xffffffff ? 1 : 0;
		rest[at] = (sum >>> 0) | (old & ~mask);
	}
}

/**
 * Share of the headings of the reference, as many as they are, whose words are the words of a heading that was read.
 * Null where the reference has none.
 */
export function headingsFound(
	reference: readonly string[],
	read: ReadonlySet<string>,
): { readonly of: number; readonly found: number } {
	const names = new Set([...read].map(headingName));
	return {
		of: reference.length,
		found: reference.filter((heading) => names.has(headingName(heading))).length,
	};
}

const headingName = (heading: string): string => wordsOf(heading).join(' ');

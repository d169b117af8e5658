/**
 * Where a text that is too long for one chunk is cut. Called by chunk.ts, and by cut-stream.ts for texts that
 * are not in memory as a whole.
 *
 * The rule must be local: an edit may move the cuts beside it, never those far behind it, or one changed
 * paragraph would send a whole document to the embedder again. Packing from the front is not local. Here
 * each possible cut has a rank made of its kind (between blocks, then sentences or lines, then words, then
 * characters, see text-boundaries.ts) and a hash of the 32 characters before it. Taken in the order of their ranks, a cut is made
 * where the stretch around it is still too long and both sides keep a quarter of a chunk (a third where it is
 * within a block). So a cut depends on the text within about one chunk's length of it. Measured over 4,000
 * edits in documents of 500 chunks without headings: 3 changed chunks or fewer in 99.8 % of them, 4 in the
 * others (test/chunking/chunk.test.ts).
 *
 * Every step is linear or n log n, whatever the text.
 */
import type { SectionSizes } from './chunk-sizes.ts';
import { firstAbove } from './first-above.ts';
import type { Ruler } from './ruler.ts';
import { isGraphemeStart, isUnspacedWordStart } from './text-boundaries.ts';

/** A block's place in the text of its section. */
export interface Span {
	readonly start: number;
	readonly end: number;
	/** Lines, not sentences, are its natural parts. */
	readonly byLine: boolean;
}

/** What the rules say in a budget; all but `reach` and the gaps in the unit of the sizes. */
export function lengthsOf({ max, budget, tokens }: SectionSizes) {
	const third = Math.floor(budget / 3);
	// Stretches without any possible cut are at most so many characters and two more, a third of a chunk where no
	// character is more than a token: so every stretch above the budget has a cut that leaves a third on both sides.
	const reach = third - (tokens === null ? 2 : 3);
	const longestGap = reach >> 1;
	return {
		...{ max, budget, third, quarter: Math.floor(budget / 4) },
		...{ reach, longestGap, shortestGap: longestGap >> 3 },
		// A character is three tokens at most, so that a stretch without a possible cut never fills a budget. Where one
		// fills more than a third of it, what is still too long is cut a second time, and may leave less on a side.
		turns: tokens === null ? 1 : 2,
	};
}
export type Lengths = ReturnType<typeof lengthsOf>;

/** How much of a chunk must be left on both sides of a cut. */
export function leastBeside(rank: number, turn: number, { third, quarter }: Lengths): number {
	if (turn > 1) return 1;
	return rank < FIRST_WITHIN_BLOCKS ? quarter : third;
}

/**
 * Starts of all chunks but the first, in order; no two cuts further apart than the budget. Measures every possible cut,
 * and the end.
 */
export function cutPoints(text: string, spans: readonly Span[], sizes: SectionSizes, ruler: Ruler): number[] {
	if (sizes.tokens === null && text.length <= sizes.max) return [];
	const lengths = lengthsOf(sizes);
	const ranks = Float64Array.from(ranked(text, spans, lengths.reach)).sort();
	const whole = { text, base: 0 };
	if (sizes.tokens !== null)
		for (const position of ranks.map((rank) => rank % POSITIONS).sort()) ruler.measure(whole, position);
	const length = ruler.measure(whole, text.length);
	if (length <= sizes.max) return [];
	const made = [0, length];
	const positions = [0, text.length];
	for (let turn = 1; turn <= lengths.turns; turn += 1) {
		for (const rank of ranks) {
			const position = rank % POSITIONS;
			const at = ruler.at(position);
			const least = leastBeside(Math.floor(rank / POSITIONS), turn, lengths);
			const next = firstAbove(made, at);
			const left = made[next - 1] ?? 0;
			const right = made[next] ?? length;
			if (right - left > lengths.budget && at - left >= least && right - at >= least) {
				made.splice(next, 0, at);
				positions.splice(next, 0, position);
			}
		}
	}
	return positions.slice(1, -1);
}

/**
 * Where the overlap of the chunk at `start` begins: the first sentence or line, else the first word, that
 * lies within `chars` before it and in the chunk before (which began at `floor`). `start` where there is none.
 */
export function overlapStart(text: string, floor: number, start: number, chars: number): number {
	if (start - chars <= floor) return chars === 0 ? start : floor;
	let word = start;
	for (let i = start - chars; i < start; i += 1) {
		if (isSentenceStart(text, i, false)) return i;
		if (!isWordStart(text, i)) continue;
		if (text.charCodeAt(lastNonSpace(text, i) + 1) === NEWLINE) return i;
		if (word === start) word = i;
	}
	return word;
}

// Kinds of a possible cut, the best first.
export const BLOCK = 0;
export const SENTENCE = 1;
export const WORD = 2;
export const CHARACTER = 3;

const NEWLINE = 10;
/** A rank is kind (2 bits), hash (22 bits) and position (29 bits, the longest string V8 makes) in one number. */
const POSITIONS = 2 ** 29;
export const HASHES = 2 ** 22;
/** Without its position. */
const FIRST_WITHIN_BLOCKS = (BLOCK + 1) * HASHES;

/** Ranks of all possible cuts; between two of them lie at most `reach` + 2 characters. */
function ranked(text: string, spans: readonly Span[], reach: number): number[] {
	const ranks: number[] = [];
	const add = (kind: number, position: number) => {
		ranks.push((kind * HASHES + hashBefore(text, position)) * POSITIONS + position);
	};
	/** Adds the cuts of `kind` in [start, end), and in what is left too long those of the next kind. */
	const refine = (start: number, end: number, kind: number, block: Span) => {
		if (end - start <= reach) return;
		if (kind === CHARACTER) {
			const fits = (i: number) => isGraphemeStart(text, i, block.end, reach >> 1);
			thinned(text, start, end, reach, fits, (position) => add(CHARACTER, position));
			return;
		}
		const isWord = (i: number) => isWordStart(text, i) || isUnspacedWordStart(text, i, block.end);
		let last = start;
		const cut = (position: number) => {
			add(kind, position);
			refine(last, position, kind + 1, block);
			last = position;
		};
		if (kind === WORD) thinned(text, start, end, reach, isWord, cut);
		else for (let i = start + 1; i < end; i += 1) if (isSentenceStart(text, i, block.byLine)) cut(i);
		if (last < end) refine(last, end, kind + 1, block);
	};
	for (const span of spans) {
		if (span.start > 0) add(BLOCK, span.start);
		refine(span.start, span.end, SENTENCE, span);
	}
	return ranks;
}

/**
 * Some of the positions that `fits` accepts: those where a rolling hash of the 32 characters before says so
 * (one in 16) and, in any case, one within half of `reach` where there is one. All of them would cost more
 * memory than the text itself.
 */
function thinned(
	text: string,
	start: number,
	end: number,
	reach: number,
	fits: (i: number) => boolean,
	add: (position: number) => void,
): void {
	const longest = reach >> 1;
	const shortest = longest >> 3;
	let last = start;
	let hash = 0;
	for (let i = start + 1; i < end; i += 1) {
		hash = rolled(hash, text.charCodeAt(i - 1));
		const gap = i - last;
		if (gap < shortest || (hash >>> 28 !== 0 && gap < longest) || !fits(i)) continue;
		add(i);
		last = i;
	}
}

/** Depends on the last 32 characters. */
export function rolled(hash: number, code: number): number {
	return ((hash << 1) + Math.imul(code, 0x9e3779b1)) | 0;
}

export function isSentenceStart(text: string, i: number, byLine: boolean): boolean {
	if (byLine) return text.charCodeAt(i - 1) === NEWLINE;
	const before = text.charCodeAt(i - 1);
	if (isWideStop(before)) return !isWideStop(text.charCodeAt(i)) && !isCloser(text.charCodeAt(i));
	if (!isWordStart(text, i)) return false;
	const end = lastNonSpace(text, i);
	const mark = text.charCodeAt(end);
	return isStop(mark) || (isCloser(mark) && isStop(text.charCodeAt(end - 1)));
}

export function isWordStart(text: string, i: number): boolean {
	return isSpace(text.charCodeAt(i - 1)) && !isSpace(text.charCodeAt(i));
}

/** Looks back over at most 64 spaces, so that a long run of them stays cheap. */
function lastNonSpace(text: string, i: number): number {
	let end = i - 1;
	while (end > i - 64 && isSpace(text.charCodeAt(end))) end -= 1;
	return end;
}

function isSpace(code: number): boolean {
	return code === 32 || (code >= 9 && code <= 13) || code === 0xa0 || code === 0x3000;
}

/** . ! ? and the ellipsis; they end a sentence where a space follows. */
function isStop(code: number): boolean {
	return code === 46 || code === 33 || code === 63 || code === 0x2026 || isWideStop(code);
}

/** The full stops of Chinese and Japanese, which no space follows. */
function isWideStop(code: number): boolean {
	return code === 0x3002 || code === 0xff01 || code === 0xff1f || code === 0xff61;
}

/** Quotes and brackets that belong to the sentence before them. */
function isCloser(code: number): boolean {
	return (
		code === 34 ||
		code === 39 ||
		code === 41 ||
		code === 93 ||
		code === 0x201d ||
		code === 0x2019 ||
		code === 0x300d ||
		code === 0x300f ||
		code === 0xff09
	);
}

/** FNV-1a over the 32 characters before `position`, mixed, 22 bits. */
export function hashBefore(text: string, position: number): number {
	let hash = 0x811c9dc5;
	for (let i = Math.max(0, position - 32); i < position; i += 1) {
		hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
	}
	hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
	return (hash ^ (hash >>> 13)) >>> 10;
}

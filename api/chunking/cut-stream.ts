/**
 * The cuts of chunk-cuts.ts in a text that is never in memory as a whole: the same rule, and the same cuts
 * (test/chunking/chunk-stream.test.ts holds them equal). Called by chunk-stream.ts only.
 *
 * Two steps. The scan finds the possible cuts with their ranks in one walk over the text; it tries words and
 * code points before it knows that a stretch is long enough to need them, and takes them back where it was
 * not. The decision takes them in the order of their ranks, as cutPoints does. Whether a cut is made depends
 * on cuts of lower rank within one budget around it and on nothing else, so with a part of the text some of
 * them are certain and others open; open ones wait for more text. Everything before the first open one is
 * settled, goes out as chunks, and is forgotten.
 */
import {
	BLOCK,
	CODE_POINT,
	firstAbove,
	HASHES,
	hashBefore,
	isCodePointStart,
	isSentenceStart,
	isWordStart,
	rolled,
	SENTENCE,
	WORD,
} from './chunk-cuts.ts';

/** A possible cut; `rank` is its kind and hash, equal ranks go by position. */
interface Candidate {
	readonly rank: number;
	readonly position: number;
	/** Decided for good in an earlier turn. */
	readonly isCut: boolean;
}

/** Positions count from the section's beginning. */
export interface CutStream {
	/** Text that belongs to no block, such as the blank line between two. */
	gap(text: string): void;
	/** Begins a block at the end of what is known. */
	open(): void;
	/** Adds to the open block. */
	more(text: string): void;
	close(): void;
	/** Positions of further cuts that are certain; with `isEnd` all that are left. In order. */
	settle(isEnd: boolean): number[];
	/** Text from one position to another, as far as it is not forgotten. */
	slice(from: number, to: number): string;
	/** The window of text that is known, and the position of its first character. */
	window(): { readonly text: string; readonly base: number };
	/** Nothing before this position will be asked for. */
	forget(before: number): void;
	length(): number;
}

/** What the rules look at before a position. */
const LOOKBACK = 128;

export function createCutStream(budget: number): CutStream {
	const third = Math.floor(budget / 3);
	const quarter = Math.floor(budget / 4);
	const reach = third - 2;
	const longestGap = reach >> 1;
	const shortestGap = longestGap >> 3;

	let text = '';
	let base = 0;
	let total = 0;
	let queued: string[] = [];
	let candidates: Candidate[] = [];

	// The scan: the open block, and within it the stretches of each kind with the cuts that are not confirmed.
	const spans: { readonly start: number; end: number | null }[] = [];
	let at = 0;
	let isInside = false;
	let block = 0;
	let sentence = 0;
	let word = 0;
	let codePoint = 0;
	let wordHash = 0;
	let codeHash = 0;
	let sentences: number[] = [];
	let words: number[] = [];
	let codePoints: number[] = [];

	function add(kind: number, position: number): void {
		const rank = kind * HASHES + hashBefore(text, position - base);
		candidates.push({ rank, position, isCut: false });
	}
	const confirm = (kind: number, positions: readonly number[]) => {
		for (const position of positions) add(kind, position);
	};

	function beginWord(position: number): void {
		word = position;
		codePoint = position;
		codeHash = 0;
		codePoints = [];
	}
	function beginSentence(position: number): void {
		sentence = position;
		wordHash = 0;
		words = [];
		beginWord(position);
	}

	function step(position: number): void {
		const i = position - base;
		if (isSentenceStart(text, i, false)) {
			sentences.push(position);
			beginSentence(position);
		} else {
			const code = text.charCodeAt(i - 1);
			wordHash = rolled(wordHash, code);
			codeHash = rolled(codeHash, code);
			if (isChosen(wordHash, position - word) && isWordStart(text, i)) {
				words.push(position);
				beginWord(position);
			} else if (isChosen(codeHash, position - codePoint) && isCodePointStart(text, i)) {
				codePoints.push(position);
				codePoint = position;
			}
		}
		const end = position + 1;
		if (codePoints.length > 0 && end - word > reach) {
			confirm(CODE_POINT, codePoints);
			codePoints = [];
		}
		if (words.length > 0 && end - sentence > reach) {
			confirm(WORD, words);
			words = [];
		}
		if (sentences.length > 0 && end - block > reach) {
			confirm(SENTENCE, sentences);
			sentences = [];
		}
	}

	const isChosen = (hash: number, gap: number) =>
		gap >= shortestGap && (hash >>> 28 === 0 || gap >= longestGap);

	function scan(): void {
		text += queued.join('');
		queued = [];
		for (let span = spans[0]; span !== undefined; span = spans[0]) {
			if (!isInside) {
				isInside = true;
				at = span.start;
				block = span.start;
				sentences = [];
				if (span.start > 0) add(BLOCK, span.start);
				beginSentence(span.start);
				at += 1;
			}
			const end = span.end ?? total;
			for (; at < end; at += 1) step(at);
			if (span.end === null) return;
			isInside = false;
			sentences = [];
			words = [];
			codePoints = [];
			spans.shift();
		}
		at = total;
	}

	/** Every possible cut before this position is in `candidates`. */
	const horizon = () => Math.min(at, sentences[0] ?? at, words[0] ?? at, codePoints[0] ?? at);

	/** Where the first open candidate lies; the cuts before it are certain. */
	function decide(
		known: readonly Candidate[],
		until: number,
		end: number,
	): { open: number; cuts: Candidate[] } {
		const made = [-Infinity, end];
		const byPosition = new Map<number, Candidate>();
		const open: number[] = [];
		for (const candidate of known) {
			const { position, rank } = candidate;
			const next = firstAbove(made, position);
			if (!candidate.isCut) {
				const left = made[next - 1] ?? -Infinity;
				const right = made[next] ?? end;
				const least = rank < HASHES ? quarter : third;
				if (right - left <= budget || position - left < least || right - position < least) continue;
				const place = firstAbove(open, position);
				const before = open[place - 1] ?? -Infinity;
				const after = Math.min(open[place] ?? Infinity, until);
				if ((before > left && position - before < budget) || (after < right && after - position < budget)) {
					open.splice(place, 0, position);
					continue;
				}
			}
			made.splice(next, 0, position);
			byPosition.set(position, candidate);
		}
		return { open: open[0] ?? until, cuts: made.flatMap((position) => byPosition.get(position) ?? []) };
	}

	return {
		gap(piece) {
			queued.push(piece);
			total += piece.length;
		},
		open: () => void spans.push({ start: total, end: null }),
		more(piece) {
			queued.push(piece);
			total += piece.length;
		},
		close() {
			const span = spans.at(-1);
			if (span !== undefined) span.end = total;
		},
		settle(isEnd) {
			scan();
			const until = isEnd ? Infinity : horizon();
			const known = candidates.filter(({ position }) => position < until);
			known.sort((a, b) => a.rank - b.rank || a.position - b.position);
			// The section's beginning bounds the first chunk as a cut would.
			const start: Candidate = { rank: -1, position: 0, isCut: true };
			const { open, cuts } = decide([start, ...known], until, isEnd ? total : Infinity);
			const certain = cuts.filter(({ position }) => position > 0 && position < open);
			const fresh = certain.filter(({ isCut }) => !isCut).map(({ position }) => position);
			candidates = [
				...certain.filter(({ position }) => position > open - budget).map((cut) => ({ ...cut, isCut: true })),
				...candidates.filter(({ position }) => position >= open),
			];
			return fresh;
		},
		slice: (from, to) => text.slice(from - base, to - base),
		window: () => ({ text, base }),
		forget(before) {
			const from = Math.min(before, at, horizon()) - LOOKBACK;
			if (from <= base) return;
			text = text.slice(from - base);
			base = from;
		},
		length: () => total,
	};
}

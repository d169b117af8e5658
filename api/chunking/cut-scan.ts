/**
 * The first step of cut-stream.ts: one walk over the text, as it comes, that finds every possible cut with its rank.
 */
import {
	BLOCK,
	CHARACTER,
	HASHES,
	hashBefore,
	isSentenceStart,
	isWordStart,
	type Lengths,
	lengthsOf,
	rolled,
	SENTENCE,
	WORD,
} from './chunk-cuts.ts';
import type { SectionSizes } from './chunk-sizes.ts';
import type { Ruler } from './ruler.ts';
import { isGraphemeStart, isUnspacedWordStart, LOOKAHEAD } from './text-boundaries.ts';

/** A possible cut; `rank` is its kind and hash, equal ranks go by position. */
export interface Candidate {
	readonly rank: number;
	readonly position: number;
	/** How far into the text by the ruler; Infinity until it is measured. */
	at: number;
	/** Decided for good in an earlier turn. */
	readonly isCut: boolean;
}

const newScan = () => ({
	/** Blocks that are not scanned to their end, which is null while they are open. */
	spans: [] as { readonly start: number; end: number | null }[],
	/** Everything before is scanned. */
	at: 0,
	isInside: false,
	/** Where the stretch of each kind begins. */
	block: 0,
	sentence: 0,
	word: 0,
	character: 0,
	/** Words and characters are looked for in a stretch that has turned out to need them; up to here they have been. */
	wordAt: Infinity,
	characterAt: Infinity,
	wordHash: 0,
	characterHash: 0,
	/** Cuts that are not confirmed: they count where the block turns out to be long. */
	sentences: [] as number[],
});

export const newCutState = (sizes: SectionSizes, ruler: Ruler) => ({
	lengths: lengthsOf(sizes),
	ruler,
	/** The text from `base` on, and what has come since the last scan, which `total` counts too. */
	known: { text: '', base: 0, queued: [] as string[], total: 0 },
	scan: newScan(),
	/** Confirmed. */
	candidates: [] as Candidate[],
});
type Scan = ReturnType<typeof newScan>;
export type CutState = ReturnType<typeof newCutState>;

/** Every possible cut before this position is among the candidates. */
export const horizon = ({ at, sentences, wordAt, characterAt }: Scan) =>
	Math.min(at, sentences[0] ?? at, wordAt, characterAt);

export function scanQueued(state: CutState): void {
	const { known, scan } = state;
	known.text += known.queued.join('');
	known.queued = [];
	for (let span = scan.spans[0]; span !== undefined; span = scan.spans[0]) {
		if (!scan.isInside) beginBlock(state, span.start);
		const end = span.end ?? known.total - LOOKAHEAD;
		for (; scan.at < end; scan.at += 1) step(state, scan.at, span.end ?? Infinity);
		if (span.end === null) return;
		scan.isInside = false;
		scan.sentences = [];
		scan.wordAt = Infinity;
		scan.characterAt = Infinity;
		scan.spans.shift();
	}
	scan.at = known.total;
}

function beginBlock(state: CutState, position: number): void {
	const { scan } = state;
	scan.isInside = true;
	scan.block = position;
	scan.sentences = [];
	if (position > 0) confirm(state, BLOCK, [position]);
	beginSentence(scan, position);
	scan.at = position + 1;
}

function beginSentence(scan: Scan, position: number): void {
	scan.sentence = position;
	scan.wordAt = position + 1;
	scan.wordHash = 0;
	beginWord(scan, position);
}

function beginWord(scan: Scan, position: number): void {
	scan.word = position;
	scan.character = position;
	scan.characterAt = position + 1;
	scan.characterHash = 0;
}

/** `blockEnd`: Infinity while it is open; then what is looked at behind the position is there. */
function step(state: CutState, position: number, blockEnd: number): void {
	const { lengths, known, scan } = state;
	if (isSentenceStart(known.text, position - known.base, false)) {
		scan.sentences.push(position);
		beginSentence(scan, position);
	} else if (position + 1 - scan.sentence > lengths.reach) {
		for (; scan.wordAt <= position; scan.wordAt += 1) noteWord(state, scan.wordAt, blockEnd);
	}
	if (scan.sentences.length > 0 && position + 1 - scan.block > lengths.reach) {
		confirm(state, SENTENCE, scan.sentences);
		scan.sentences = [];
	}
}

/** Whether a chosen word begins here; where words are far apart, chosen characters between them. */
function noteWord(state: CutState, position: number, blockEnd: number): void {
	const { lengths, known, scan } = state;
	const i = position - known.base;
	scan.wordHash = rolled(scan.wordHash, known.text.charCodeAt(i - 1));
	if (
		isChosen(lengths, scan.wordHash, position - scan.word) &&
		(isWordStart(known.text, i) || isUnspacedWordStart(known.text, i, blockEnd - known.base))
	) {
		confirm(state, WORD, [position]);
		beginWord(scan, position);
	} else if (position + 1 - scan.word > lengths.reach) {
		for (; scan.characterAt <= position; scan.characterAt += 1)
			noteCharacter(state, scan.characterAt, blockEnd);
	}
}

function noteCharacter(state: CutState, position: number, blockEnd: number): void {
	const { lengths, known, scan } = state;
	const i = position - known.base;
	scan.characterHash = rolled(scan.characterHash, known.text.charCodeAt(i - 1));
	if (
		isChosen(lengths, scan.characterHash, position - scan.character) &&
		isGraphemeStart(known.text, i, blockEnd - known.base, lengths.longestGap)
	) {
		confirm(state, CHARACTER, [position]);
		scan.character = position;
	}
}

const isChosen = ({ shortestGap, longestGap }: Lengths, hash: number, gap: number) =>
	gap >= shortestGap && (hash >>> 28 === 0 || gap >= longestGap);

function confirm({ candidates, known }: CutState, kind: number, positions: readonly number[]): void {
	for (const position of positions) {
		const rank = kind * HASHES + hashBefore(known.text, position - known.base);
		candidates.push({ rank, position, at: Infinity, isCut: false });
	}
}

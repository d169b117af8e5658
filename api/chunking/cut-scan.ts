/**
 * The first step of cut-stream.ts: one walk over the text, as it comes, that finds every possible cut with its rank.
 */
import {
	BLOCK,
	CODE_POINT,
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
export interface Candidate {
	readonly rank: number;
	readonly position: number;
	/** Decided for good in an earlier turn. */
	readonly isCut: boolean;
}

/** What the rules of chunk-cuts.ts say in a budget. A stretch longer than `reach` needs cuts of the next lower kind. */
function lengthsOf(budget: number) {
	const third = Math.floor(budget / 3);
	const reach = third - 2;
	const longestGap = reach >> 1;
	return { budget, third, quarter: Math.floor(budget / 4), reach, longestGap, shortestGap: longestGap >> 3 };
}
export type Lengths = ReturnType<typeof lengthsOf>;

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
	codePoint: 0,
	wordHash: 0,
	codeHash: 0,
	/** Cuts that are not confirmed: they count where the stretch around them turns out to be long. */
	sentences: [] as number[],
	words: [] as number[],
	codePoints: [] as number[],
});

export const newCutState = (budget: number) => ({
	lengths: lengthsOf(budget),
	/** The text from `base` on, and what has come since the last scan, which `total` counts too. */
	known: { text: '', base: 0, queued: [] as string[], total: 0 },
	scan: newScan(),
	/** Confirmed. */
	candidates: [] as Candidate[],
});
type Scan = ReturnType<typeof newScan>;
export type CutState = ReturnType<typeof newCutState>;

/** Every possible cut before this position is among the candidates. */
export const horizon = ({ at, sentences, words, codePoints }: Scan) =>
	Math.min(at, sentences[0] ?? at, words[0] ?? at, codePoints[0] ?? at);

export function scanQueued(state: CutState): void {
	const { known, scan } = state;
	known.text += known.queued.join('');
	known.queued = [];
	for (let span = scan.spans[0]; span !== undefined; span = scan.spans[0]) {
		if (!scan.isInside) beginBlock(state, span.start);
		const end = span.end ?? known.total;
		for (; scan.at < end; scan.at += 1) step(state, scan.at);
		if (span.end === null) return;
		scan.isInside = false;
		scan.sentences = [];
		scan.words = [];
		scan.codePoints = [];
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
	scan.wordHash = 0;
	scan.words = [];
	beginWord(scan, position);
}

function beginWord(scan: Scan, position: number): void {
	scan.word = position;
	scan.codePoint = position;
	scan.codeHash = 0;
	scan.codePoints = [];
}

function step(state: CutState, position: number): void {
	const { lengths, scan } = state;
	noteCut(state, position);
	const end = position + 1;
	if (scan.codePoints.length > 0 && end - scan.word > lengths.reach) {
		confirm(state, CODE_POINT, scan.codePoints);
		scan.codePoints = [];
	}
	if (scan.words.length > 0 && end - scan.sentence > lengths.reach) {
		confirm(state, WORD, scan.words);
		scan.words = [];
	}
	if (scan.sentences.length > 0 && end - scan.block > lengths.reach) {
		confirm(state, SENTENCE, scan.sentences);
		scan.sentences = [];
	}
}

/** Whether a sentence, a chosen word or a chosen code point begins here. */
function noteCut({ known, lengths, scan }: CutState, position: number): void {
	const { text } = known;
	const i = position - known.base;
	if (isSentenceStart(text, i, false)) {
		scan.sentences.push(position);
		beginSentence(scan, position);
		return;
	}
	const code = text.charCodeAt(i - 1);
	scan.wordHash = rolled(scan.wordHash, code);
	scan.codeHash = rolled(scan.codeHash, code);
	if (isChosen(lengths, scan.wordHash, position - scan.word) && isWordStart(text, i)) {
		scan.words.push(position);
		beginWord(scan, position);
	} else if (isChosen(lengths, scan.codeHash, position - scan.codePoint) && isCodePointStart(text, i)) {
		scan.codePoints.push(position);
		scan.codePoint = position;
	}
}

const isChosen = ({ shortestGap, longestGap }: Lengths, hash: number, gap: number) =>
	gap >= shortestGap && (hash >>> 28 === 0 || gap >= longestGap);

function confirm({ candidates, known }: CutState, kind: number, positions: readonly number[]): void {
	for (const position of positions) {
		const rank = kind * HASHES + hashBefore(known.text, position - known.base);
		candidates.push({ rank, position, isCut: false });
	}
}

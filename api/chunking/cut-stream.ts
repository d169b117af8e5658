/**
 * The cuts of chunk-cuts.ts in a text that is never in memory as a whole: the same rule, and the same cuts
 * (test/chunking/chunk-stream.test.ts holds them equal). Called by chunk-stream.ts only.
 *
 * Two steps. The scan (cut-scan.ts) finds the possible cuts with their ranks in one walk; it tries words and
 * code points before it knows that a stretch is long enough to need them, and takes them back where it was
 * not. The decision takes them in the order of their ranks, as cutPoints does. Whether a cut is made depends
 * on cuts of lower rank within one budget around it and on nothing else, so with a part of the text some of
 * them are certain and others open; open ones wait for more text. Everything before the first open one is
 * certain, goes out as chunks, and is forgotten.
 */
import { leastBeside, type Lengths } from './chunk-cuts.ts';
import type { SectionSizes } from './chunk-sizes.ts';
import { type Candidate, type CutState, horizon, newCutState, scanQueued } from './cut-scan.ts';
import { firstAbove } from './first-above.ts';
import type { Ruler, TextWindow } from './ruler.ts';

/** Positions count from the section's beginning. */
export interface CutStream {
	/** Text that belongs to no block, such as the blank line between two. */
	gap(text: string): void;
	/** Begins a block at the end of what is known. */
	open(): void;
	/** Adds to the open block. */
	more(text: string): void;
	close(): void;
	/**
	 * Positions of further cuts that are certain; with `isEnd` all that are left. In order. None while the text may still
	 * fit into one chunk, however sure a cut in it is: what comes may be its end.
	 */
	takeCertain(isEnd: boolean): number[];
	/** Text from one position to another, as far as it is not forgotten. */
	slice(from: number, to: number): string;
	/** The text that is known. */
	window(): TextWindow;
	/** Nothing before this position will be asked for. */
	forget(before: number): void;
	length(): number;
}

/** What the rules look at before a position. */
const LOOKBACK = 128;

/** Measures every possible cut, and the end. */
export function createCutStream(sizes: SectionSizes, ruler: Ruler): CutStream {
	const state = newCutState(sizes, ruler);
	const { known, scan } = state;
	const add = (piece: string) => {
		known.queued.push(piece);
		known.total += piece.length;
	};
	return {
		gap: add,
		open: () => void scan.spans.push({ start: known.total, end: null }),
		more: add,
		close() {
			const span = scan.spans.at(-1);
			if (span !== undefined) span.end = known.total;
		},
		takeCertain: (isEnd) => takeCertain(state, isEnd),
		slice: (from, to) => known.text.slice(from - known.base, to - known.base),
		window: () => ({ text: known.text, base: known.base }),
		forget(before) {
			const from = Math.min(before, scan.at, horizon(scan)) - LOOKBACK;
			if (from <= known.base) return;
			known.text = known.text.slice(from - known.base);
			known.base = from;
		},
		length: () => known.total,
	};
}

function takeCertain(state: CutState, isEnd: boolean): number[] {
	scanQueued(state);
	const { lengths, known, ruler } = state;
	const until = isEnd ? Infinity : horizon(state.scan);
	const ranked = state.candidates.filter(({ position }) => position < until);
	measure(state, ranked);
	const reached = isEnd
		? ruler.measure({ text: known.text, base: known.base }, known.total)
		: ruler.reached();
	if (reached <= lengths.max) return [];
	ranked.sort((a, b) => a.rank - b.rank || a.position - b.position);
	// The section's beginning bounds the first chunk as a cut would.
	const start: Candidate = { rank: -1, position: 0, at: 0, isCut: true };
	const { open, cuts } = decide(
		[start, ...ranked],
		lengths,
		isEnd ? Infinity : reached,
		isEnd ? reached : Infinity,
	);
	const certain = cuts.filter(({ at }) => at > 0 && at < open);
	const recent = certain.filter(({ at }) => at > open - lengths.budget);
	state.candidates = [
		...recent.map((cut) => ({ ...cut, isCut: true })),
		...state.candidates.filter(({ at }) => at >= open),
	];
	return certain.filter(({ isCut }) => !isCut).map(({ position }) => position);
}

/** In the order of the text, each once. */
function measure({ known: { text, base }, ruler }: CutState, candidates: readonly Candidate[]): void {
	const unmeasured = candidates.filter(({ at }) => at === Infinity);
	unmeasured.sort((a, b) => a.position - b.position);
	for (const candidate of unmeasured) candidate.at = ruler.measure({ text, base }, candidate.position);
}

/**
 * How far the first open candidate is into the text; the cuts before it are certain. `ranked`: by rank, then by position.
 */
function decide(
	ranked: readonly Candidate[],
	lengths: Lengths,
	until: number,
	end: number,
): { open: number; cuts: Candidate[] } {
	const { budget } = lengths;
	const made = [-Infinity, end];
	const candidates = new Map<number, Candidate>();
	const open: number[] = [];
	for (let turn = 1; turn <= lengths.turns; turn += 1) {
		for (const candidate of ranked) {
			const { at, rank } = candidate;
			const next = firstAbove(made, at);
			if (!candidate.isCut) {
				const left = made[next - 1] ?? -Infinity;
				const right = made[next] ?? end;
				const least = leastBeside(rank, turn, lengths);
				if (right - left <= budget || at - left < least || right - at < least) continue;
				const place = firstAbove(open, at);
				const before = open[place - 1] ?? -Infinity;
				const after = Math.min(open[place] ?? Infinity, until);
				if ((before > left && at - before < budget) || (after < right && after - at < budget)) {
					if (before !== at) open.splice(place, 0, at);
					continue;
				}
			}
			if (candidates.has(at)) continue;
			made.splice(next, 0, at);
			candidates.set(at, candidate);
		}
	}
	return { open: open[0] ?? until, cuts: made.flatMap((at) => candidates.get(at) ?? []) };
}

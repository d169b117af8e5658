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
import { firstAbove, HASHES } from './chunk-cuts.ts';
import { type Candidate, type CutState, horizon, type Lengths, newCutState, scanQueued } from './cut-scan.ts';

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
	takeCertain(isEnd: boolean): number[];
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
	const state = newCutState(budget);
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
	const { lengths, known } = state;
	const until = isEnd ? Infinity : horizon(state.scan);
	const ranked = state.candidates.filter(({ position }) => position < until);
	ranked.sort((a, b) => a.rank - b.rank || a.position - b.position);
	// The section's beginning bounds the first chunk as a cut would.
	const start: Candidate = { rank: -1, position: 0, isCut: true };
	const { open, cuts } = decide([start, ...ranked], lengths, until, isEnd ? known.total : Infinity);
	const certain = cuts.filter(({ position }) => position > 0 && position < open);
	const recent = certain.filter(({ position }) => position > open - lengths.budget);
	state.candidates = [
		...recent.map((cut) => ({ ...cut, isCut: true })),
		...state.candidates.filter(({ position }) => position >= open),
	];
	return certain.filter(({ isCut }) => !isCut).map(({ position }) => position);
}

/** Where the first open candidate lies; the cuts before it are certain. `ranked`: by rank, then by position. */
function decide(
	ranked: readonly Candidate[],
	{ budget, third, quarter }: Lengths,
	until: number,
	end: number,
): { open: number; cuts: Candidate[] } {
	const made = [-Infinity, end];
	const byPosition = new Map<number, Candidate>();
	const open: number[] = [];
	for (const candidate of ranked) {
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

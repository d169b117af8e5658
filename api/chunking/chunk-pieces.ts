/** What stands between two cuts of a section, as chunks: one, but for a text of which its tokenizer makes too much. Pure. */
import type { SectionSizes } from './chunk-sizes.ts';
import { type ChunkPlace, chunkStart } from './chunk-start.ts';
import { embeddedText, type Piece } from './piece.ts';
import { type Ruler, rulerFor, type TextWindow } from './ruler.ts';
import { isGraphemeStart } from './text-boundaries.ts';

/** What its chunks have in common. */
export interface Section {
	readonly heading: string | null;
	readonly sizes: SectionSizes;
	readonly ruler: Ruler;
}

/** A place, and the page that it begins on. */
export type PiecePlace = ChunkPlace & Pick<Piece, 'page'>;

export const newSection = (heading: string | null, sizes: SectionSizes): Section => ({
	heading,
	sizes,
	ruler: rulerFor(sizes),
});

/**
 * In tokens the text is counted once more as it will be embedded, because two texts side by side may be more tokens than
 * one by one. What is too long then goes without what it repeats, and in halves in the end.
 */
export function piecesAt(window: TextWindow, place: PiecePlace, section: Section): Piece[] {
	const { sizes } = section;
	const piece = pieceAt(window, place, section, sizes);
	if (sizes.tokens === null) return [piece];
	for (const attempt of [piece, pieceAt(window, place, section, { ...sizes, overlap: 0 })]) {
		const tokens = sizes.tokens.count(embeddedText(attempt));
		if (tokens <= sizes.tokens.maxTokens) return [{ ...attempt, tokens }];
	}
	return halves(window, place, section, sizes.tokens);
}

function pieceAt(
	window: TextWindow,
	place: PiecePlace,
	{ heading, ruler }: Section,
	sizes: SectionSizes,
): Piece {
	const { from, header } = chunkStart(window, place, sizes, ruler);
	return { text: header + ownText(window, from, place.end), heading, page: place.page };
}

const ownText = ({ text, base }: TextWindow, from: number, end: number) =>
	text
		.slice(from - base, end - base)
		.replace(/^\n+/, '')
		.trimEnd();

function halves(
	window: TextWindow,
	place: PiecePlace,
	section: Section,
	limit: NonNullable<SectionSizes['tokens']>,
): Piece[] {
	const { start, end, page } = place;
	const piece = { text: ownText(window, start, end), heading: section.heading, page };
	if (piece.text === '') return [];
	const tokens = limit.count(embeddedText(piece));
	if (tokens <= limit.maxTokens) return [{ ...piece, tokens }];
	const middle = middleOf(window, start, end);
	return [
		...halves(window, { ...place, end: middle }, section, limit),
		...halves(window, { ...place, start: middle }, section, limit),
	];
}

/** A character of more code units is cut where a chunk would be too long for it. */
const LONGEST_KEPT = 16;

function middleOf({ text, base }: TextWindow, start: number, end: number): number {
	let middle = (start + end) >> 1;
	while (middle < end - 1 && !isGraphemeStart(text, middle - base, end - base, LONGEST_KEPT)) middle += 1;
	return middle;
}

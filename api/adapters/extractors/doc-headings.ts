/**
 * Which paragraphs of Word's stream are headings ([MS-DOC]): a paragraph names a style, and a style is one of Word's own
 * headings, or is based on one. word-extractor looks at styles nowhere; each end of a heading is marked for it in the
 * pieces of text that it keeps, before it joins them. Offsets lead anywhere in a damaged file: what lies outside throws
 * RangeError.
 */

/** A piece of the text and where it lies in the stream, as word-extractor keeps it. */
export interface TextPiece {
	readonly startFilePos: number;
	/** Bytes, in all and of a character. */
	readonly size: number;
	readonly bpc: number;
	text: string;
}

const DEEPEST = 6;
/** Characters that no text has, one for each level; behind them a line ends. */
const FIRST_MARK = 0xfdd0;
export const HEADING_MARKS = /[\ufdd1-\ufdd6]/;

export const levelOfMark = (mark: string): number => mark.charCodeAt(0) - FIRST_MARK;

/** Places in the head of Word's stream: of the styles, and of the properties of paragraphs. */
const STYLES = 0xa2;
const PARAGRAPHS = 0x102;
const PAGE_BYTES = 512;
const PLACE_BYTES = 13;

/** Numbers of Word's own styles: headings from 1 to 9, and the title. */
const LAST_HEADING = 9;
const TITLE = 62;
const NO_BASE = 0xfff;

interface Heading {
	/** Characters of its piece: the first one, and the end of the paragraph. */
	readonly first: number;
	readonly last: number;
	readonly level: number;
}

/** `stream` is Word's own, `table` the one of its tables. */
export function markHeadings(pieces: readonly TextPiece[], stream: Buffer, table: Buffer): void {
	const levels = levelsOfStyles(partOf(stream, STYLES, table));
	if (levels.every((level) => level === null)) return;
	const byPlace = pieces.toSorted((a, b) => a.startFilePos - b.startFilePos);
	const found = new Map<TextPiece, Heading[]>();
	for (const { start, end, style } of paragraphs(stream, partOf(stream, PARAGRAPHS, table))) {
		const level = levels[style] ?? null;
		const piece = level === null ? undefined : pieceAt(byPlace, end - 1);
		if (level === null || piece === undefined) continue;
		const last = Math.floor((end - piece.startFilePos) / piece.bpc) - 1;
		const first = Math.max(0, Math.floor((start - piece.startFilePos) / piece.bpc));
		// A heading in a cell of a table ends with the cell, and is left alone.
		if (piece.text[last] !== '\r') continue;
		const headings = found.get(piece);
		if (headings === undefined) found.set(piece, [{ first, last, level }]);
		else headings.push({ first, last, level });
	}
	for (const [piece, headings] of found) piece.text = marked(piece.text, headings);
}

/** A part of the tables, whose place and length stand in the head at `at`. */
function partOf(stream: Buffer, at: number, table: Buffer): Buffer {
	const place = stream.readUInt32LE(at);
	return table.subarray(place, place + stream.readUInt32LE(at + 4));
}

/** Of each style by its number; null where it is no heading. */
function levelsOfStyles(sheet: Buffer): (number | null)[] {
	if (sheet.length === 0) return [];
	const levels: (number | null)[] = [];
	const bases: number[] = [];
	const count = sheet.readUInt16LE(2);
	let at = 2 + sheet.readUInt16LE(0);
	for (let index = 0; index < count; index += 1) {
		const bytes = sheet.readUInt16LE(at);
		levels.push(bytes === 0 ? null : levelOf(sheet.readUInt16LE(at + 2) & 0xfff));
		bases.push(bytes === 0 ? NO_BASE : sheet.readUInt16LE(at + 4) >> 4);
		at += 2 + bytes + (bytes % 2);
	}
	return levels.map((_, index) => inherited(index, levels, bases));
}

const levelOf = (number: number): number | null =>
	number === TITLE ? 1 : number > 0 && number <= LAST_HEADING ? Math.min(number, DEEPEST) : null;

const MOST_BASES = 10;

function inherited(style: number, levels: readonly (number | null)[], bases: readonly number[]) {
	let at = style;
	for (let step = 0; step < MOST_BASES; step += 1) {
		const level = levels[at] ?? null;
		if (level !== null) return level;
		at = bases[at] ?? NO_BASE;
	}
	return null;
}

interface Paragraph {
	/** Bytes of the stream. */
	readonly start: number;
	readonly end: number;
	readonly style: number;
}

/** Their properties stand in pages of the stream, which the table lists. */
function* paragraphs(stream: Buffer, list: Buffer): Generator<Paragraph> {
	const pages = Math.max(0, Math.floor((list.length - 4) / 8));
	for (let index = 0; index < pages; index += 1) {
		const place = list.readUInt32LE((pages + 1) * 4 + index * 4) * PAGE_BYTES;
		const page = stream.subarray(place, place + PAGE_BYTES);
		if (page.length < PAGE_BYTES) return;
		const count = page[PAGE_BYTES - 1] ?? 0;
		for (let at = 0; at < count; at += 1) {
			const properties = (page[(count + 1) * 4 + at * PLACE_BYTES] ?? 0) * 2;
			// The length comes first, in a second byte where the first one is zero.
			const style = properties === 0 ? 0 : page.readUInt16LE(properties + (page[properties] === 0 ? 2 : 1));
			yield { start: page.readUInt32LE(at * 4), end: page.readUInt32LE((at + 1) * 4), style };
		}
	}
}

function pieceAt(byPlace: readonly TextPiece[], place: number): TextPiece | undefined {
	let [low, high] = [0, byPlace.length];
	while (low < high) {
		const middle = (low + high) >> 1;
		if ((byPlace[middle]?.startFilePos ?? 0) <= place) low = middle + 1;
		else high = middle;
	}
	const piece = byPlace[low - 1];
	return piece !== undefined && place < piece.startFilePos + piece.size ? piece : undefined;
}

/** A line of a heading that is broken by hand goes on. */
function marked(text: string, headings: readonly Heading[]): string {
	const parts: string[] = [];
	let at = 0;
	for (const { first, last, level } of headings.toSorted((a, b) => a.last - b.last)) {
		if (first < at || last < first) continue;
		parts.push(text.slice(at, first), text.slice(first, last).replaceAll('\x0b', ' '));
		parts.push(String.fromCharCode(FIRST_MARK + level));
		at = last + 1;
	}
	return parts.join('') + text.slice(at);
}

/**
 * Lines of a PDF's page, as they lie on it, to paragraphs. A PDF knows characters and their places and no more; what
 * belongs together shows in the distances. Pure.
 */

export interface PdfLine {
	readonly text: string;
	/** Edges of its first and of its last character; of a hyphenated word the last one is on the next line. */
	readonly left: number;
	readonly right: number;
	/** Base lines of its first and of its last character, upwards. */
	readonly startY: number;
	readonly endY: number;
	/** Of the font, as it appears. */
	readonly size: number;
	/** Which way its text runs on the page: to the right, up or down. The places are those of the page turned upright. */
	readonly turn: 'none' | 'up' | 'down';
	/** Its end was meant, and so was that of the line before it: a row of a table, or what was filled into a form. */
	readonly isWhole?: true;
}

export interface PdfParagraph {
	readonly text: string;
	readonly size: number;
	readonly isItem: boolean;
}

/** Fonts whose sizes differ by less are one. */
export const SIZE_STEP = 1.15;
/** A gap between lines that is larger than the usual one by this factor ends a paragraph. */
const GAP_STEP = 1.25;
const BULLET = /^[•◦▪▫●○■□‣⁃∙·–—-]\s+(?=\S)/u;
const SENTENCE_END = /[.!?:;…»”"'。！？：；」』]$/u;
/** Scripts without spaces between words: where a line ends says nothing of a word's end. */
const UNSPACED =
	'[\\p{sc=Han}\\p{sc=Hira}\\p{sc=Kana}\\p{sc=Thai}\\p{sc=Laoo}\\p{sc=Khmr}\\p{sc=Mymr}ー々〆、。，．・：；！？「」『』（）〈〉《》【】〔〕]';
const UNSPACED_END = new RegExp(`${UNSPACED}$`, 'u');
const UNSPACED_START = new RegExp(`^${UNSPACED}`, 'u');

/** Between cells, in the size of their font. */
const CELL_GAP = 0.8;
/** What stands before a line, such as its number in a list, is narrower, and no cell. */
const NARROWEST_CELL = 2;

/** Whether a piece of a line and what begins at `next` lie apart as the cells of a row do. */
export const areCells = (
	{ left, right, size }: Pick<PdfLine, 'left' | 'right' | 'size'>,
	next: number,
): boolean => next - right > size * CELL_GAP && right - left > size * NARROWEST_CELL;

export function toParagraphs(all: readonly PdfLine[]): PdfParagraph[] {
	const lines = all.map((line, at) => (isCell(all, at) ? { ...line, isWhole: true as const } : line));
	const pitch = usualPitch(lines);
	const paragraphs: PdfParagraph[] = [];
	let group: PdfLine[] = [];
	const close = () => {
		const [first] = group;
		if (first === undefined) return;
		const text = joined(group);
		const isItem = BULLET.test(text);
		paragraphs.push({ text: isItem ? text.replace(BULLET, '') : text, size: first.size, isItem });
		group = [];
	};
	for (const line of lines) {
		const last = group.at(-1);
		if (last !== undefined && isBorder(group, last, line, pitch)) close();
		group.push(line);
	}
	close();
	return paragraphs;
}

/** The distance from one line to the next that is commonest on the page, in the sizes of their fonts. */
function usualPitch(lines: readonly PdfLine[]): number {
	const pitches: number[] = [];
	for (const [index, line] of lines.entries()) {
		const last = lines[index - 1];
		if (last === undefined || !isSameSize(last, line)) continue;
		const pitch = (last.endY - line.startY) / line.size;
		if (pitch > 0.5 && pitch < 3) pitches.push(pitch);
	}
	pitches.sort((a, b) => a - b);
	// Most gaps are within paragraphs; where they are not, the smaller ones are.
	return pitches[Math.floor(pitches.length * 0.4)] ?? 1.2;
}

function isBorder(group: readonly PdfLine[], last: PdfLine, line: PdfLine, pitch: number): boolean {
	if (isAttached(last, line)) return false;
	if (!isSameSize(last, line) || last.turn !== line.turn || BULLET.test(line.text)) return true;
	const gap = (last.endY - line.startY) / line.size;
	if (gap > pitch * GAP_STEP) return true;
	// Upwards: another column, which may go on with the sentence.
	if (gap < -0.5)
		return SENTENCE_END.test(last.text) || !(/^\p{Ll}/u.test(line.text) || isUnspaced(last, line));
	const isIndented = line.left - Math.min(...group.map(({ left }) => left)) > line.size * 0.8;
	return group.length > 1 && isIndented && SENTENCE_END.test(last.text);
}

function isSameSize(one: PdfLine, other: PdfLine): boolean {
	return one.size < other.size * SIZE_STEP && other.size < one.size * SIZE_STEP;
}

/** A line that ended because the next word had no room goes on with a space; any other was meant to end there. */
function joined(lines: readonly PdfLine[]): string {
	const edge = Math.max(...lines.map(({ right }) => right));
	let text = '';
	for (const [index, line] of lines.entries()) {
		const last = lines[index - 1];
		if (last === undefined) text = line.text;
		else if (isAttached(last, line))
			text += (line.left - last.right > line.size * 0.15 ? ' ' : '') + line.text;
		else text += (isFull(last, line, edge) ? gapBetween(last, line) : '\n') + line.text;
	}
	return text;
}

const isUnspaced = (last: PdfLine, next: PdfLine): boolean =>
	UNSPACED_END.test(last.text) && UNSPACED_START.test(next.text);

/** A piece of the same line, such as a cell of a table. */
const isBeside = (last: PdfLine, next: PdfLine): boolean =>
	Math.abs(last.endY - next.startY) < last.size * 0.3;

/** What is raised or lowered on a line, such as an exponent, and what goes on behind it: PDFium ends the line there. */
function isAttached(last: PdfLine, next: PdfLine): boolean {
	const size = Math.max(last.size, next.size);
	const gap = next.left - last.right;
	const isOnLine = Math.abs(last.endY - next.startY) < size * 0.5 && last.turn === next.turn;
	return isOnLine && gap > -size * 0.2 && gap < size * 0.4;
}

/** Of a row of which PDFium makes several lines. */
function isCell(lines: readonly PdfLine[], at: number): boolean {
	const [before, line, after] = [lines[at - 1], lines[at], lines[at + 1]];
	const isApart = (one: PdfLine | undefined, next: PdfLine | undefined) =>
		one !== undefined && next !== undefined && isBeside(one, next) && areCells(one, next.left);
	return isApart(before, line) || isApart(line, after);
}

/** Signs one below the other. */
const isVertical = (last: PdfLine, next: PdfLine): boolean =>
	last.text.length === 1 && next.text.length === 1 && isUnspaced(last, next);

const gapBetween = (last: PdfLine, next: PdfLine): string =>
	isUnspaced(last, next) && !isBeside(last, next) ? '' : ' ';

function isFull(last: PdfLine, next: PdfLine, edge: number): boolean {
	if (isBeside(last, next) || isVertical(last, next)) return true;
	if (last.isWhole === true || next.isWhole === true) return false;
	const word = /^\S+/.exec(next.text)?.[0] ?? '';
	const charWidth = next.text === '' ? 0 : Math.abs(next.right - next.left) / next.text.length;
	return last.right + (word.length + 1) * Math.min(charWidth, next.size) > edge;
}

/** The text of one page of a PDF, line by line with its places, from PDFium's text page. */
import { DIVISION } from './pdf-hyphens.ts';
import { areCells, type PdfLine } from './pdf-paragraphs.ts';
import type { Pdfium } from './pdfium.ts';

/** More characters on one page are no page that somebody wrote. */
const MOST_CHARS = 4_000_000;
/** Lines above so many come without their places: each costs some calls. */
const MOST_PLACED = 20_000;

/** Words above so many stay in PDFium's lines: each costs some calls. */
const MOST_WORDS = 5_000;

/** Of a line. */
const MOST_PIECES = 50;

/** Numbers that PDFium writes, one after the other, with room for a matrix. */
const SCRATCH_BYTES = 64;

export interface PageText {
	/** As PDFium gives it, lines ended by \r\n. */
	readonly text: string;
	readonly lines: readonly PdfLine[];
}

/**
 * Without what lies beside the page, such as a printer's notes: nobody sees it. Where all of it does, the page says
 * something wrong of itself. Throws RangeError for a page that holds too much.
 */
export const readPageText = (pdfium: Pdfium, page: number, textPage: number): PageText =>
	withPlaces(pdfium, textPage, (text, places) => {
		const all = [...placed(text, places)];
		const box = boxOf(pdfium, page);
		const shown = all.filter(({ first, last }) => box === null || !isBeyond(box, first, last));
		return { text, lines: (shown.length > 0 ? shown : all).map(({ line }) => line) };
	});

interface Box {
	readonly left: number;
	readonly top: number;
	readonly right: number;
	readonly bottom: number;
}

/** What is shown of the page. */
function boxOf(pdfium: Pdfium, page: number): Box | null {
	const { wasmExports, getValue } = pdfium.pdfium;
	const scratch = wasmExports.malloc(SCRATCH_BYTES);
	try {
		if (!pdfium.FPDF_GetPageBoundingBox(page, scratch)) return null;
		const float = (at: number) => getValue(scratch + at * 4, 'float');
		return { left: float(0), top: float(1), right: float(2), bottom: float(3) };
	} finally {
		wasmExports.free(scratch);
	}
}

/** Whether a line, from its first character to its last, lies beside the page, all of it on one side. */
const isBeyond = ({ left, top, right, bottom }: Box, first: Place, last: Place): boolean =>
	Math.max(first.right, last.right) < left ||
	Math.min(first.left, last.left) > right ||
	Math.max(first.y + first.size, last.y + last.size) < bottom ||
	Math.min(first.y, last.y) > top;

/** Each word with its own place, line by line as PDFium has them; null for a page with more than some thousand. Throws as above. */
export const readPageWords = (pdfium: Pdfium, textPage: number): readonly (readonly PdfLine[])[] | null =>
	withPlaces(pdfium, textPage, (text, { placeOf }) => {
		const lines = new Map<number, PdfLine[]>();
		const breaks = [...text.matchAll(/\n/g)].map(({ index }) => index);
		let line = 0;
		let count = 0;
		for (const { 0: word, index } of text.matchAll(/\S+/g)) {
			count += 1;
			if (count > MOST_WORDS) return null;
			while ((breaks[line] ?? Infinity) < index) line += 1;
			const placed = lineOf(word, placeOf(index), placeOf(index + word.length - 1));
			lines.set(line, [...(lines.get(line) ?? []), placed]);
		}
		return [...lines.values()];
	});

function withPlaces<T>(pdfium: Pdfium, textPage: number, read: (text: string, places: Places) => T): T {
	const count = Math.max(0, pdfium.FPDFText_CountChars(textPage));
	if (count > MOST_CHARS) throw new RangeError(`${count} characters on one page`);
	const text = textOf(pdfium, textPage, count);
	const { malloc, free } = pdfium.pdfium.wasmExports;
	const scratch = malloc(SCRATCH_BYTES);
	try {
		return read(text, createPlaces(pdfium, textPage, scratch));
	} finally {
		free(scratch);
	}
}

function textOf(pdfium: Pdfium, textPage: number, count: number): string {
	if (count === 0) return '';
	const { malloc, free } = pdfium.pdfium.wasmExports;
	const buffer = malloc((count + 1) * 2);
	try {
		const written = pdfium.FPDFText_GetText(textPage, 0, count, buffer);
		const { HEAPU8 } = pdfium.pdfium;
		// The last one is a zero.
		const bytes = Buffer.from(HEAPU8.buffer, HEAPU8.byteOffset + buffer, Math.max(0, written - 1) * 2);
		return bytes.toString('utf16le');
	} finally {
		free(buffer);
	}
}

interface Place {
	readonly left: number;
	readonly right: number;
	/** Of its origin, which stands on the base line. */
	readonly x: number;
	readonly y: number;
	readonly size: number;
}

/** Of what is on the page, by its indexes in the page's text. */
interface Places {
	readonly placeOf: (textIndex: number) => Place;
	/** Whether the pieces of a line, to the last of its characters, lie apart as the cells of a row do. */
	readonly isRow: (begin: number, last: number, size: number) => boolean;
}

function createPlaces(pdfium: Pdfium, textPage: number, scratch: number): Places {
	const { getValue } = pdfium.pdfium;
	const double = (at: number) => getValue(scratch + at * 8, 'double');
	const float = (at: number) => getValue(scratch + at * 4, 'float');
	const charOf = (textIndex: number) => pdfium.FPDFText_GetCharIndexFromTextIndex(textPage, textIndex);
	const placeOf = (textIndex: number): Place => {
		const index = charOf(textIndex);
		const hasBox = pdfium.FPDFText_GetCharBox(
			textPage,
			index,
			scratch,
			scratch + 8,
			scratch + 16,
			scratch + 24,
		);
		const [left, right] = hasBox ? [double(0), double(1)] : [0, 0];
		const hasOrigin = pdfium.FPDFText_GetCharOrigin(textPage, index, scratch, scratch + 8);
		const [x, y] = hasOrigin ? [double(0), double(1)] : [left, 0];
		// A size of 1 under a matrix that enlarges it is as common as a size that is said.
		const hasMatrix = pdfium.FPDFText_GetMatrix(textPage, index, scratch);
		const scale = hasMatrix ? Math.hypot(float(2), float(3)) : 1;
		const size = pdfium.FPDFText_GetFontSize(textPage, index) * (scale > 0 ? scale : 1);
		return { left, right, x, y, size: size > 0 && Number.isFinite(size) ? size : 1 };
	};
	const isRow: Places['isRow'] = (begin, last, size) => {
		const first = charOf(begin);
		const pieces = pdfium.FPDFText_CountRects(textPage, first, charOf(last) - first + 1);
		let [start, end] = [0, Infinity];
		for (let piece = 0; piece < Math.min(pieces, MOST_PIECES); piece += 1) {
			pdfium.FPDFText_GetRect(textPage, piece, scratch, scratch + 8, scratch + 16, scratch + 24);
			const [left, right] = [double(0), double(2)];
			if (areCells({ left: start, right: end, size }, left)) return true;
			if (piece === 0) start = left;
			end = right;
		}
		return false;
	};
	return { placeOf, isRow };
}

interface PlacedLine {
	readonly line: PdfLine;
	readonly first: Place;
	readonly last: Place;
}

function* placed(text: string, { placeOf, isRow }: Places): Generator<PlacedLine> {
	let from = 0;
	let count = 0;
	let last: Place = { left: 0, right: 0, x: 0, y: 0, size: 1 };
	while (from < text.length) {
		const found = text.indexOf('\n', from);
		const end = found < 0 ? text.length : found;
		const line = text.slice(from, end);
		const shown = line.trim();
		if (shown !== '') {
			count += 1;
			const begin = from + line.indexOf(shown[0] ?? '');
			const first: Place = count > MOST_PLACED ? { ...last, y: last.y - last.size * 1.2 } : placeOf(begin);
			last = count > MOST_PLACED ? first : placeOf(begin + shown.length - 1);
			const placed = lineOf(shown, first, last);
			const isCells =
				count <= MOST_PLACED && placed.turn === 'none' && isRow(begin, begin + shown.length - 1, placed.size);
			yield { line: isCells ? { ...placed, isWhole: true } : placed, first, last };
		}
		from = end + 1;
	}
}

const lineOf = (shown: string, first: Place, last: Place): PdfLine => ({
	text: shown.replace(SOFT_DIVISION, DIVISION).replaceAll('\xad', ''),
	...upright(shown.length, first, last),
	// Bullets at its beginning and references at its end are often smaller.
	size: Math.max(first.size, last.size),
});

/** What some programs write where they divide a word; PDFium has a mark of its own for a common hyphen. */
const SOFT_DIVISION = /(?<=\p{L})[\xad\u2010]+$/u;

/** Places of a line whose text runs up or down the page, as a wide table or a side note has it, as if it ran to the right. */
function upright(length: number, first: Place, last: Place): Omit<PdfLine, 'text' | 'size'> {
	const [along, across] = [last.y - first.y, last.x - first.x];
	const isTurned = length > 2 && Math.abs(along) > Math.abs(across) * 4 && Math.abs(along) > first.size;
	if (!isTurned) return { left: first.left, right: last.right, startY: first.y, endY: last.y, turn: 'none' };
	return along > 0
		? { left: first.y, right: last.y, startY: -first.x, endY: -last.x, turn: 'up' }
		: { left: -first.y, right: -last.y, startY: first.x, endY: last.x, turn: 'down' };
}

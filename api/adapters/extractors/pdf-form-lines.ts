/**
 * The lines of a page with a form in it. What was filled in is drawn behind all else on the page, and comes last from
 * PDFium, as one line; here each value stands where a reader sees it: behind its label, or below it. Pure.
 */
import type { PdfLine } from './pdf-paragraphs.ts';

/** Words on one base line differ by less, in the size of their font. */
const SAME_LINE = 0.6;

/** `empty`: the words of the page before anything was drawn into its fields, line by line; `filled`: with it. */
export function formLines(
	empty: readonly (readonly PdfLine[])[],
	filled: readonly (readonly PdfLine[])[],
): PdfLine[] {
	const printed = new Map<string, number>();
	for (const word of empty.flat()) printed.set(keyOf(word), (printed.get(keyOf(word)) ?? 0) + 1);
	const values: PdfLine[][] = [];
	for (const words of filled) {
		const drawn = words.filter((word) => {
			const left = printed.get(keyOf(word)) ?? 0;
			if (left > 0) printed.set(keyOf(word), left - 1);
			return left === 0;
		});
		if (drawn.length > 0) values.push(drawn);
	}
	const lines = empty.flatMap(rowsOf);
	const rows = values.flatMap(rowsOf).toSorted((a, b) => b.startY - a.startY || a.left - b.left);
	for (const value of rows) insert(lines, value);
	return lines;
}

const keyOf = ({ text, left, startY }: PdfLine): string =>
	`${Math.round(left)} ${Math.round(startY)} ${text}`;

/** Words of one line of PDFium's, which may lead over several of the page. */
function rowsOf(words: readonly PdfLine[]): PdfLine[] {
	const rows: PdfLine[] = [];
	for (const word of words) {
		const last = rows.at(-1);
		if (last !== undefined && isBeside(last, word)) rows[rows.length - 1] = joined(last, word);
		else rows.push(word);
	}
	return rows;
}

const isBeside = (one: PdfLine, other: PdfLine): boolean =>
	one.turn === other.turn && Math.abs(one.endY - other.startY) < Math.max(one.size, other.size) * SAME_LINE;

const joined = (before: PdfLine, after: PdfLine): PdfLine => ({
	...before,
	text: `${before.text} ${after.text}`,
	right: after.right,
	endY: after.endY,
});

/** To the right of the nearest text on its base line, else to the left of one, else below the nearest one above. */
function insert(lines: PdfLine[], value: PdfLine): void {
	const places = lines.map((line, at) => ({ line, at }));
	const beside = places.filter(({ line }) => isBeside(line, value));
	const before = nearest(beside, ({ line }) => value.left - line.right + value.size);
	const after = nearest(beside, ({ line }) => line.left - value.right + value.size);
	if (before !== null) {
		lines[before.at] = { ...joined(before.line, value), isWhole: true };
	} else if (after !== null) {
		lines[after.at] = { ...joined(value, after.line), size: after.line.size, isWhole: true };
	} else {
		const upper = nearest(places, ({ line }) => line.endY - value.startY);
		lines.splice(upper === null ? 0 : upper.at + 1, 0, { ...value, isWhole: true });
	}
}

/** The last of those with the least distance that is not negative. */
function nearest<T>(candidates: readonly T[], distanceOf: (one: T) => number): T | null {
	let found: T | null = null;
	let least = Infinity;
	for (const one of candidates) {
		const distance = distanceOf(one);
		if (distance < 0 || distance > least) continue;
		found = one;
		least = distance;
	}
	return found;
}

/** Paragraphs of a PDF to blocks: which of them are headings, by its outline or by the sizes of its fonts. Pure. */
import type { Block } from '../../chunking/index.ts';
import type { OutlineEntry } from './pdf-outline.ts';
import { type PdfLine, type PdfParagraph, SIZE_STEP } from './pdf-paragraphs.ts';

const LONGEST_HEADING = 200;
const DEEPEST = 6;

/**
 * Headings where the outline leads. One whose title stands on the page is put there; any other one comes right behind
 * the one before it, or first on the page.
 */
export function blocksByOutline(
	paragraphs: readonly PdfParagraph[],
	entries: readonly OutlineEntry[],
	page: number,
): Block[] {
	const blocks: Block[] = [];
	const bare = paragraphs.map(({ text }) => (text.length > LONGEST_HEADING * 2 ? '' : bareWords(text)));
	let at = 0;
	for (const { level, title } of entries) {
		const wanted = bareWords(title);
		const found = wanted === '' ? -1 : bare.indexOf(wanted, at);
		if (found >= 0) blocks.push(...paragraphs.slice(at, found).map((one) => body(one, page)));
		const text = found < 0 ? title : oneLine(paragraphs[found]?.text ?? title);
		blocks.push({ kind: 'heading', level: Math.min(level, DEEPEST), text, page });
		if (found >= 0) at = found + 1;
	}
	return [...blocks, ...paragraphs.slice(at).map((one) => body(one, page))];
}

/** The sizes in which a document is set. */
export interface FontSizes {
	readonly common: number;
	/** Those of headings, the largest first. */
	readonly larger: readonly number[];
}

/** `lines`: of some of its pages, evenly spread. */
export function fontSizesOf(lines: Iterable<PdfLine>): FontSizes {
	const chars = new Map<number, number>();
	for (const { size, text } of lines) {
		const step = rounded(size);
		chars.set(step, (chars.get(step) ?? 0) + text.length);
	}
	const [common = 0] = [...chars].toSorted((a, b) => b[1] - a[1] || a[0] - b[0])[0] ?? [];
	return {
		common,
		larger: [...chars.keys()].filter((size) => size >= common * SIZE_STEP).toSorted((a, b) => b - a),
	};
}

export const blocksBySize = (
	paragraphs: readonly PdfParagraph[],
	{ common, larger }: FontSizes,
	page: number,
): Block[] =>
	paragraphs.map((one) => {
		const size = rounded(one.size);
		if (size < common * SIZE_STEP || !isHeadingText(one.text)) return body(one, page);
		const level = 1 + larger.filter((other) => other > size).length;
		return { kind: 'heading', level: Math.min(level, DEEPEST), text: oneLine(one.text), page };
	});

/** What is set largest on a document's first page; null where nothing stands out. */
export function titleBySize(paragraphs: readonly PdfParagraph[], { common }: FontSizes): string | null {
	const largest = paragraphs
		.filter(({ size, text }) => rounded(size) >= common * SIZE_STEP && isHeadingText(text))
		.reduce<PdfParagraph | null>((most, one) => (most !== null && most.size >= one.size ? most : one), null);
	return largest === null ? null : oneLine(largest.text);
}

const isHeadingText = (text: string): boolean =>
	text.length < LONGEST_HEADING && /\p{L}[\s\S]*\p{L}/u.test(text);

const body = ({ text, isItem }: PdfParagraph, page: number): Block =>
	isItem ? { kind: 'item', level: 1, text, page } : { kind: 'paragraph', text, page };

const rounded = (size: number): number => Math.round(size * 2) / 2;
const oneLine = (text: string): string => text.replace(/\s+/g, ' ');

/** Without signs and spaces, and without a number in front, which either of the two may lack. */
const bareWords = (text: string): string =>
	text
		.normalize('NFKC')
		.toLowerCase()
		.replace(/[^\p{L}\p{N}]+/gu, '')
		.replace(/^\p{N}+/u, '');

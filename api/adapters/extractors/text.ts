/**
 * Plain text and reStructuredText to blocks. Blank lines (and page breaks) end a paragraph. A line that is
 * underlined, or over- and underlined, by a run of one mark at least as long as itself is a heading; each
 * kind of underline is one level, in the order in which they appear. Runs of marks that stand alone are
 * decoration and are dropped; all other lines are kept as they are.
 */
import type { Block } from '../../chunking/index.ts';
import { decodeAs } from './decode.ts';
import { LONGEST_TITLE, type Document } from './extracted.ts';
import { isBorder, plainTitle, RST } from './rst.ts';

/** Rejects with `unreadable` what is binary. `charset`: as the sender declares it. */
export function extractText(bytes: Uint8Array, mimeType = 'text/plain', charset?: string): Document {
	const decoded = decodeAs(bytes, mimeType, { sender: charset ?? null, inside: null });
	return { ...textDocument(decoded.text, mimeType), charset: decoded.charset };
}

/** The same from text. */
export function textDocument(whole: string, mimeType = 'text/plain'): Document {
	const blocks: Block[] = [];
	const headings = createHeadings(mimeType);
	let lines: string[] = [];

	function flush() {
		const from = headings.read(lines, (block) => blocks.push(block));
		const text = dedent(lines.slice(from));
		if (text !== '') blocks.push({ kind: 'paragraph', text });
		lines = [];
	}

	for (const line of eachLine(whole)) {
		if (isBorder(line, mimeType)) {
			if (lines.length > 0) flush();
		} else {
			lines.push(line);
		}
	}
	flush();
	return { title: blocks.find((block) => block.kind === 'heading')?.text ?? null, blocks };
}

/** Finds headings, which stand at the beginning of a paragraph; knows the styles that the document has used so far. */
export function createHeadings(mimeType: string) {
	const isRst = mimeType === RST;
	const longest = isRst ? Infinity : LONGER_RULE;
	/** Underline mark, doubled where there is an overline as well; its index is its level. */
	const styles: string[] = [];
	function heading(text: string, style: string): Block {
		if (!styles.includes(style)) styles.push(style);
		const shown = text.trim();
		return { kind: 'heading', level: styles.indexOf(style) + 1, text: isRst ? plainTitle(shown) : shown };
	}
	return {
		/**
		 * The index of the line with which the paragraph's own text begins. `isWhole`: no line of the paragraph was
		 * taken off before.
		 */
		read(lines: readonly string[], emit: (block: Block) => void, isWhole = true): number {
			let from = 0;
			for (let i = 0; i < lines.length; i += 1) {
				const mark = ruleMark(lines[i] ?? '');
				if (mark === null) continue;
				const above = i > from ? (lines[i - 1] ?? '') : '';
				const below = lines[i + 1] ?? '';
				if (isTitle(above) && i - 1 === from && covers(lines[i], above, longest)) {
					emit(heading(above, mark));
					from = i + 1;
				} else if (
					i === from &&
					isTitle(below.trim()) &&
					ruleMark(lines[i + 2] ?? '') === mark &&
					covers(lines[i], below, Infinity)
				) {
					emit(heading(below, mark + mark));
					from = i + 3;
					i += 2;
				} else if (lines.length === 1 && isWhole) {
					from = 1;
				}
			}
			return from;
		},
	};
}

/** Lines without their ends; a form feed ends a page and so counts as a blank line. */
function* eachLine(text: string): Generator<string> {
	let from = 0;
	while (from <= text.length) {
		const found = text.indexOf('\n', from);
		const to = found < 0 ? text.length : found;
		const line = text.slice(from, to);
		if (line.includes('\f')) {
			for (const part of line.split('\f')) {
				yield part;
				yield '';
			}
		} else {
			yield line;
		}
		from = to + 1;
	}
}

/** The mark that a line repeats from its first column to its end, twice or more; null for other lines. */
function ruleMark(line: string): string | null {
	const mark = line.charAt(0);
	if (!'=-~^"#*+\''.includes(mark) || mark === '') return null;
	const rule = line.trimEnd();
	if (rule.length < 2 || rule.length > LONGEST_TITLE * 2) return null;
	for (let i = 1; i < rule.length; i += 1) if (rule[i] !== mark) return null;
	return mark;
}

function isTitle(line: string): boolean {
	return line !== '' && line.length <= LONGEST_TITLE && !/^\s/.test(line) && ruleMark(line) === null;
}

/** A rule that goes on for longer than the line above it separates entries of a log; in reStructuredText it may. */
const LONGER_RULE = 4;

/** `longer`: so many columns the rule may be longer than the title. */
function covers(rule: string | undefined, title: string, longer: number): boolean {
	const length = (rule ?? '').trimEnd().length;
	const characters = [...title.trim()];
	if (length < characters.length) return false;
	const wide = characters.filter((character) => character >= '\u1100').length;
	return length <= characters.length + wide + longer;
}

/** Lines joined, without the indentation that all of them share and without spaces at their ends. */
export function dedent(lines: readonly string[]): string {
	let shared = Infinity;
	for (const line of lines) shared = Math.min(shared, indentOf(line));
	return lines.map((line) => line.slice(shared).trimEnd()).join('\n');
}

export const indentOf = (line: string): number => line.length - line.trimStart().length;

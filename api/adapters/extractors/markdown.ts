/**
 * Markdown (CommonMark with tables and footnotes) to blocks, from markdown-it's tokens. Front matter gives title,
 * description and keywords (front-matter.ts); HTML within goes through the HTML extractor; links give their text and
 * where they lead, images their alternative text. Nothing of a picture that is in the text itself is read.
 */
import MarkdownIt from 'markdown-it';
import type { Block } from '../../chunking/index.ts';
import { decodeAs } from './decode.ts';
import type { Document } from './extracted.ts';
import { frontMatter } from './front-matter.ts';
import { htmlBlocks } from './html.ts';
import { linkTarget } from './link-target.ts';
import { textDocument } from './text.ts';

type Token = ReturnType<InstanceType<typeof MarkdownIt>['parse']>[number];
type BlockRule = Parameters<InstanceType<typeof MarkdownIt>['block']['ruler']['push']>[1];

const DEEPEST = 96;
const parser = new MarkdownIt({ html: true, maxNesting: DEEPEST + 4 });
// Nothing is shown or followed: a target that is refused would stay in the text as it was written.
parser.validateLink = () => true;
parser.block.ruler.before('reference', 'footnote', footnote);

/** Rejects with `unreadable` what is binary. `charset`: as the sender declares it. */
export function extractMarkdown(bytes: Uint8Array, mimeType = 'text/markdown', charset?: string): Document {
	const decoded = decodeAs(bytes, mimeType, { sender: charset ?? null, inside: null });
	return { ...markdownDocument(decoded.text), charset: decoded.charset };
}

/** The same from text. */
export function markdownDocument(text: string): Document {
	const { title, description, keywords, body } = frontMatter(text);
	const about = {
		...(description !== null && { description }),
		...(keywords.length > 0 && { keywords }),
	};
	const tokens = parser.parse(withoutData(body), {});
	// markdown-it drops what is nested deeper than this, such as 200 list marks in a row; text loses nothing.
	if (tokens.some((token) => token.level >= DEEPEST)) return { ...textDocument(text), ...about };
	const blocks = toBlocks(tokens);
	const headings = blocks.filter((block) => block.kind === 'heading');
	const first = headings.find((block) => block.level === 1) ?? headings[0];
	return { title: title ?? first?.text ?? null, blocks, ...about };
}

/** `[^1]: Text` is a paragraph; markdown-it takes one of a single word for the definition of a link. */
function footnote(...[state, startLine, endLine, isTrial]: Parameters<BlockRule>): boolean {
	const lineAt = (line: number) =>
		state.src.slice((state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0), state.eMarks[line] ?? 0);
	if (!/^\[\^[^\]\s]{1,100}\]:/.test(lineAt(startLine))) return false;
	if (isTrial) return true;
	let next = startLine + 1;
	while (next < endLine && lineAt(next) !== '' && !lineAt(next).startsWith('[^')) next += 1;
	const lines = Array.from({ length: next - startLine }, (_, at) => lineAt(startLine + at));
	state.push('paragraph_open', 'p', 1).map = [startLine, next];
	const inline = state.push('inline', '', 0);
	inline.content = lines.join('\n');
	inline.map = [startLine, next];
	inline.children = [];
	state.push('paragraph_close', 'p', -1);
	state.line = next;
	return true;
}

/**
 * Base64 of a file within the text, which some programs break into lines: full ones, and a last one that the end of
 * the link follows.
 */
const DATA =
	/\bdata:([a-z]{1,20}\/[\w.+-]{1,100})?(?:;[\w=.-]{1,40}){0,4};base64,[A-Za-z0-9+/]{64,}={0,2}(?:\n[ \t]{0,8}[A-Za-z0-9+/]{40,}={0,2}(?=[ \t]*[\n)>"']))*(?:\n[ \t]{0,8}[A-Za-z0-9+/]+={0,2}(?=[)>"']))?/gi;

const withoutData = (text: string): string =>
	text.includes(';base64,')
		? text.replace(DATA, (_, type: string | undefined) => `data:${type ?? ''},`)
		: text;

/** What the tokens before make of the next one. */
const newPlace = () => ({
	heading: 0,
	lists: 0,
	/** What the paragraph at hand begins with, where it is the first of its list item; null where it is not. */
	mark: null as string | null,
	cells: null as string[] | null,
	isHeaderRow: false,
	header: null as string | null,
});

function toBlocks(tokens: readonly Token[]): Block[] {
	const blocks: Block[] = [];
	const place = newPlace();
	const push = (block: Block) => {
		if (block.text.trim() !== '') blocks.push(block);
	};
	for (const token of tokens) {
		switch (token.type) {
			case 'heading_open':
				place.heading = Number(token.tag.slice(1));
				break;
			case 'heading_close':
				place.heading = 0;
				break;
			case 'bullet_list_open':
			case 'ordered_list_open':
				place.lists += 1;
				break;
			case 'bullet_list_close':
			case 'ordered_list_close':
				place.lists -= 1;
				break;
			case 'list_item_open':
				place.mark = token.info === '' ? '' : `${token.info}. `;
				break;
			case 'table_open':
				place.header = null;
				break;
			case 'thead_open':
			case 'thead_close':
				place.isHeaderRow = token.type === 'thead_open';
				break;
			case 'tr_open':
				place.cells = [];
				break;
			case 'tr_close':
				push(rowOf(place));
				break;
			case 'fence':
			case 'code_block':
				push({ kind: 'code', text: token.content.trimEnd() });
				break;
			case 'html_block':
				for (const block of htmlBlocks(token.content).blocks) push(block);
				break;
			case 'inline':
				inline(place, inlineText(token.children ?? [], place.heading > 0), push);
				break;
		}
	}
	return blocks;
}

type InlinePlace = ReturnType<typeof newPlace>;

function inline(place: InlinePlace, text: string, push: (block: Block) => void): void {
	if (place.cells !== null) place.cells.push(text);
	else if (place.heading > 0) push({ kind: 'heading', level: place.heading, text });
	else if (place.mark !== null && place.lists > 0)
		push({ kind: 'item', level: place.lists, text: text === '' ? '' : place.mark + text });
	else push({ kind: 'paragraph', text });
	place.mark = null;
}

function rowOf(place: InlinePlace): Block {
	const cells = place.cells ?? [];
	place.cells = null;
	if (cells.every((cell) => cell === '')) return { kind: 'row', text: '' };
	const text = cells.join(' | ').trim();
	if (place.header !== null) return { kind: 'row', text, header: place.header };
	if (place.isHeaderRow) place.header = text;
	return { kind: 'row', text };
}

/** Scripts and styles within a paragraph, whose content markdown-it takes for text. */
const PROGRAM = /^<(script|style)\b/i;

function inlineText(tokens: readonly Token[], isHeading: boolean): string {
	const parts: string[] = [];
	/** The program that is open. */
	let program: string | null = null;
	let link: { readonly from: number; readonly target: string } | null = null;
	for (const token of tokens) {
		const { type, content } = token;
		if (type === 'html_inline') {
			const opened = PROGRAM.exec(content)?.[1]?.toLowerCase();
			if (program === null) program = opened ?? null;
			else if (content.toLowerCase().startsWith(`</${program}`)) program = null;
		}
		if (program !== null) continue;
		if (type === 'text' || type === 'code_inline') parts.push(content);
		else if (type === 'softbreak') parts.push(' ');
		else if (type === 'hardbreak') parts.push('\n');
		else if (type === 'image') parts.push(content);
		else if (type === 'html_inline') parts.push(htmlInline(content));
		else if (type === 'link_open') {
			const target = isHeading ? null : linkTarget(String(token.attrGet('href') ?? ''));
			link = target === null ? null : { from: parts.length, target };
		} else if (type === 'link_close' && link !== null) {
			const label = parts.slice(link.from).join('');
			if (label.trim() !== '' && !label.includes(link.target)) parts.push(` (${link.target})`);
			link = null;
		}
	}
	return parts.join('').trim();
}

function htmlInline(tag: string): string {
	if (/^<br\b/i.test(tag)) return '\n';
	return /^<img\b[^>]*?\balt\s*=\s*(["'])(.*?)\1/is.exec(tag)?.[2] ?? '';
}

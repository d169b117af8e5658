/**
 * Markdown (CommonMark with tables) to blocks, from markdown-it's tokens. Front matter is dropped but for its
 * title; HTML within goes through the HTML extractor; links give their text, images their alternative text.
 */
import MarkdownIt from 'markdown-it';
import type { Block } from '../../chunking/index.ts';
import { decode } from './decode.ts';
import { htmlBlocks } from './html.ts';
import { textDocument } from './text.ts';
import type { Document } from './extracted.ts';

type Token = ReturnType<InstanceType<typeof MarkdownIt>['parse']>[number];

const DEEPEST = 96;
const parser = new MarkdownIt({ html: true, maxNesting: DEEPEST + 4 });

/** Rejects with `unreadable` what is binary. */
export const extractMarkdown = (bytes: Uint8Array, mimeType = 'text/markdown'): Document =>
	markdownDocument(decode(bytes, mimeType));

/** The same from text. */
export function markdownDocument(text: string): Document {
	const { title, body } = frontMatter(text);
	const tokens = parser.parse(body, {});
	// markdown-it drops what is nested deeper than this, such as 200 list marks in a row; text loses nothing.
	if (tokens.some((token) => token.level >= DEEPEST)) return textDocument(text);
	const blocks = toBlocks(tokens);
	const headings = blocks.filter((block) => block.kind === 'heading');
	const first = headings.find((block) => block.level === 1) ?? headings[0];
	return { title: title ?? first?.text ?? null, blocks };
}

function frontMatter(text: string): { title: string | null; body: string } {
	const start = text.startsWith('---\n') ? 4 : -1;
	const end = start < 0 ? -1 : endOfFrontMatter(text, start);
	if (end < 0) return { title: null, body: text };
	const title = /^title:[ \t]*(.+)$/m.exec(text.slice(start, end))?.[1]?.trim() ?? '';
	const plain = /^(["'])(.*)\1$/.exec(title)?.[2] ?? title;
	const next = text.indexOf('\n', end);
	return { title: plain === '' ? null : plain, body: next < 0 ? '' : text.slice(next) };
}

/** Where the closing line of front matter begins; -1 where there is none. */
function endOfFrontMatter(text: string, start: number): number {
	const closing = /^(?:---|\.\.\.)[ \t]*$/gm;
	closing.lastIndex = start;
	return closing.exec(text)?.index ?? -1;
}

function toBlocks(tokens: readonly Token[]): Block[] {
	const blocks: Block[] = [];
	let heading = 0;
	let lists = 0;
	/** Whether the paragraph at hand is the first of its list item. */
	let itemStarts = false;
	let cells: string[] | null = null;
	const push = (block: Block) => {
		if (block.text.trim() !== '') blocks.push(block);
	};
	for (const token of tokens) {
		switch (token.type) {
			case 'heading_open':
				heading = Number(token.tag.slice(1));
				break;
			case 'heading_close':
				heading = 0;
				break;
			case 'bullet_list_open':
			case 'ordered_list_open':
				lists += 1;
				break;
			case 'bullet_list_close':
			case 'ordered_list_close':
				lists -= 1;
				break;
			case 'list_item_open':
				itemStarts = true;
				break;
			case 'tr_open':
				cells = [];
				break;
			case 'tr_close':
				push({ kind: 'row', text: (cells ?? []).join(' | ') });
				cells = null;
				break;
			case 'fence':
			case 'code_block':
				push({ kind: 'code', text: token.content.trimEnd() });
				break;
			case 'html_block':
				for (const block of htmlBlocks(token.content).blocks) push(block);
				break;
			case 'inline': {
				const text = inlineText(token.children ?? []);
				if (cells !== null) cells.push(text);
				else if (heading > 0) push({ kind: 'heading', level: heading, text });
				else if (itemStarts && lists > 0) push({ kind: 'item', level: lists, text });
				else push({ kind: 'paragraph', text });
				itemStarts = false;
				break;
			}
		}
	}
	return blocks;
}

function inlineText(tokens: readonly Token[]): string {
	const parts: string[] = [];
	for (const token of tokens) {
		if (token.type === 'text' || token.type === 'code_inline') parts.push(token.content);
		else if (token.type === 'softbreak') parts.push(' ');
		else if (token.type === 'hardbreak') parts.push('\n');
		else if (token.type === 'image') parts.push(token.content);
		else if (token.type === 'html_inline' && /^<br\b/i.test(token.content)) parts.push('\n');
	}
	return parts.join('').trim();
}

/**
 * What a Tika server made of a file, to blocks. It is HTML of nobody's design: all of its text is the document's, and
 * nothing in it is left out as the frame of a page. Tika wraps each page, and each slide, into a division of that name.
 */
import type { Block } from '../../chunking/index.ts';
import { decodeAs } from './decode.ts';
import type { Document } from './extracted.ts';
import { walkHtml } from './html-walk.ts';

/** Tika escapes what stands in a document, so that a division of this name is its own. */
const PAGE_BEGINS = /<div\s+class="(?:page|slide)"[^>]*>/;
const TITLE = /<meta\s+name="dc:title"\s+content="([^"]{1,2000})"/;

export function extractTika(bytes: Uint8Array, mimeType: string): Document {
	const { text } = decodeAs(bytes, mimeType, { sender: 'utf-8', inside: null });
	const [start = '', ...pages] = text.split(PAGE_BEGINS);
	const before = walk(start);
	const blocks = [...before.blocks];
	for (const [index, page] of pages.entries()) {
		for (const block of walk(page).blocks) blocks.push({ ...block, page: index + 1 });
	}
	const title = titleIn(start) ?? before.title ?? firstHeading(blocks);
	return blocks.length === 0
		? { title, blocks, warnings: ['no text was found in the file'] }
		: { title, blocks };
}

const walk = (html: string) => walkHtml(html, true, () => false);

function titleIn(head: string): string | null {
	const title = TITLE.exec(head)?.[1];
	return title === undefined ? null : walk(`<title>${title}</title>`).title;
}

function firstHeading(blocks: readonly Block[]): string | null {
	const headings = blocks.filter(({ kind }) => kind === 'heading');
	return (headings.find(({ level }) => level === 1) ?? headings[0])?.text ?? null;
}

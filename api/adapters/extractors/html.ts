/**
 * HTML to blocks. Nothing is executed or fetched. What is read is the page's main content (html-rules.ts says what is
 * not); all of it is read where an element that was to be left out never ends, or where hardly anything is left.
 */
import { decodeAs } from './decode.ts';
import type { Document } from './extracted.ts';
import type { Reason } from './html-rules.ts';
import { walkHtml, type Walked } from './html-walk.ts';

/** Rejects with `unreadable` what is binary. `charset`: as the sender declares it. */
export function extractHtml(bytes: Uint8Array, mimeType = 'text/html', charset?: string): Document {
	const declared = { sender: charset ?? null, inside: namedCharset(bytes) };
	const decoded = decodeAs(bytes, mimeType, declared);
	return { ...htmlBlocks(decoded.text, mimeType === 'application/xhtml+xml'), charset: decoded.charset };
}

/** The same from text; `selfClosing`: `<div/>` ends itself, as in XHTML. */
export function htmlBlocks(html: string, selfClosing = false): Document {
	const result = readingOf(html, selfClosing);
	const headings = result.blocks.filter((block) => block.kind === 'heading');
	const heading = headings.find((block) => block.level === 1) ?? headings[0];
	return { title: result.title ?? heading?.text ?? null, blocks: [...result.blocks] };
}

/** From the most that is left out to nothing. */
const readings: readonly ((reason: Reason) => boolean)[] = [
	() => true,
	(reason) => reason === 'unread' || reason === 'hidden',
	() => false,
];

function readingOf(html: string, selfClosing: boolean): Walked {
	let walked: Walked | null = null;
	const hasMain = /<main\b|\brole\s*=\s*["']?main\b/i.test(html);
	for (const isLeft of readings) {
		walked = walkHtml(html, selfClosing, isLeft);
		if (!walked.isLeftOpen && isEnough(walked, hasMain)) break;
	}
	if (walked === null) throw new Error('no reading of a page');
	return walked;
}

/** A page that says where its main content is may have much around it. */
const ENOUGH_OF_MAIN = 200;

function isEnough({ blocks, kept, left }: Walked, hasMain: boolean): boolean {
	if (blocks.length === 0) return false;
	return kept * 10 >= (kept + left) * 3 || (hasMain && kept >= ENOUGH_OF_MAIN);
}

/** So far into a page its charset is looked for; the HTML standard's 1,024 bytes end within many a style sheet. */
const HEAD_BYTES = 64 * 1024;

export function namedCharset(bytes: Uint8Array): string | null {
	const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, HEAD_BYTES)).toString(
		'latin1',
	);
	const xml = /^<\?xml\b[^>]{0,200}?\bencoding\s*=\s*["']([\w:.-]{1,40})/.exec(head);
	for (const meta of head.matchAll(/<meta\b[^>]{0,200}?\bcharset\s*=\s*["']?\s*([\w:.-]{1,40})/gi)) {
		if (head.lastIndexOf('<!--', meta.index) <= head.lastIndexOf('-->', meta.index)) return meta[1] ?? null;
	}
	return xml?.[1] ?? null;
}

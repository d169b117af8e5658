/**
 * HTML to blocks, from htmlparser2's tokenizer. Nothing is executed or fetched.
 *
 * The tokenizer is used without htmlparser2's parser: that one keeps open tags in an array that it shifts at
 * its front, and 100,000 nested tags take it 4 s, 200,000 take 17 s. Here nothing but a few counters is kept
 * per open tag, so that any input takes linear time and no stack.
 *
 * Left out: scripts and styles; what is not for a reader (buttons, templates, drawings); and what is clearly
 * chrome: nav, footer and their roles, Sphinx's related bar, sidebar, footer and heading links. A file in which one
 * of the last two never ends, or which consists of nothing else, is read again with all of them.
 */
import { Tokenizer } from 'htmlparser2';
import type { Block } from '../../chunking/index.ts';
import { decode } from './decode.ts';
import type { Document } from './extracted.ts';

/** Rejects with `unreadable` what is binary. */
export function extractHtml(bytes: Uint8Array, mimeType = 'text/html'): Document {
	return htmlBlocks(decode(bytes, mimeType, namedCharset(bytes)), mimeType === 'application/xhtml+xml');
}

/** The same from text; `selfClosing`: `<div/>` ends itself, as in XHTML. */
export function htmlBlocks(html: string, selfClosing = false): Document {
	const first = walk(html, selfClosing, true);
	const result = first.leftOpen || first.blocks.length === 0 ? walk(html, selfClosing, false) : first;
	const headings = result.blocks.filter((block) => block.kind === 'heading');
	const heading = headings.find((block) => block.level === 1) ?? headings[0];
	return { title: result.title ?? heading?.text ?? null, blocks: result.blocks };
}

/** What the first 1,024 bytes say of the charset, as in the HTML standard. */
function namedCharset(bytes: Uint8Array): string | null {
	const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 1024)).toString('latin1');
	const meta = /<meta\b[^>]{0,200}?\bcharset\s*=\s*["']?\s*([\w:.-]{1,40})/i.exec(head);
	const xml = /^<\?xml\b[^>]{0,200}?\bencoding\s*=\s*["']([\w:.-]{1,40})/.exec(head);
	return meta?.[1] ?? xml?.[1] ?? null;
}

const words = (list: string) => new Set(list.split(' '));
/** Their content is no HTML; the tokenizer takes it as one text. */
const RAW = words('script style iframe textarea noembed noframes xmp');
const NOT_TO_READ = words('template noscript svg object canvas audio video button select');
/** End the text at hand when they open and when they close. */
const BLOCKS = words(
	'address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure ' +
		'footer form h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li main menu nav ol optgroup option p pre ' +
		'search section summary table tbody td tfoot th thead title tr ul',
);
const CHROME_ROLES = words('navigation contentinfo');
/** Classes of div elements. */
const SPHINX_CHROME = words('related sphinxsidebar footer');
const VOID = words('area base br col embed hr img input link meta param source track wbr');
/** Within a table cell these mean that the table is there for its layout. */
const LAYOUT = words('h1 h2 h3 h4 h5 h6 pre table ul ol dl article section');
/** White space other than single spaces. */
const RAGGED = /[^\S ]|  /;
const LONGEST_TITLE = 300;

interface Attributes {
	class: string;
	role: string;
	alt: string;
}

function isAside(tag: string, attributes: Attributes): boolean {
	if (NOT_TO_READ.has(tag) || tag === 'nav' || tag === 'footer' || CHROME_ROLES.has(attributes.role))
		return true;
	if (attributes.class === '') return false;
	const classes = attributes.class.split(/\s+/);
	if (tag === 'div') return classes.some((name) => SPHINX_CHROME.has(name));
	return tag === 'a' && classes.includes('headerlink');
}

function walk(html: string, selfClosing: boolean, withoutAsides: boolean) {
	const blocks: Block[] = [];
	let title: string | null = null;
	/** Text since the last block boundary. */
	let text: string[] = [];
	/** The element whose content is left out, and how many of its name are open within it. */
	let skipped: { tag: string; depth: number } | null = null;
	let inTitle = false;
	let heading = 0;
	let pre = 0;
	let lists = 0;
	let inItem = false;
	/** The finished cells of the row at hand; null outside of rows. */
	let cells: string[] | null = null;

	let tag = '';
	let attribute: keyof Attributes | null = null;
	let attributes: Attributes = { class: '', role: '', alt: '' };

	function take(): string {
		const joined = text.join('');
		text = [];
		if (pre > 0) return joined.replace(/^(?:[ \t]*\n)+/, '').trimEnd();
		// What is left of line ends stands for <br>.
		if (!RAGGED.test(joined)) return joined.trim();
		return joined
			.replace(/[^\S\n]+/g, ' ')
			.replace(/ ?\n ?/g, '\n')
			.trim();
	}
	function flush() {
		if (text.length === 0) return;
		const content = take();
		if (content.trim() === '') return;
		if (inTitle) {
			title ??= content.replace(/\s+/g, ' ').slice(0, LONGEST_TITLE);
		} else if (heading > 0) {
			const line = content.replace(/\s+/g, ' ').replace(/ ?¶$/, '');
			if (line !== '') blocks.push({ kind: 'heading', level: heading, text: line });
			// Whatever follows in a heading that was never closed is no heading.
			heading = 0;
		} else if (pre > 0) {
			blocks.push({ kind: 'code', text: content });
		} else if (inItem) {
			blocks.push({ kind: 'item', level: Math.max(lists, 1), text: content });
		} else {
			blocks.push({ kind: 'paragraph', text: content });
		}
	}
	function endCell() {
		const content = take().replace(/\s+/g, ' ');
		if (content !== '') cells?.push(content);
	}
	function endRow() {
		if (cells === null) return;
		endCell();
		if (cells.length > 0) blocks.push({ kind: 'row', text: cells.join(' | ') });
		cells = null;
	}
	/** Block boundary: within a table cell a space, within pre a line end, elsewhere the end of a block. */
	function boundary() {
		if (cells !== null) text.push(' ');
		else if (pre > 0) newLine();
		else flush();
	}
	function newLine() {
		if (text.length > 0 && !text.at(-1)?.endsWith('\n')) text.push('\n');
	}
	function open(name: string) {
		if (LAYOUT.has(name)) endRow();
		if (name === 'tr') {
			endRow();
			flush();
			cells = [];
			return;
		}
		if ((name === 'td' || name === 'th') && cells !== null) {
			endCell();
			return;
		}
		if (name === 'br') text.push('\n');
		if (name === 'img' && attributes.alt !== '') text.push(` ${attributes.alt} `);
		if (!BLOCKS.has(name)) return;
		boundary();
		if (name === 'title') inTitle = true;
		else if (name === 'pre') pre += 1;
		else if (name === 'ul' || name === 'ol') lists += 1;
		else if (name === 'li') inItem = true;
		else if (/^h[1-6]$/.test(name) && pre === 0) heading = Number(name[1]);
	}
	function close(name: string) {
		if (name === 'tr' || name === 'table' || name === 'tbody' || name === 'thead') endRow();
		if (!BLOCKS.has(name)) return;
		if (name === 'pre' && pre > 0) {
			flush();
			pre -= 1;
			return;
		}
		boundary();
		if (name === 'title') inTitle = false;
		else if (name === 'li') inItem = false;
		else if (/^h[1-6]$/.test(name)) heading = 0;
		else if ((name === 'ul' || name === 'ol') && lists > 0) {
			lists -= 1;
			inItem = lists > 0;
		}
	}
	function openTag(ended: boolean) {
		const empty = ended || VOID.has(tag);
		if (skipped !== null) {
			if (tag === skipped.tag && !empty) skipped.depth += 1;
			return;
		}
		if (RAW.has(tag) || (withoutAsides && isAside(tag, attributes))) {
			if (BLOCKS.has(tag)) boundary();
			if (!empty) skipped = { tag, depth: 1 };
			return;
		}
		open(tag);
		if (ended) close(tag);
	}

	const tokenizer = new Tokenizer(
		{ xmlMode: false, decodeEntities: true, recognizeSelfClosing: selfClosing },
		{
			ontext(start, end) {
				if (skipped !== null) return;
				const data = html.slice(start, end);
				text.push(pre > 0 || !RAGGED.test(data) ? data : data.replace(/\s+/g, ' '));
			},
			ontextentity(codePoint) {
				if (skipped === null) text.push(String.fromCodePoint(codePoint));
			},
			onopentagname(start, end) {
				tag = html.slice(start, end).toLowerCase();
				attributes = { class: '', role: '', alt: '' };
			},
			onattribname(start, end) {
				const name = html.slice(start, end).toLowerCase();
				attribute = name === 'class' || name === 'role' || name === 'alt' ? name : null;
			},
			onattribdata(start, end) {
				if (attribute !== null) attributes[attribute] += html.slice(start, end);
			},
			onattribentity(codePoint) {
				if (attribute !== null) attributes[attribute] += String.fromCodePoint(codePoint);
			},
			onattribend: () => void (attribute = null),
			onopentagend: () => openTag(false),
			onselfclosingtag: () => openTag(selfClosing || skipped?.tag === 'svg'),
			onclosetag(start, end) {
				const name = html.slice(start, end).toLowerCase();
				if (skipped === null) close(name);
				else if (name === skipped.tag && (skipped.depth -= 1) === 0) skipped = null;
			},
			oncdata(start, end, offset) {
				if (skipped === null && selfClosing) text.push(html.slice(start, end - offset));
			},
			isInForeignContext: () => skipped?.tag === 'svg',
			oncomment: () => undefined,
			ondeclaration: () => undefined,
			onprocessinginstruction: () => undefined,
			onend: () => undefined,
		},
	);
	tokenizer.write(html);
	tokenizer.end();
	const last = skipped as { tag: string } | null;
	const leftOpen = last !== null && !RAW.has(last.tag);
	endRow();
	flush();
	return { title: title as string | null, blocks, leftOpen };
}

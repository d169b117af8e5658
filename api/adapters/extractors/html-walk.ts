/**
 * One walk over HTML, from htmlparser2's tokenizer to blocks. Called by html.ts, which says what is left out.
 *
 * The tokenizer is used without htmlparser2's parser: that one keeps open tags in an array that it shifts at
 * its front, and 100,000 nested tags take it 4 s, 200,000 take 17 s. Here nothing but a few counters is kept
 * per open tag, so that any input takes linear time and no stack.
 */
import { Tokenizer } from 'htmlparser2';
import type { Block } from '../../chunking/index.ts';
import { newRuby, readingOf, type Ruby, rubyPartBegins, rubyPartEnds, takesText } from './html-ruby.ts';
import { linkTarget } from './link-target.ts';
import {
	attributeNames,
	type Attributes,
	isInline,
	isTex,
	type Place,
	type Reason,
	reasonToLeave,
} from './html-rules.ts';
import { beginCell, beginRow, beginTable, endCell, endRow, newTable } from './html-table.ts';
import { LONGEST_TITLE } from './extracted.ts';

const words = (list: string) => new Set(list.split(' '));
/** Their content is no HTML; the tokenizer takes it as one text. */
const RAW = words('script style iframe textarea noembed noframes xmp');
/** End the text at hand when they open and when they close. */
const BLOCKS = words(
	'address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure ' +
		'footer form h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li main menu nav ol optgroup option p pre ' +
		'search section summary table tbody td tfoot th thead title tr ul',
);
const VOID = words('area base br col embed hr img input link meta param source track wbr');
/** Within a table cell these mean that the table is there for its layout. */
const LAYOUT = words('h1 h2 h3 h4 h5 h6 pre table ul ol dl article section');
/** White space other than single spaces. */
const RAGGED = /[^\S ]|  /;

export interface Walked {
	readonly title: string | null;
	readonly blocks: readonly Block[];
	/** An element that is left out never ended. */
	readonly isLeftOpen: boolean;
	/** Characters of text, and of what was left out by a guess. */
	readonly kept: number;
	readonly left: number;
}

/** An element whose content is left out. */
interface Skip {
	readonly tag: string;
	readonly reason: Reason;
	/** How many of its name are open. */
	depth: number;
	/** The program or style sheet within it that is open. */
	raw: string | null;
}

const newWalk = (isLeft: (reason: Reason) => boolean) => ({
	isLeft,
	blocks: [] as Block[],
	title: null as string | null,
	kept: 0,
	left: 0,
	/** Text since the last block boundary, and what it is. */
	line: {
		text: [] as string[],
		/** Some of it is no blank. */
		hasWords: false,
		isTitle: false,
		isParagraph: false,
		heading: 0,
		pre: 0,
		isItem: false,
		/** The number of the list item that begins with it. */
		mark: '',
		/** Where in `text` a link or a formula begins. */
		link: null as { readonly from: number; readonly target: string } | null,
		formula: null as number | null,
		/** Of the words at hand that have a reading beside them. */
		ruby: null as Ruby | null,
	},
	/** Of each open list the number of its next item; null: it has none. */
	lists: [] as (number | null)[],
	table: newTable(),
	open: { mains: 0, articles: 0, containers: 0 },
	/** Of each open div whether its style makes it a part of a line. */
	divs: [] as boolean[],
	skip: null as Skip | null,
	/** A header whose own heading is read all the same. */
	paused: null as Skip | null,
	tag: '',
	attribute: null as string | null,
	attributes: {} as Partial<Record<string, string>>,
});
type Walk = ReturnType<typeof newWalk>;

function take({ line }: Walk): string {
	const joined = line.text.join('');
	line.text = [];
	line.hasWords = false;
	line.link = null;
	line.formula = null;
	line.ruby = null;
	if (line.pre > 0) return joined.replace(/^(?:[ \t]*\n)+/, '').trimEnd();
	// What is left of line ends stands for <br>.
	if (!RAGGED.test(joined)) return joined.trim();
	return joined
		.replace(/[^\S\n]+/g, ' ')
		.replace(/ ?\n ?/g, '\n')
		.trim();
}

function flush(walk: Walk): void {
	const { line, blocks } = walk;
	if (line.text.length === 0) return;
	const content = take(walk);
	if (content.trim() === '') return;
	if (line.isTitle) {
		walk.title ??= content.replace(/\s+/g, ' ').slice(0, LONGEST_TITLE);
		return;
	}
	walk.kept += content.length;
	if (line.heading > 0) {
		const text = content.replace(/\s+/g, ' ').replace(/ ?¶$/, '');
		if (text !== '') blocks.push({ kind: 'heading', level: line.heading, text });
		// Whatever follows in a heading that was never closed is no heading.
		line.heading = 0;
	} else if (line.pre > 0) {
		blocks.push({ kind: 'code', text: content });
	} else if (line.isItem) {
		blocks.push({ kind: 'item', level: Math.max(walk.lists.length, 1), text: line.mark + content });
		line.mark = '';
	} else {
		blocks.push({ kind: 'paragraph', text: content });
	}
}

const cellEnds = (walk: Walk): void => endCell(walk.table, take(walk).replace(/\s+/g, ' '));

function rowEnds(walk: Walk): void {
	if (walk.table.cells === null) return;
	cellEnds(walk);
	const row = endRow(walk.table);
	if (row === null) return;
	walk.kept += row.text.length;
	walk.blocks.push(row);
}

/** Block boundary: within a table cell a space, within pre a line end, elsewhere the end of a block. */
function boundary(walk: Walk): void {
	const { line, table } = walk;
	line.isParagraph = false;
	if (table.cells !== null) line.text.push(' ');
	else if (line.pre > 0) {
		if (line.text.length > 0 && !line.text.at(-1)?.endsWith('\n')) line.text.push('\n');
	} else flush(walk);
}

function opened(walk: Walk, name: string, attributes: Attributes): void {
	const { line, table } = walk;
	if (LAYOUT.has(name)) {
		// A cell of a layout that holds nothing but this has no place in a row.
		if (!line.hasWords) table.isInCell = false;
		rowEnds(walk);
	}
	if (name === 'table') beginTable(table);
	if (name === 'tr') {
		rowEnds(walk);
		flush(walk);
		beginRow(table);
		return;
	}
	if ((name === 'td' || name === 'th') && table.cells !== null) {
		cellEnds(walk);
		beginCell(table, name, attributes);
		return;
	}
	if (!BLOCKS.has(name)) return openedInline(walk, name, attributes);
	if (name === 'div') walk.divs.push(isInline(attributes));
	if (name === 'div' && walk.divs.at(-1) === true) return;
	boundary(walk);
	if (name === 'p') line.isParagraph = true;
	else if (name === 'title') line.isTitle = true;
	else if (name === 'pre') line.pre += 1;
	else if (name === 'ul') walk.lists.push(null);
	else if (name === 'ol') walk.lists.push(numberOf(attributes['start']) ?? 1);
	else if (name === 'li') itemBegins(walk, attributes);
	else if (/^h[1-6]$/.test(name) && line.pre === 0) line.heading = Number(name[1]);
	else count(walk.open, name, 1);
}

function openedInline({ line, table }: Walk, name: string, attributes: Attributes): void {
	const { alt = '', href } = attributes;
	if (name === 'br') line.text.push('\n');
	else if (name === 'img' && alt !== '') line.text.push(` ${alt} `);
	else if (name === 'math') line.formula = line.text.length;
	else if (name === 'input' && attributes['type'] === 'checkbox') {
		// Beside its words; one that stands alone works something on the page.
		if (line.isParagraph || line.isItem || table.isInCell)
			line.text.push(attributes['checked'] === undefined ? '[ ] ' : '[x] ');
	} else if (name === 'ruby') line.ruby = newRuby();
	else if (line.ruby !== null) rubyPartBegins(line.ruby, name);
	// The formula as it was written instead of its parts in a row.
	else if (name === 'annotation' && isTex(attributes)) line.text.length = line.formula ?? line.text.length;
	else if (name === 'a') {
		const target = line.heading > 0 || line.pre > 0 ? null : linkTarget(href);
		line.link = target === null ? null : { from: line.text.length, target };
	}
}

function itemBegins({ line, lists }: Walk, { value }: Attributes): void {
	line.isItem = true;
	const next = lists.at(-1) ?? null;
	const number = next === null ? null : (numberOf(value) ?? next);
	line.mark = number === null ? '' : `${number}. `;
	if (number !== null) lists[lists.length - 1] = number + 1;
}

const numberOf = (text: string | undefined): number | null =>
	text !== undefined && /^\s*-?\d{1,9}\s*$/.test(text) ? Number(text) : null;

function closed(walk: Walk, name: string): void {
	const { line, table } = walk;
	if (name === 'tr' || name === 'table' || name === 'tbody' || name === 'thead') rowEnds(walk);
	if ((name === 'td' || name === 'th') && table.isInCell) cellEnds(walk);
	if (name === 'a') linkEnds(walk);
	if (name === 'ruby') {
		line.text.push(line.ruby === null ? '' : readingOf(line.ruby));
		line.ruby = null;
	} else if (line.ruby !== null) rubyPartEnds(line.ruby, name);
	if (!BLOCKS.has(name) || (name === 'div' && walk.divs.pop() === true)) return;
	if (name === 'pre' && line.pre > 0) {
		flush(walk);
		line.pre -= 1;
		return;
	}
	boundary(walk);
	if (name === 'title') line.isTitle = false;
	else if (name === 'li') line.isItem = false;
	else if (/^h[1-6]$/.test(name)) line.heading = 0;
	else if (name === 'ul' || name === 'ol') {
		walk.lists.pop();
		line.isItem = walk.lists.length > 0;
		line.mark = '';
	} else count(walk.open, name, -1);
}

/** A target that the link's own words do not say. */
function linkEnds({ line }: Walk): void {
	if (line.link === null) return;
	const { from, target } = line.link;
	line.link = null;
	const label = line.text.slice(from).join('').trim();
	if (label !== '' && !label.includes(target)) line.text.push(` (${target})`);
}

function count(open: Walk['open'], name: string, change: 1 | -1): void {
	if (name === 'main') open.mains = Math.max(0, open.mains + change);
	else if (name === 'article' || name === 'blockquote') open.articles = Math.max(0, open.articles + change);
	else if (name === 'div' || name === 'section') open.containers = Math.max(0, open.containers + change);
}

const place = ({ line, open }: Walk): Place => ({
	...open,
	isInSentence: line.pre === 0 && line.heading === 0 && (line.isParagraph || line.hasWords),
});

function openTag(walk: Walk, isEnded: boolean): void {
	const { tag, attributes, skip } = walk;
	const isEmpty = isEnded || VOID.has(tag);
	if (skip !== null) {
		if (!isEmpty && RAW.has(tag)) skip.raw = tag;
		if (skip.tag === 'header' && tag === 'h1' && skip.reason === 'chrome') {
			walk.paused = skip;
			walk.skip = null;
		} else if (skip.tag === 'p' && BLOCKS.has(tag)) {
			// A paragraph ends where the next block begins.
			walk.skip = null;
		} else {
			if (tag === skip.tag && !isEmpty) skip.depth += 1;
			return;
		}
	}
	const reason = RAW.has(tag) ? 'unread' : reasonToLeave(tag, attributes, place(walk));
	if (reason !== null && (RAW.has(tag) || walk.isLeft(reason))) {
		if (BLOCKS.has(tag)) boundary(walk);
		if (!isEmpty) walk.skip = { tag, reason, depth: 1, raw: RAW.has(tag) ? tag : null };
		return;
	}
	opened(walk, tag, attributes);
	if (isEnded) closed(walk, tag);
}

function closeTag(walk: Walk, name: string): void {
	const { skip, paused } = walk;
	if (skip !== null) {
		if (name === skip.raw) skip.raw = null;
		if (name === skip.tag && (skip.depth -= 1) === 0) walk.skip = null;
		return;
	}
	closed(walk, name);
	if (paused === null) return;
	if (name === 'h1') walk.skip = paused;
	if (name === 'h1' || name === paused.tag) walk.paused = null;
}

function addText(walk: Walk, data: string): void {
	const { skip, line } = walk;
	if (skip === null) {
		if (line.ruby !== null && takesText(line.ruby, data)) return;
		line.text.push(line.pre > 0 || !RAGGED.test(data) ? data : data.replace(/\s+/g, ' '));
		line.hasWords ||= data.trim() !== '';
	} else if (skip.reason === 'chrome' && skip.raw === null) walk.left += data.trim().length;
}

/** `selfClosing`: `<div/>` ends itself, as in XHTML. */
export function walkHtml(html: string, selfClosing: boolean, isLeft: (reason: Reason) => boolean): Walked {
	const walk = newWalk(isLeft);
	const tokenizer = new Tokenizer(
		{ xmlMode: false, decodeEntities: true, recognizeSelfClosing: selfClosing },
		{
			ontext: (start, end) => addText(walk, html.slice(start, end)),
			ontextentity(codePoint) {
				if (walk.skip === null) addText(walk, entity(codePoint));
			},
			onopentagname(start, end) {
				walk.tag = html.slice(start, end).toLowerCase();
				walk.attributes = {};
			},
			onattribname(start, end) {
				const name = html.slice(start, end).toLowerCase();
				walk.attribute = attributeNames.has(name) ? name : null;
				if (walk.attribute !== null) walk.attributes[walk.attribute] ??= '';
			},
			onattribdata: (start, end) => addToAttribute(walk, html.slice(start, end)),
			onattribentity: (codePoint) => addToAttribute(walk, String.fromCodePoint(codePoint)),
			onattribend: () => void (walk.attribute = null),
			onopentagend: () => openTag(walk, false),
			onselfclosingtag: () => openTag(walk, selfClosing || walk.skip?.tag === 'svg'),
			onclosetag: (start, end) => closeTag(walk, html.slice(start, end).toLowerCase()),
			oncdata(start, end, offset) {
				if (walk.skip === null && selfClosing) walk.line.text.push(html.slice(start, end - offset));
			},
			isInForeignContext: () => walk.skip?.tag === 'svg',
			oncomment: () => undefined,
			ondeclaration: () => undefined,
			onprocessinginstruction: () => undefined,
			onend: () => undefined,
		},
	);
	tokenizer.write(html);
	tokenizer.end();
	const isLeftOpen = walk.skip !== null && !RAW.has(walk.skip.tag);
	rowEnds(walk);
	flush(walk);
	const { title, blocks, kept, left } = walk;
	return { title, blocks, isLeftOpen, kept, left };
}

function addToAttribute({ attribute, attributes }: Walk, data: string): void {
	if (attribute !== null) attributes[attribute] = (attributes[attribute] ?? '') + data;
}

/** Entities for the marks of a possible break say nothing to a reader (see decode.ts for the marks themselves). */
function entity(codePoint: number): string {
	const isBreak = codePoint === 0xad || codePoint === 0x200b || codePoint === 0x2060 || codePoint === 0xfeff;
	return isBreak ? '' : String.fromCodePoint(codePoint);
}

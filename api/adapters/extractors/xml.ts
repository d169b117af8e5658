/**
 * XML to blocks, from htmlparser2's tokenizer. An element that holds nothing but text is a line `name: text` of what
 * encloses it, a longer text a paragraph of its own; an element with text between its elements is a text as a whole;
 * a title that its parent begins with is a heading. Entities that a file defines are not expanded, nothing is fetched.
 *
 * As in html.ts the tokenizer is used without htmlparser2's parser, which takes a multiple of linear time for nested
 * elements.
 */
import { Tokenizer } from 'htmlparser2';
import type { Block } from '../../chunking/index.ts';
import { decode } from './decode.ts';
import { LONGEST_TITLE, type Document } from './extracted.ts';
import { oneLine } from './one-line.ts';

/** The text of elements below this depth belongs to the one that holds them. */
const DEEPEST = 64;
/** A text of more characters is a paragraph without the name of its element. */
const LONG_VALUE = 200;
/** Lines of more characters make a paragraph before their element ends. */
const LONG_PARAGRAPH = 2_000;
const TITLES = new Set(['title', 'head', 'heading']);
/** Elements that say nothing with their names. */
const PLAIN = new Set(['p', 'para', 'item', 'li', 'value', 'string', 'text']);

/** Rejects with `unreadable` what is binary. */
export function extractXml(bytes: Uint8Array, mimeType = 'application/xml'): Document {
	const text = decode(bytes, mimeType, namedEncoding(bytes));
	const blocks: Block[] = [];
	const elements = createElements((block) => blocks.push(block));
	walk(withoutDefinitions(text), elements);
	elements.end();
	return { title: blocks.find((block) => block.kind === 'heading')?.text ?? null, blocks };
}

function namedEncoding(bytes: Uint8Array): string | null {
	const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 512)).toString('latin1');
	return /^\s*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*["']([\w:.-]{1,40})/.exec(head)?.[1] ?? null;
}

/** Without what a document type defines in its brackets, which the tokenizer takes for text. */
function withoutDefinitions(xml: string): string {
	const start = /^[^<]{0,100}(?:<[?!][^>]{0,2000}>\s*){0,20}?<!DOCTYPE[^[>]{0,1000}\[/i.exec(xml);
	if (start === null) return xml;
	const from = start[0].length;
	const end = /\]\s*>/g;
	end.lastIndex = from;
	const found = end.exec(xml);
	return found === null ? '' : xml.slice(found.index + found[0].length);
}

interface Frame {
	readonly name: string;
	/** Of its attributes. */
	readonly labels: string[];
	/** Its own text and, where there is some, that of the elements in it. */
	text: string[];
	/** Of elements in it, as lines and as they are; as long as it has no text of its own. */
	lines: string[];
	values: string[];
	length: number;
	/** Something of it is a block already. */
	isSplit: boolean;
	/** Headings that count for what is in it. */
	readonly headings: number;
	hasHeading: boolean;
}

interface Elements {
	open(name: string): void;
	attribute(name: string, value: string): void;
	text(text: string): void;
	close(): void;
	end(): void;
}

function createElements(emit: (block: Block) => void): Elements {
	const newFrame = (name: string, headings: number): Frame => ({
		...{ name, headings, labels: [], text: [], lines: [], values: [] },
		...{ length: 0, isSplit: false, hasHeading: false },
	});
	const frames: Frame[] = [newFrame('', 0)];
	/** Open elements below the deepest frame. */
	let below = 0;
	const top = (): Frame => frames.at(-1) ?? newFrame('', 0);

	function emitLines(frame: Frame): void {
		const isNamed = frame.name !== '' && frame.labels.length + frame.lines.length > 1;
		const lines = [...frame.labels.splice(0), ...frame.lines];
		emit({ kind: 'paragraph', text: [...(isNamed ? [frame.name] : []), ...lines].join('\n') });
		frame.lines = [];
		frame.values = [];
		frame.length = 0;
		frame.isSplit = true;
	}
	/** What stands before a block goes out before it. */
	function emitAll(): void {
		for (const frame of frames) {
			const text = taken(frame);
			if (text !== '') emit({ kind: 'paragraph', text });
			if (frame.lines.length + frame.labels.length > 0) emitLines(frame);
		}
	}
	function addText(parent: Frame, { name, labels }: Frame, text: string): void {
		const labelled = labels.length === 0 ? text : `${text}${text === '' ? '' : ' '}(${labels.join(', ')})`;
		const isFirst = parent.lines.length === 0 && !parent.isSplit;
		if (TITLES.has(local(name)) && isFirst && text !== '' && text.length <= LONGEST_TITLE) {
			// What the parent's attributes say belongs below its heading.
			const labels = parent.labels.splice(0);
			emitAll();
			parent.hasHeading = true;
			emit({ kind: 'heading', level: parent.headings + 1, text });
			parent.labels.push(...labels);
			return;
		}
		if (labelled === '') return;
		if (text.length > LONG_VALUE) {
			emitAll();
			parent.isSplit = true;
			emit({ kind: 'paragraph', text: labelled });
			return;
		}
		parent.lines.push(PLAIN.has(local(name)) ? labelled : `${name}: ${labelled}`);
		parent.values.push(text);
		parent.length += labelled.length + name.length;
		if (parent.length > LONG_PARAGRAPH) emitLines(parent);
	}

	return {
		open(name) {
			if (frames.length > DEEPEST) below += 1;
			else frames.push(newFrame(name, top().headings + (top().hasHeading ? 1 : 0)));
		},
		attribute(name, value) {
			if (/^(?:xmlns|xml|xsi)(?::|$)/.test(name) || value.trim() === '') return;
			if (below === 0) top().labels.push(`${name}: ${oneLine(value)}`);
		},
		text(text) {
			const frame = top();
			if (frame.lines.length > 0 && frame.text.length === 0 && text.trim() !== '') {
				frame.text.push(frame.values.join(' '));
				frame.lines = [];
				frame.values = [];
			}
			if (frame.text.length > 0 || text.trim() !== '') frame.text.push(text);
		},
		close() {
			if (below > 0) {
				below -= 1;
				return;
			}
			const frame = frames.length > 1 ? frames.pop() : undefined;
			if (frame === undefined) return;
			const parent = top();
			if (frame.lines.length > 0) {
				frames.push(frame);
				emitAll();
				frames.pop();
				parent.isSplit = true;
			} else if (frame.isSplit) {
				const text = taken(frame);
				if (text !== '') emit({ kind: 'paragraph', text });
				parent.isSplit = true;
			} else if (parent.text.length > 0) parent.text.push(...frame.text);
			else addText(parent, frame, taken(frame));
		},
		end() {
			below = 0;
			while (frames.length > 1) this.close();
			emitAll();
		},
	};
}

const local = (name: string) => name.slice(name.indexOf(':') + 1).toLowerCase();

function taken(frame: Frame): string {
	const text = oneLine(frame.text.join(''));
	frame.text = [];
	return text;
}

function walk(xml: string, elements: Elements): void {
	let attribute = '';
	let value: string[] = [];
	const tokenizer = new Tokenizer(
		{ xmlMode: true, decodeEntities: true },
		{
			ontext: (start, end) => elements.text(xml.slice(start, end)),
			ontextentity: (codePoint) => elements.text(String.fromCodePoint(codePoint)),
			oncdata: (start, end, offset) => elements.text(xml.slice(start, end - offset)),
			onopentagname: (start, end) => elements.open(xml.slice(start, end)),
			onattribname(start, end) {
				attribute = xml.slice(start, end);
				value = [];
			},
			onattribdata: (start, end) => void value.push(xml.slice(start, end)),
			onattribentity: (codePoint) => void value.push(String.fromCodePoint(codePoint)),
			onattribend: () => elements.attribute(attribute, value.join('')),
			onopentagend: () => undefined,
			onselfclosingtag: () => elements.close(),
			onclosetag: () => elements.close(),
			isInForeignContext: () => false,
			oncomment: () => undefined,
			ondeclaration: () => undefined,
			onprocessinginstruction: () => undefined,
			onend: () => undefined,
		},
	);
	tokenizer.write(xml);
	tokenizer.end();
}

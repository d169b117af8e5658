/**
 * JSON and JSON Lines to lines of `path: value`, so that a chunk says of each value what it is. Arrays add nothing to
 * a path: an element that is inserted would change the paths of all behind it. Elements and members of the outermost
 * value are paragraphs of their own.
 *
 * A scanner of our own, not `JSON.parse`: it keeps numbers as they are written, takes comments, trailing commas and a
 * file that was cut off, and holds nothing but the path, however deep the nesting.
 */
import type { Block } from '../../chunking/index.ts';
import { decode } from './decode.ts';
import { LONGEST_TITLE, type Document } from './extracted.ts';
import { oneLine } from './one-line.ts';

/** Values below this depth have the path of what holds them. */
const DEEPEST = 32;
const LONGEST_KEY = 80;
/** Scalars of one array share a line up to this length. */
const LONGEST_LIST = 400;
/** A paragraph of more characters ends, so that one value of many does not hold all of them. */
const LONG_PARAGRAPH = 4_000;

/** Rejects with `unreadable` what is binary. */
export function extractJson(bytes: Uint8Array, mimeType = 'application/json'): Document {
	const blocks: Block[] = [];
	let title: string | null = null;
	const lines = createLines((text) => blocks.push({ kind: 'paragraph', text }), true);
	scan(decode(bytes, mimeType), {
		...lines,
		value(path, value) {
			if (path === 'title') title ??= value.replace(/\s+/g, ' ').slice(0, LONGEST_TITLE);
			lines.value(path, value);
		},
	});
	lines.flush();
	return { title, blocks };
}

/** One paragraph for each line, as long as it is no longer than a paragraph may be. */
export function* jsonLineBlocks(lines: Iterable<string>): Generator<Block> {
	for (const line of lines) {
		if (!BEGINS_VALUE.test(line)) {
			const text = oneLine(line);
			if (text !== '') yield { kind: 'paragraph', text };
			continue;
		}
		const found: Block[] = [];
		const collected = createLines((text) => found.push({ kind: 'paragraph', text }), false);
		scan(line, collected);
		collected.flush();
		yield* found;
	}
}

/** Logs have lines of plain words among them, which stay as they are. */
const BEGINS_VALUE = /^\s*(?:[[\]{}",]|\/[/*]|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?\s*$)/;

interface Found {
	value(path: string, value: string): void;
	/** An object or array ended; it lay so many levels below the outermost value, `inArray`: as an element. */
	end(depth: number, inArray: boolean): void;
}

function createLines(emit: (text: string) => void, endsParagraphs: boolean) {
	let lines: string[] = [];
	let length = 0;
	let lastPath: string | null = null;
	function flush(): void {
		if (lines.length > 0) emit(lines.join('\n'));
		lines = [];
		length = 0;
		lastPath = null;
	}
	return {
		flush,
		value(path: string, value: string): void {
			if (value.trim() === '') return;
			const last = lines.at(-1);
			if (path === lastPath && last !== undefined && last.length + value.length < LONGEST_LIST)
				lines[lines.length - 1] = `${last}, ${value}`;
			else lines.push(path === '' ? value : `${path}: ${value}`);
			length += path.length + value.length;
			lastPath = path;
			if (length > LONG_PARAGRAPH) flush();
		},
		end(depth: number, inArray: boolean): void {
			lastPath = null;
			if (endsParagraphs && depth > 0 && (depth === 1 || inArray)) flush();
		},
	};
}

/** What encloses a value: the key that it has in an object, null in an array. */
interface Frame {
	readonly isArray: boolean;
	key: string | null;
}

/** Goes over one value or several, of which nothing needs to be right. Linear, with a bounded stack. */
function scan(text: string, found: Found): void {
	const frames: Frame[] = [];
	/** Open brackets below the deepest frame. */
	let below = 0;
	let path = '';
	const setPath = () => {
		path = frames.flatMap(({ key }) => key ?? []).join('.');
	};
	for (let at = after(GAP, text, 0); at < text.length; at = after(GAP, text, at)) {
		const start = at;
		at = tokenEnd(text, start);
		const mark = text.charAt(start);
		if (mark === '{' || mark === '[') {
			if (frames.length >= DEEPEST) below += 1;
			else frames.push({ isArray: mark === '[', key: null });
		} else if (mark === '}' || mark === ']') {
			if (below > 0) below -= 1;
			else if (frames.pop() !== undefined) {
				found.end(frames.length, frames.at(-1)?.isArray === true && mark === '}');
				setPath();
			}
		} else if (mark !== '/') {
			const frame = frames.at(-1);
			const token = plain(text.slice(start, at));
			// Where no path is kept any more, a key is a word like others.
			if (below === 0 && frame?.isArray === false && text.charAt(after(SPACE, text, at)) === ':') {
				frame.key = oneLine(token.slice(0, LONGEST_KEY));
				setPath();
			} else found.value(path, token);
		}
	}
}

const GAP = /[\s,:]*/y;
const SPACE = /\s*/y;
const SCALAR = /[^\s"',:{}[\]]*/y;

/** Where what the expression matches at a place ends. */
function after(expression: RegExp, text: string, at: number): number {
	expression.lastIndex = at;
	expression.test(text);
	return Math.max(expression.lastIndex, at);
}

/** Of a bracket, a string, a comment or a scalar. */
function tokenEnd(text: string, start: number): number {
	const mark = text.charAt(start);
	if ('{}[]'.includes(mark)) return start + 1;
	if (mark === '"' || mark === "'") return stringEnd(text, start, mark);
	const isLine = text.startsWith('//', start);
	if (!isLine && !text.startsWith('/*', start)) return Math.max(after(SCALAR, text, start), start + 1);
	const end = text.indexOf(isLine ? '\n' : '*/', start + 2);
	return end < 0 ? text.length : end + (isLine ? 1 : 2);
}

/** Behind the quote that closes, which no odd number of backslashes precedes. */
function stringEnd(text: string, start: number, quote: string): number {
	for (let end = text.indexOf(quote, start + 1); end >= 0; end = text.indexOf(quote, end + 1)) {
		let first = end;
		while (text.charAt(first - 1) === '\\') first -= 1;
		if ((end - first) % 2 === 0) return end + 1;
	}
	return text.length;
}

/** What a string stands for; anything else as it is written. */
function plain(token: string): string {
	const quote = token.charAt(0);
	if (quote !== '"' && quote !== "'") return token;
	const inner = token.slice(1, token.length > 1 && token.endsWith(quote) ? -1 : undefined);
	if (!inner.includes('\\')) return inner;
	try {
		return String(JSON.parse(`"${quote === '"' ? inner : inner.replace(/\\'/g, "'").replace(/"/g, '\\"')}"`));
	} catch {
		return inner;
	}
}

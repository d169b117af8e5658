/**
 * decode.ts for a file that is streamed: the same characters, as lines. A first walk over the file finds out whether
 * it is UTF-8, which is known only at its end, and one more its charset where it is not; the next one refuses what
 * is binary, and the last one gives the lines.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { DocDropError } from '../../errors.ts';
import { charsetOfHead, createCharsetGuess, HEAD_BYTES } from './charset.ts';
import { cleaned, createBinaryCheck, LONGEST_SEQUENCE } from './decode.ts';

/** Longest line of a streamed file, in UTF-16 code units. */
export const LONGEST_LINE = 4 * 1024 * 1024;

const PIECE = HEAD_BYTES;

/** A file's text, which can be walked over more than once. */
export interface TextFile {
	readonly mimeType: string;
	/** Standard name of the charset that it is in. */
	readonly charset: string;
	lines(): Generator<string>;
}

/** Throws `unreadable` for binary data; what reading throws is the caller's. `sender`: see charset.ts. */
export function openTextFile(file: string, mimeType: string, sender?: string): TextFile {
	const charset = charsetOf(file, sender ?? null);
	const check = createBinaryCheck(mimeType);
	for (const text of decoded(file, charset)) check.see(text);
	check.refuse();
	return { mimeType, charset, lines: () => linesOf(cleanedPieces(decoded(file, charset)), mimeType) };
}

function* pieces(file: string): Generator<Uint8Array> {
	const handle = openSync(file, 'r');
	try {
		const buffer = Buffer.allocUnsafe(PIECE);
		for (;;) {
			const size = readSync(handle, buffer, 0, PIECE, null);
			if (size === 0) return;
			yield buffer.subarray(0, size);
		}
	} finally {
		closeSync(handle);
	}
}

function charsetOf(file: string, sender: string | null): string {
	const [head = new Uint8Array()] = pieces(file);
	const said = charsetOfHead(head, { sender, inside: null });
	if (said !== null) return said;
	if (isUtf8(file)) return 'utf-8';
	const guess = createCharsetGuess();
	for (const piece of pieces(file)) guess.see(piece);
	return guess.charset();
}

function isUtf8(file: string): boolean {
	const utf8 = new TextDecoder('utf-8', { fatal: true });
	try {
		for (const piece of pieces(file)) utf8.decode(piece, { stream: true });
		utf8.decode();
		return true;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'ERR_ENCODING_INVALID_ENCODED_DATA') throw error;
		return false;
	}
}

function* decoded(file: string, encoding: string): Generator<string> {
	const decoder = new TextDecoder(encoding);
	for (const piece of pieces(file)) yield decoder.decode(piece, { stream: true });
	yield decoder.decode();
}

/** As decode.ts does it with the whole text. */
function* cleanedPieces(texts: Iterable<string>): Generator<string> {
	let held = '';
	for (const piece of texts) {
		const text = held + piece;
		const end = certainEnd(text);
		held = text.slice(end);
		yield cleaned(text.slice(0, end).replace(/\r\n?/g, '\n'));
	}
	if (held !== '') yield cleaned(held.replace(/\r\n?/g, '\n'));
}

/** Where what the next piece may change begins: half of a line end, or of what a terminal is told. */
function certainEnd(text: string): number {
	const escape = text.indexOf('\x1b', Math.max(0, text.length - LONGEST_SEQUENCE));
	if (escape >= 0) return escape;
	return text.endsWith('\r') ? text.length - 1 : text.length;
}

/** A form feed ends a page and so counts as a blank line. */
function* linesOf(texts: Iterable<string>, mimeType: string): Generator<string> {
	let parts: string[] = [];
	let length = 0;
	let hasPageEnd = false;
	function add(part: string) {
		parts.push(part);
		length += part.length;
		if (length <= LONGEST_LINE) return;
		throw new DocDropError(
			'unreadable',
			`the file, read as ${mimeType}, has a line of more than ${LONGEST_LINE} characters, which is the most for a file of its size`,
		);
	}
	for (const text of texts) {
		let from = 0;
		for (let i = nextEnd(text, 0); i >= 0; i = nextEnd(text, from)) {
			add(text.slice(from, i));
			yield parts.join('');
			const isPageEnd = text.charAt(i) === '\f';
			// Behind a page's end the line's own end counts as a blank line too.
			if (isPageEnd || hasPageEnd) yield '';
			hasPageEnd = isPageEnd;
			parts = [];
			length = 0;
			from = i + 1;
		}
		if (from < text.length) add(text.slice(from));
	}
	if (parts.length > 0) yield parts.join('');
}

function nextEnd(text: string, from: number): number {
	const line = text.indexOf('\n', from);
	const page = text.slice(from, line < 0 ? undefined : line).indexOf('\f');
	return page < 0 ? line : from + page;
}

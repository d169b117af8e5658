/**
 * decode.ts for a file that is streamed: the same characters, as lines. A first walk over the file finds
 * its encoding (UTF-8 is known only at its end) and refuses what is binary; a second one gives the lines.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { DocDropError } from '../../errors.ts';
import { createBinaryCheck } from './decode.ts';

/** Longest line of a streamed file, in UTF-16 code units. */
export const LONGEST_LINE = 4 * 1024 * 1024;

const PIECE = 64 * 1024;

/** A file's text, which can be walked over more than once. */
export interface TextFile {
	lines(): Generator<string>;
}

/** Throws `unreadable` for binary data; what reading throws is the caller's. */
export function openTextFile(file: string, mimeType: string): TextFile {
	const encoding = encodingOf(file);
	const check = createBinaryCheck(mimeType);
	for (const text of decoded(file, encoding)) check.see(text);
	check.refuse();
	return { lines: () => linesOf(cleaned(decoded(file, encoding)), mimeType) };
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

function encodingOf(file: string): string {
	const utf8 = new TextDecoder('utf-8', { fatal: true });
	let isFirst = true;
	try {
		for (const piece of pieces(file)) {
			const [first, second] = piece;
			if (isFirst && first === 0xff && second === 0xfe) return 'utf-16le';
			if (isFirst && first === 0xfe && second === 0xff) return 'utf-16be';
			isFirst = false;
			utf8.decode(piece, { stream: true });
		}
		utf8.decode();
		return 'utf-8';
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'ERR_ENCODING_INVALID_ENCODED_DATA') throw error;
		return 'windows-1252';
	}
}

function* decoded(file: string, encoding: string): Generator<string> {
	const decoder = new TextDecoder(encoding);
	for (const piece of pieces(file)) yield decoder.decode(piece, { stream: true });
	yield decoder.decode();
}

/** Line ends become \n, control characters spaces, as in decode.ts. */
function* cleaned(texts: Iterable<string>): Generator<string> {
	let carriage = '';
	for (const piece of texts) {
		const text = carriage + piece;
		// Whether \r is half of a line end, the next piece tells.
		carriage = text.endsWith('\r') ? '\r' : '';
		yield text
			.slice(0, text.length - carriage.length)
			.replace(/\r\n?/g, '\n')
			.replace(/[\x00-\x08\x0b\x0e-\x1f\x7f]/g, ' ');
	}
	if (carriage !== '') yield '\n';
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

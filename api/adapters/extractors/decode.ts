/**
 * Bytes to text, for all extractors that hold them: which charset is decided in charset.ts. What is no text for a
 * reader goes: terminal colours, and characters that only say where a word may be parted; other control characters
 * become spaces, and line ends \n.
 */
import { DocDropError } from '../../errors.ts';
import { charsetOfHead, createCharsetGuess, type Declared, HEAD_BYTES, insideCharset } from './charset.ts';

export interface Decoded {
	readonly text: string;
	/** Standard name of the charset that was used. */
	readonly charset: string;
}

/** Rejects binary data with `unreadable`. `named`: the charset that the file itself names. */
export const decode = (bytes: Uint8Array, mimeType: string, named: string | null = null): string =>
	decodeAs(bytes, mimeType, { sender: null, inside: named }).text;

/** Rejects binary data with `unreadable`. */
export function decodeAs(bytes: Uint8Array, mimeType: string, declared: Declared): Decoded {
	const { text, charset } = toText(bytes, mimeType, declared);
	const check = createBinaryCheck(mimeType);
	check.see(text);
	check.refuse();
	return { text: cleanLines(text), charset };
}

function toText(bytes: Uint8Array, mimeType: string, declared: Declared): Decoded {
	try {
		const charset = charsetOfHead(bytes.subarray(0, HEAD_BYTES), declared);
		if (charset !== null) return { text: new TextDecoder(charset).decode(bytes), charset };
		const utf8 = tryUtf8(bytes);
		if (utf8 !== null) return { text: utf8, charset: 'utf-8' };
		const guess = createCharsetGuess();
		guess.see(bytes);
		// Only where the sender says UTF-8, which it is not, has the file's own word not been asked yet.
		const guessed = insideCharset(declared) ?? guess.charset();
		return { text: new TextDecoder(guessed).decode(bytes), charset: guessed };
	} catch (cause) {
		throw new DocDropError('unreadable', `the file is too long to be read as ${mimeType}`, { cause });
	}
}

function tryUtf8(bytes: Uint8Array): string | null {
	try {
		return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
	} catch (error) {
		// Anything but bad bytes (such as a text longer than a string can be) is the caller's.
		if ((error as NodeJS.ErrnoException).code !== 'ERR_ENCODING_INVALID_ENCODED_DATA') throw error;
		return null;
	}
}

/** What terminals are told: colours and cursor moves, titles and links, character sets, and what has two characters. */
const TERMINAL =
	/\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]|\]\d{1,4};[^\x07\x1b\n]{0,256}\x07?|[()][0-9A-Z]|[@-Z\\^_=>78])/g;

/** More characters than the longest of them has. */
export const LONGEST_SEQUENCE = 300;

/** Control characters, and the marks of a possible break: soft hyphen, zero-width space, word joiner, BOM. */
const UNSEEN = /[\x00-\x08\x0b\x0e-\x1f\x7f\xad\u200b\u2060\ufeff]/g;

/** Leaves line ends as they are. */
export function cleaned(text: string): string {
	const plain = text.includes('\x1b') ? text.replace(TERMINAL, '') : text;
	return plain.replace(UNSEEN, (character) => (character < '\x80' ? ' ' : ''));
}

const cleanLines = (text: string): string => cleaned(text.replace(/\r\n?/g, '\n'));

/** Text has few control characters, and next to no NULs: some in a short text, one in a thousand in a long one. */
export function createBinaryCheck(mimeType: string) {
	let length = 0;
	let nuls = 0;
	let controls = 0;
	return {
		see(text: string): void {
			length += text.length;
			for (let i = 0; i < text.length; i += 1) {
				const code = text.charCodeAt(i);
				if (code >= 32) continue;
				if (code === 0) nuls += 1;
				else if (code < 8 || (code > 13 && code !== 27)) controls += 1;
			}
		},
		/** Throws `unreadable` where what was seen is no text. */
		refuse(): void {
			if (nuls * 8 > length || nuls > 8 + length / 1000 || controls * 20 > length + 40) {
				throw new DocDropError('unreadable', `the file holds binary data and cannot be read as ${mimeType}`);
			}
		},
	};
}

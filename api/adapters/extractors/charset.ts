/**
 * Which charset some bytes are in, for decode.ts and decode-stream.ts, so that both answer alike. In this order:
 * byte order mark, what the sender declares, what the file says of itself, UTF-8 without a fault, UTF-8 with a few
 * damaged places, what the frequencies of bytes suggest, windows-1252 (which takes any bytes). Pure.
 */
import { analyse } from 'chardet';

/** What is said of a file's charset; null and labels that nobody knows say nothing. */
export interface Declared {
	/** By whoever sent it: a Content-Type, a field of the request. */
	readonly sender: string | null;
	/** By the file itself. */
	readonly inside: string | null;
}

/** The beginning of a file, which decides alone where it can. */
export const HEAD_BYTES = 64 * 1024;

/** Bytes from the first one beyond ASCII on that are counted for a guess. */
const SAMPLE_BYTES = 32 * 1024;

/** A charset's standard name; null for a label that is unknown. */
export function knownCharset(label: string | null): string | null {
	if (label === null) return null;
	try {
		return new TextDecoder(label.trim()).encoding;
	} catch {
		return null;
	}
}

/** What can be said without looking further than the head; null where UTF-8 is to be tried first. */
export function charsetOfHead(head: Uint8Array, declared: Declared): string | null {
	const [first, second, third] = head;
	if (first === 0xff && second === 0xfe) return 'utf-16le';
	if (first === 0xfe && second === 0xff) return 'utf-16be';
	if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
	const sender = knownCharset(declared.sender);
	// Programs declare UTF-8 (and ASCII) without having looked; it is tried first in any case.
	if (sender !== null && sender !== 'utf-8' && !isAsciiLabel(declared.sender) && mayBe(sender, head))
		return sender;
	const inside = sender === null ? insideCharset(declared) : null;
	return inside ?? unmarkedUtf16(head) ?? (hasJapaneseEscapes(head) ? 'iso-2022-jp' : null);
}

/** Another one than UTF-8 that the file says it is in. Text that names itself in ASCII is not in UTF-16. */
export function insideCharset({ inside }: Declared): string | null {
	const charset = knownCharset(inside);
	return charset === null || charset.startsWith('utf-') ? null : charset;
}

/** ISO-2022-JP has seven bits; some senders of mail say it of UTF-8. */
const mayBe = (charset: string, head: Uint8Array): boolean =>
	charset !== 'iso-2022-jp' || head.every((byte) => byte < 0x80);

const isAsciiLabel = (label: string | null) => /^\s*(?:us-)?ascii\s*$/i.test(label ?? '');

/** UTF-16 without its mark: of the text's Latin letters every other byte is zero. */
function unmarkedUtf16(head: Uint8Array): string | null {
	if (!head.includes(0)) return null;
	const pairs = head.length >> 1;
	let [little, big, others] = [0, 0, 0];
	for (let i = 0; i < pairs; i += 1) {
		const [first = 0, second = 0] = [head[2 * i], head[2 * i + 1]];
		if (second === 0 && isPrinted(first)) little += 1;
		else if (first === 0 && isPrinted(second)) big += 1;
		else if (first === 0 || second === 0) others += 1;
	}
	const isFew = (count: number) => (count + others) * 20 < pairs;
	if (pairs < 4) return null;
	if (little * 3 > pairs && isFew(big)) return 'utf-16le';
	return big * 3 > pairs && isFew(little) ? 'utf-16be' : null;
}

const isPrinted = (byte: number) => byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;

/** ISO-2022-JP is ASCII but for what its escapes (`ESC $ B`, `ESC $ @`) begin. */
function hasJapaneseEscapes(head: Uint8Array): boolean {
	for (let i = head.indexOf(0x1b); i >= 0; i = head.indexOf(0x1b, i + 1)) {
		if (head[i + 1] === 0x24 && (head[i + 2] === 0x42 || head[i + 2] === 0x40)) return true;
	}
	return false;
}

/**
 * Looks at bytes that are no faultless UTF-8, in pieces of any length. UTF-8 that was cut or damaged in places has
 * far more sound characters beyond ASCII than broken ones; another charset has hardly any.
 */
export function createCharsetGuess() {
	const utf8 = new TextDecoder('utf-8');
	const sample = new Uint8Array(SAMPLE_BYTES);
	let sampled = 0;
	let sound = 0;
	let broken = 0;
	function count(text: string): void {
		for (let i = 0; i < text.length; i += 1) {
			const code = text.charCodeAt(i);
			if (code < 0x80) continue;
			if (code === 0xfffd) broken += 1;
			else if ((code & 0xfc00) !== 0xdc00) sound += 1;
		}
	}
	return {
		see(bytes: Uint8Array): void {
			count(utf8.decode(bytes, { stream: true }));
			if (sampled === SAMPLE_BYTES) return;
			const from = sampled > 0 ? 0 : bytes.findIndex((byte) => byte >= 0x80);
			if (from < 0) return;
			const part = bytes.subarray(from, from + SAMPLE_BYTES - sampled);
			sample.set(part, sampled);
			sampled += part.length;
		},
		charset(): string {
			count(utf8.decode());
			if (sound >= broken * 2) return 'utf-8';
			return guessed(sample.subarray(0, sampled)) ?? 'windows-1252';
		},
	};
}

/** Null where nothing stands out. */
function guessed(sample: Uint8Array): string | null {
	for (const { name, confidence } of analyse(sample)) {
		if (confidence < LEAST_CONFIDENCE) return null;
		const charset = knownCharset(name);
		if (charset !== null && !charset.startsWith('utf-') && makesText(sample, charset)) return charset;
	}
	return null;
}

/**
 * Frequencies tell related charsets apart badly, such as ISO-8859-6 and windows-1256 in Persian; but a text holds neither
 * what a charset has no character for, nor control characters, beyond what damage leaves.
 */
function makesText(sample: Uint8Array, charset: string): boolean {
	const text = new TextDecoder(charset).decode(sample);
	const beyondAscii = text.match(/[^\x00-\x7f]/g)?.length ?? 0;
	const others = text.match(/[\x80-\x9f\ufffd]/g)?.length ?? 0;
	return others * MOST_OTHERS <= beyondAscii;
}
/** One in so many. */
const MOST_OTHERS = 50;

/** Charsets of two bytes a character have 10 for anything that is not too long to exclude them. */
const LEAST_CONFIDENCE = 11;

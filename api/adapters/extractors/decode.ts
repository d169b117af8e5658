/**
 * Bytes to text, for all extractors: byte order mark, then the charset that the file names, then UTF-8, then
 * windows-1252 (which takes any bytes). Line ends become \n, control characters spaces.
 */
import { DocDropError } from '../../errors.ts';

/** Rejects binary data with `unreadable`. `named`: the charset that the file itself names. */
export function decode(bytes: Uint8Array, mimeType: string, named: string | null = null): string {
	const text = toText(bytes, mimeType, named);
	const check = createBinaryCheck(mimeType);
	check.see(text);
	check.refuse();

	return text.replace(/\r\n?/g, '\n').replace(/[\x00-\x08\x0b\x0e-\x1f\x7f]/g, ' ');
}

function toText(bytes: Uint8Array, mimeType: string, named: string | null): string {
	const [first, second, third] = bytes;
	try {
		if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
		if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
		const marked = first === 0xef && second === 0xbb && third === 0xbf;
		const charset = marked || named === null ? 'utf-8' : known(named);
		if (charset !== 'utf-8') return new TextDecoder(charset).decode(bytes);
		return tryUtf8(bytes) ?? new TextDecoder('windows-1252').decode(bytes);
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

/** A charset's standard name; utf-8 where it is unknown, or UTF-16, which text that names itself cannot be. */
function known(label: string): string {
	try {
		const { encoding } = new TextDecoder(label.trim());
		return encoding.startsWith('utf-16') ? 'utf-8' : encoding;
	} catch {
		return 'utf-8';
	}
}

/** Text has no NULs and few other control characters; a stray one per thousand is forgiven. */
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
			if (nuls * 1000 > length || controls * 20 > length) {
				throw new DocDropError('unreadable', `the file holds binary data and cannot be read as ${mimeType}`);
			}
		},
	};
}

/** The names in a zip file, from its directory; nothing is unpacked. */
import type { ByteSource } from './byte-source.ts';

export interface ZipNames {
	/** What a first entry called `mimetype`, stored as it is, says of the file: OpenDocument and EPUB have one. */
	readonly mimetype: string | null;
	/** With `/`, in lower case; none where the directory cannot be found. */
	readonly names: readonly string[];
}

/** The end of the directory stands within the last so many bytes: its own 22, and a comment. */
const END_BYTES = 22 + 65_535;
const DIRECTORY_BYTES = 4 * 1_048_576;
const END_MARK = 0x06054b50;
const ENTRY_MARK = 0x02014b50;
const LOCAL_MARK = 0x04034b50;

export function zipNames(source: ByteSource): ZipNames {
	return { mimetype: mimetypeOf(source), names: namesOf(source) };
}

function mimetypeOf(source: ByteSource): string | null {
	const head = view(source.read(0, 256));
	if (head.length < 38 || head.readUInt32LE(0) !== LOCAL_MARK || head.readUInt16LE(8) !== 0) return null;
	const nameEnd = 30 + head.readUInt16LE(26);
	if (head.toString('latin1', 30, nameEnd) !== 'mimetype') return null;
	const start = nameEnd + head.readUInt16LE(28);
	return (
		/^[\w.+-]+\/[\w.+-]+/.exec(head.toString('latin1', start, start + head.readUInt32LE(18)))?.[0] ?? null
	);
}

function namesOf(source: ByteSource): string[] {
	const from = Math.max(0, source.size - END_BYTES);
	const tail = view(source.read(from, END_BYTES));
	for (let at = tail.length - 22; at >= 0; at -= 1) {
		if (tail.readUInt32LE(at) !== END_MARK) continue;
		const length = Math.min(tail.readUInt32LE(at + 12), DIRECTORY_BYTES);
		// Where something stands before the zip's own beginning, its offsets are too small by so much.
		const start = Math.min(tail.readUInt32LE(at + 16), Math.max(0, from + at - length));
		return entryNames(view(source.read(start, length)));
	}
	return [];
}

function entryNames(directory: Buffer): string[] {
	const names: string[] = [];
	for (let at = 0; at + 46 <= directory.length && directory.readUInt32LE(at) === ENTRY_MARK;) {
		const nameEnd = at + 46 + directory.readUInt16LE(at + 28);
		names.push(
			directory
				.toString('latin1', at + 46, nameEnd)
				.replaceAll('\\', '/')
				.toLowerCase(),
		);
		at = nameEnd + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
	}
	return names;
}

const view = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

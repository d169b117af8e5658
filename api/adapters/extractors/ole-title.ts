/** The title among the properties that an OLE document keeps of itself ([MS-OLEPS], SummaryInformation). */
import type { OleFile } from './ole.ts';

const PROPERTIES = '\x05SummaryInformation';
const CODEPAGE = 1;
const TITLE = 2;
const SHORT = 2;
const BYTES = 0x1e;
const WIDE = 0x1f;
const UTF8 = 65_001;
const MOST_PROPERTIES = 100;
const LONGEST = 1_000;

/** Null where there is none, or where it cannot be read: a document does without. */
export function oleTitle(ole: OleFile): string | null {
	const stream = ole.read(PROPERTIES);
	try {
		return stream === null ? null : titleOf(stream);
	} catch (error) {
		// Beyond the end of what is there, or a charset that nobody knows.
		if (error instanceof RangeError) return null;
		throw error;
	}
}

function titleOf(stream: Buffer): string | null {
	const set = stream.readUInt32LE(44);
	const places = new Map<number, number>();
	const count = Math.min(stream.readUInt32LE(set + 4), MOST_PROPERTIES);
	for (let index = 0; index < count; index += 1) {
		const at = set + 8 + index * 8;
		places.set(stream.readUInt32LE(at), set + stream.readUInt32LE(at + 4));
	}
	const title = places.get(TITLE);
	if (title === undefined) return null;
	const type = stream.readUInt16LE(title);
	const length = Math.min(stream.readUInt32LE(title + 4), LONGEST);
	const text = stream.subarray(title + 8, title + 8 + length * (type === WIDE ? 2 : 1));
	const charset =
		type === WIDE ? 'utf-16le' : type === BYTES ? charsetOf(stream, places.get(CODEPAGE)) : null;
	if (charset === null) return null;
	return new TextDecoder(charset).decode(text).replace(/\0.*/s, '').trim() || null;
}

function charsetOf(stream: Buffer, codepage: number | undefined): string {
	if (codepage === undefined || stream.readUInt16LE(codepage) !== SHORT) return 'windows-1252';
	const number = stream.readUInt16LE(codepage + 4);
	return number === UTF8 ? 'utf-8' : `windows-${number}`;
}

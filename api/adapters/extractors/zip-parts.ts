/**
 * The parts of a zip container, such as a DOCX or an ODS. Sizes that a zip tells of itself are believed by nobody
 * here: a part is inflated up to a bound, which all parts that are read of one file share.
 */
import { inflateRawSync } from 'node:zlib';
import { DocDropError } from '../../errors.ts';
import { needsPassword } from './needs-password.ts';

export interface ZipParts {
	readonly names: readonly string[];
	/**
	 * Null where there is no such part. Throws `unreadable` where it is damaged, or where what was read of the
	 * file becomes too large by it.
	 */
	read(name: string): Buffer | null;
}

/** Of all parts that are read of one file: a tree of more would not fit into a child either. */
export const MOST_UNPACKED_MB = 128;

const MOST_PARTS = 10_000;

const END_BYTES = 22;
const LONGEST_COMMENT = 0xffff;
const ENTRY = 0x02014b50;
const ENTRY_BYTES = 46;
const HEADER = 0x04034b50;
const HEADER_BYTES = 30;
/** Stands for a number that a field of 64 bits holds instead. */
const ELSEWHERE = 0xffffffff;
/** Flags of a part that is encrypted, by the old cipher, a strong one, or along with the list of parts. */
const ENCRYPTED = 0x2041;

interface Part {
	readonly name: string;
	readonly flags: number;
	readonly method: number;
	readonly packed: number;
	/** Where its own header begins. */
	readonly at: number;
}

/** Throws `encrypted` where the zip asks for a password, `unreadable` where it is none. */
export function openZip(bytes: Uint8Array, mimeType: string): ZipParts {
	const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const parts = new Map<string, Part>();
	for (const part of readList(file, mimeType)) {
		if ((part.flags & ENCRYPTED) !== 0) throw needsPassword();
		parts.set(part.name, part);
	}
	let left = MOST_UNPACKED_MB * 1024 * 1024;
	return {
		names: [...parts.keys()],
		read(name) {
			const part = parts.get(name);
			if (part === undefined) return null;
			const content = unpack(file, part, left, mimeType);
			left -= content.length;
			return content;
		},
	};
}

/** The list at the file's end; what stands before the parts themselves may differ from it. */
function readList(file: Buffer, mimeType: string): Part[] {
	const end = file.lastIndexOf('PK\x05\x06', -END_BYTES, 'latin1');
	if (end < 0 || end < file.length - END_BYTES - LONGEST_COMMENT) throw damaged(mimeType);
	const count = file.readUInt16LE(end + 10);
	if (count > MOST_PARTS) {
		throw new DocDropError(
			'unreadable',
			`the file, read as ${mimeType}, has ${count} parts; at most ${MOST_PARTS} are taken`,
		);
	}
	try {
		const parts: Part[] = [];
		let at = file.readUInt32LE(end + 16);
		for (let index = 0; index < count; index += 1) {
			if (file.readUInt32LE(at) !== ENTRY) throw damaged(mimeType);
			const nameEnd = at + ENTRY_BYTES + file.readUInt16LE(at + 28);
			const extraEnd = nameEnd + file.readUInt16LE(at + 30);
			parts.push({
				name: file.toString('utf8', at + ENTRY_BYTES, nameEnd),
				flags: file.readUInt16LE(at + 8),
				method: file.readUInt16LE(at + 10),
				...place(file, at, file.subarray(nameEnd, extraEnd)),
			});
			at = extraEnd + file.readUInt16LE(at + 32);
		}
		return parts;
	} catch (error) {
		throw error instanceof RangeError ? damaged(mimeType, error) : error;
	}
}

/** Large numbers stand in a field of their own, in this order, and only those that are large. */
function place(file: Buffer, entry: number, extra: Buffer): Pick<Part, 'packed' | 'at'> {
	const short = [24, 20, 42].map((offset) => file.readUInt32LE(entry + offset));
	let long: Buffer = Buffer.alloc(0);
	for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
		if (extra.readUInt16LE(at) === 1) long = extra.subarray(at + 4, at + 4 + extra.readUInt16LE(at + 2));
	}
	const [, packed = 0, at = 0] = short.map((value) => {
		if (value !== ELSEWHERE) return value;
		const wide = Number(long.readBigUInt64LE());
		long = long.subarray(8);
		return wide;
	});
	return { packed, at };
}

function unpack(file: Buffer, part: Part, most: number, mimeType: string): Buffer {
	try {
		if (file.readUInt32LE(part.at) !== HEADER) throw damaged(mimeType);
		const start = part.at + HEADER_BYTES + file.readUInt16LE(part.at + 26) + file.readUInt16LE(part.at + 28);
		if (start + part.packed > file.length) throw damaged(mimeType);
		const packed = file.subarray(start, start + part.packed);
		if (part.method === 8 && most > 0) return inflateRawSync(packed, { maxOutputLength: most });
		if (part.method === 0 && packed.length <= most) return packed;
		if (part.method !== 0 && part.method !== 8) throw damaged(mimeType);
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (code !== 'ERR_BUFFER_TOO_LARGE') {
			throw error instanceof DocDropError ? error : damaged(mimeType, error);
		}
	}
	throw new DocDropError(
		'unreadable',
		`the file, read as ${mimeType}, unpacks to more than ${MOST_UNPACKED_MB} MB`,
	);
}

const damaged = (mimeType: string, cause?: unknown) =>
	new DocDropError('unreadable', `the file is no whole zip and could not be read as ${mimeType}`, { cause });

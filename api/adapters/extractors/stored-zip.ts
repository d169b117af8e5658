/** A zip whose parts are not packed, for a library that takes nothing but a zip. Pure. */
import { crc32 } from 'node:zlib';

const HEADER = 0x04034b50;
const ENTRY = 0x02014b50;
const END = 0x06054b50;
const VERSION = 20;
/** Of a name: it is UTF-8. */
const UTF8 = 0x0800;

export function storedZip(parts: Readonly<Record<string, Uint8Array>>): Buffer {
	const files: Uint8Array[] = [];
	const list: Buffer[] = [];
	let at = 0;
	for (const [name, content] of Object.entries(parts)) {
		const fields = fieldsOf(name, content);
		const header = Buffer.concat([word(HEADER), fields, Buffer.from(name)]);
		const place = Buffer.alloc(14);
		place.writeUInt32LE(at, 10);
		list.push(Buffer.concat([word(ENTRY), Buffer.from([VERSION, 0]), fields, place, Buffer.from(name)]));
		files.push(header, content);
		at += header.length + content.length;
	}
	const entries = Buffer.concat(list);
	const end = Buffer.alloc(22);
	end.writeUInt32LE(END, 0);
	end.writeUInt16LE(list.length, 8);
	end.writeUInt16LE(list.length, 10);
	end.writeUInt32LE(entries.length, 12);
	end.writeUInt32LE(at, 16);
	return Buffer.concat([...files, entries, end]);
}

/** What stands in front of a part and in the list alike. */
function fieldsOf(name: string, content: Uint8Array): Buffer {
	const fields = Buffer.alloc(26);
	fields.writeUInt16LE(VERSION, 0);
	fields.writeUInt16LE(UTF8, 2);
	fields.writeUInt32LE(crc32(content), 10);
	fields.writeUInt32LE(content.length, 14);
	fields.writeUInt32LE(content.length, 18);
	fields.writeUInt16LE(Buffer.byteLength(name), 22);
	return fields;
}

function word(value: number): Buffer {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32LE(value);
	return bytes;
}

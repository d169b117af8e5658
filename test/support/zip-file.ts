import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipEntry {
	/** As it stands in the file, `/` or not. */
	readonly name: string;
	readonly content: string | Uint8Array;
	/** Packed, as most programs do it; else stored as it is. */
	readonly isPacked?: boolean;
	/** What stands there in packed form instead of the content. */
	readonly packed?: Uint8Array;
	/** Bit 0: the entry is encrypted. */
	readonly flags?: number;
}

/** A zip file, for documents that are one. */
export function zipFile(entries: readonly ZipEntry[]): Buffer {
	const locals: Buffer[] = [];
	const directory: Buffer[] = [];
	let offset = 0;
	for (const { name, content, isPacked = false, packed, flags = 0 } of entries) {
		const bytes = Buffer.from(content);
		const data = packed ?? (isPacked ? deflateRawSync(bytes) : bytes);
		const fields = Buffer.alloc(26);
		fields.writeUInt16LE(20, 0);
		fields.writeUInt16LE(flags, 2);
		fields.writeUInt16LE(isPacked ? 8 : 0, 4);
		fields.writeUInt32LE(crc32(bytes), 10);
		fields.writeUInt32LE(data.length, 14);
		fields.writeUInt32LE(bytes.length, 18);
		fields.writeUInt16LE(Buffer.byteLength(name), 22);
		const local = Buffer.concat([Buffer.from('PK\x03\x04'), fields, Buffer.from(name), data]);
		const more = Buffer.alloc(14);
		more.writeUInt32LE(offset, 10);
		directory.push(
			Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 0]), fields, more, Buffer.from(name)]),
		);
		locals.push(local);
		offset += local.length;
	}
	const names = Buffer.concat(directory);
	const end = Buffer.alloc(22);
	end.write('PK\x05\x06', 'latin1');
	end.writeUInt16LE(entries.length, 8);
	end.writeUInt16LE(entries.length, 10);
	end.writeUInt32LE(names.length, 12);
	end.writeUInt32LE(offset, 16);
	return Buffer.concat([...locals, names, end]);
}

/**
 * An OLE compound file ([MS-CFB]), which Office wrote until 2003 and Outlook still does: the streams in its root.
 * Chains of sectors may loop and lead anywhere: each walk is bounded, and what lies outside of the file ends it.
 */
import type { ByteSource } from './byte-source.ts';

export interface OleFile {
	/** None where the file is damaged. */
	readonly names: ReadonlySet<string>;
	/** Null where there is no such stream. What a damaged file lacks of it is missing at its end. */
	read(name: string): Buffer | null;
}

interface Sectors {
	readonly bytes: number;
	/** How many the file holds at most; no chain is longer. */
	readonly count: number;
	readonly read: (index: number) => Buffer;
	/** Those that hold the table of all chains, in order. */
	readonly tables: readonly number[];
}

interface Entry {
	readonly name: string;
	readonly first: number;
	readonly size: number;
}

/** Sectors of the directory that are looked at; each holds at least 4 entries. */
const MOST_DIRECTORY_SECTORS = 4_096;
const ENTRY_BYTES = 128;
const HEADER_BYTES = 512;
/** Sector numbers from here on mean that there is none, or that the chain ends. */
const NO_SECTOR = 0xfffffffa;
/** Streams below this size lie in small sectors, within a stream of the root. */
const SMALL_STREAM = 4_096;
const SMALL_SECTOR = 64;

export function openOle(source: ByteSource): OleFile {
	const header = view(source.read(0, HEADER_BYTES));
	const shift = header.length < HEADER_BYTES ? 0 : header.readUInt16LE(30);
	if (shift !== 9 && shift !== 12) return { names: new Set(), read: () => null };
	const sectors = sectorsOf(source, header, 1 << shift);
	const [root, ...entries] = rootEntries(
		readChain(sectors, header.readUInt32LE(48), MOST_DIRECTORY_SECTORS * sectors.bytes),
	);
	const byName = new Map(entries.map((entry) => [entry.name, entry]));
	return {
		names: new Set(byName.keys()),
		read(name) {
			const entry = byName.get(name);
			if (entry === undefined || root === undefined) return null;
			if (entry.size >= SMALL_STREAM) return readChain(sectors, entry.first, entry.size);
			return readSmall(
				readChain(sectors, root.first, root.size),
				readChain(sectors, header.readUInt32LE(60), source.size),
				entry,
			);
		},
	};
}

function sectorsOf(source: ByteSource, header: Buffer, bytes: number): Sectors {
	const read = (index: number) => view(source.read((index + 1) * bytes, bytes));
	const count = Math.ceil(source.size / bytes);
	const tables = numbers(header.subarray(76));
	let next = header.readUInt32LE(68);
	while (next < NO_SECTOR && tables.length < count) {
		const more = numbers(read(next));
		next = more.pop() ?? NO_SECTOR;
		if (more.length === 0) break;
		for (const table of more) tables.push(table);
	}
	return { bytes, count, read, tables };
}

/** At most `size` bytes. */
function readChain(sectors: Sectors, first: number, size: number): Buffer {
	const parts: Buffer[] = [];
	const most = Math.min(sectors.count, Math.ceil(size / sectors.bytes));
	for (let at = first; at < NO_SECTOR && parts.length < most; at = nextOf(sectors, at)) {
		const part = sectors.read(at);
		if (part.length === 0) break;
		parts.push(part);
	}
	return Buffer.concat(parts).subarray(0, size);
}

function nextOf({ bytes, read, tables }: Sectors, index: number): number {
	const perTable = bytes / 4;
	const table = tables[Math.floor(index / perTable)];
	if (table === undefined || table >= NO_SECTOR) return NO_SECTOR;
	const entries = read(table);
	const at = (index % perTable) * 4;
	return at + 4 <= entries.length ? entries.readUInt32LE(at) : NO_SECTOR;
}

function readSmall(content: Buffer, table: Buffer, { first, size }: Entry): Buffer {
	const parts: Buffer[] = [];
	const most = Math.ceil(size / SMALL_SECTOR);
	for (let at = first; at < NO_SECTOR && parts.length < most;) {
		parts.push(content.subarray(at * SMALL_SECTOR, (at + 1) * SMALL_SECTOR));
		at = at * 4 + 4 <= table.length ? table.readUInt32LE(at * 4) : NO_SECTOR;
	}
	return Buffer.concat(parts).subarray(0, size);
}

/** The root itself, then its entries, which are a tree of their own from its child on. */
function rootEntries(directory: Buffer): Entry[] {
	const count = Math.floor(directory.length / ENTRY_BYTES);
	if (count === 0) return [];
	const entries = [entryAt(directory, 0)];
	const seen = new Set<number>();
	const open = [directory.readUInt32LE(76)];
	for (let index = open.pop(); index !== undefined; index = open.pop()) {
		if (index >= count || seen.has(index)) continue;
		seen.add(index);
		const at = index * ENTRY_BYTES;
		entries.push(entryAt(directory, at));
		open.push(directory.readUInt32LE(at + 68), directory.readUInt32LE(at + 72));
	}
	return entries;
}

function entryAt(directory: Buffer, at: number): Entry {
	const nameBytes = Math.min(64, Math.max(2, directory.readUInt16LE(at + 64))) - 2;
	return {
		name: directory.toString('utf16le', at, at + nameBytes),
		first: directory.readUInt32LE(at + 116),
		size: directory.readUInt32LE(at + 120),
	};
}

function numbers(bytes: Buffer): number[] {
	return Array.from({ length: Math.floor(bytes.length / 4) }, (_, at) => bytes.readUInt32LE(at * 4));
}

const view = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

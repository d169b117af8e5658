/**
 * The names in the root of an OLE compound file ([MS-CFB]), which Office wrote until 2003 and Outlook still does.
 * Chains of sectors may loop and lead anywhere: each walk is bounded, and what lies outside of the file ends it.
 */
import type { ByteSource } from './byte-source.ts';

/** Sectors of the directory that are looked at; each holds at least 4 entries. */
const MOST_SECTORS = 4_096;
const ENTRY_BYTES = 128;
/** Sector numbers from here on mean that there is none, or that the chain ends. */
const NO_SECTOR = 0xfffffffa;

interface Ole {
	readonly sector: (index: number) => Buffer;
	readonly sectorBytes: number;
	/** Sectors that hold the table of all chains, in order. */
	readonly tables: readonly number[];
}

/** Empty where the file is damaged. */
export function oleNames(source: ByteSource): Set<string> {
	const header = view(source.read(0, 512));
	const shift = header.length < 512 ? 0 : header.readUInt16LE(30);
	if (shift !== 9 && shift !== 12) return new Set();
	const sectorBytes = 1 << shift;
	const sector = (index: number) => view(source.read((index + 1) * sectorBytes, sectorBytes));
	const ole: Ole = { sector, sectorBytes, tables: tablesOf(header, sector, source.size / sectorBytes) };
	return rootNames(directoryOf(ole, header.readUInt32LE(48)));
}

/** `sectors`: how many the file has at most, which bounds a list that loops. */
function tablesOf(header: Buffer, sector: Ole['sector'], sectors: number): number[] {
	const tables = numbers(header.subarray(76, 512));
	let next = header.readUInt32LE(68);
	while (next < NO_SECTOR && tables.length < sectors) {
		const more = numbers(sector(next));
		next = more.pop() ?? NO_SECTOR;
		if (more.length === 0) break;
		for (const table of more) tables.push(table);
	}
	return tables;
}

function directoryOf(ole: Ole, first: number): Buffer {
	const parts: Buffer[] = [];
	for (let at = first; at < NO_SECTOR && parts.length < MOST_SECTORS; at = nextOf(ole, at)) {
		const part = ole.sector(at);
		if (part.length < ENTRY_BYTES) break;
		parts.push(part);
	}
	return Buffer.concat(parts);
}

function nextOf({ sector, sectorBytes, tables }: Ole, index: number): number {
	const perTable = sectorBytes / 4;
	const table = tables[Math.floor(index / perTable)];
	if (table === undefined || table >= NO_SECTOR) return NO_SECTOR;
	const entries = sector(table);
	const at = (index % perTable) * 4;
	return at + 4 <= entries.length ? entries.readUInt32LE(at) : NO_SECTOR;
}

/** The root's entries are a tree of their own, from its child on. */
function rootNames(directory: Buffer): Set<string> {
	const names = new Set<string>();
	const seen = new Set<number>();
	const count = Math.floor(directory.length / ENTRY_BYTES);
	const open = count === 0 ? [] : [directory.readUInt32LE(76)];
	for (let index = open.pop(); index !== undefined; index = open.pop()) {
		if (index >= count || seen.has(index)) continue;
		seen.add(index);
		const at = index * ENTRY_BYTES;
		const nameBytes = Math.min(64, Math.max(2, directory.readUInt16LE(at + 64))) - 2;
		names.add(directory.toString('utf16le', at, at + nameBytes));
		open.push(directory.readUInt32LE(at + 68), directory.readUInt32LE(at + 72));
	}
	return names;
}

function numbers(bytes: Buffer): number[] {
	return Array.from({ length: Math.floor(bytes.length / 4) }, (_, at) => bytes.readUInt32LE(at * 4));
}

const view = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

import type { FileStat } from '../disk.ts';
import type { ScanSinks } from './scanner-port.ts';

/** What passes between the scanner and its thread. */
export interface ScanOrder {
	readonly dir: string;
	/** Shared: how many pages were taken, or STOP. */
	readonly taken: Int32Array<SharedArrayBuffer>;
}

export const STOP = -1;

export interface ScanReply {
	readonly page: Page;
	/** The whole tree was walked. */
	readonly last: boolean;
}

/** A part of a walk. In columns, because the main thread would take twice as long to clone one object a file. */
export interface Page {
	readonly directories: string[];
	readonly files: string[];
	readonly sizes: number[];
	readonly mtimes: bigint[];
	readonly ctimes: bigint[];
	readonly inodes: bigint[];
	readonly skipped: (readonly [relPath: string, reason: string])[];
	readonly unreadable: (readonly [relPath: string, code: string])[];
}

export function newPage(): Page {
	return {
		directories: [],
		files: [],
		sizes: [],
		mtimes: [],
		ctimes: [],
		inodes: [],
		skipped: [],
		unreadable: [],
	};
}

/** Sinks that write onto the page that `page` gives. */
export function writeTo(page: () => Page): Omit<ScanSinks, 'begin'> {
	return {
		directory: (relPath) => void page().directories.push(relPath),
		file(relPath, stat) {
			const { files, sizes, mtimes, ctimes, inodes } = page();
			files.push(relPath);
			sizes.push(stat.size);
			mtimes.push(stat.mtimeNs);
			ctimes.push(stat.ctimeNs);
			inodes.push(stat.ino);
		},
		skipped: (relPath, reason) => void page().skipped.push([relPath, reason]),
		unreadable: (relPath, code) => void page().unreadable.push([relPath, code]),
	};
}

export function entriesOf(page: Page): number {
	return page.directories.length + page.files.length + page.skipped.length + page.unreadable.length;
}

/** Directories first: a directory is reported before its files, which may be on the same page. */
export function readTo(sinks: ScanSinks, page: Page): void {
	for (const relPath of page.directories) sinks.directory(relPath);
	for (const [index, relPath] of page.files.entries()) {
		const stat: FileStat = {
			kind: 'file',
			size: page.sizes[index] ?? 0,
			mtimeNs: page.mtimes[index] ?? 0n,
			ctimeNs: page.ctimes[index] ?? 0n,
			ino: page.inodes[index] ?? 0n,
		};
		sinks.file(relPath, stat);
	}
	for (const entry of page.skipped) sinks.skipped(...entry);
	for (const entry of page.unreadable) sinks.unreadable(...entry);
}

import { constants } from 'node:fs';
import { access, lstat, open, readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';

/**
 * The only way of the watch engine to the file system, so that a test can make it fail. Paths are absolute;
 * `relPath` is `/` separated and under its root. Errors are those of node:fs, with their `code`.
 */
export interface Disk {
	/** The entries of a directory, in no order. */
	list(dir: string): Promise<Listing>;
	/** The entry itself; a symbolic link is not followed. */
	stat(path: string): Promise<FileStat>;
	/** Like `stat`, and ENOENT also where a directory on the way is a symbolic link: no scan would get there. */
	find(root: string, relPath: string): Promise<FileStat>;
	/** Rejects unless `dir` is a directory that can be read. */
	checkRoot(dir: string): Promise<void>;
	/** Opens a file for reading; never follows a link, never blocks on a pipe. */
	open(path: string): Promise<OpenFile>;
}

export type EntryKind = 'file' | 'directory' | 'symlink' | 'special';

export interface Listing {
	/** `unknown`: the file system does not say without a stat. */
	readonly entries: readonly { readonly name: string; readonly kind: EntryKind | 'unknown' }[];
	/** Names that are not UTF-8, with replacement characters: for display only, they open nothing. */
	readonly undecodable: readonly string[];
}

export interface FileStat {
	readonly kind: EntryKind;
	/** Bytes. */
	readonly size: number;
	/** Nanoseconds since 1970. */
	readonly mtimeNs: bigint;
	readonly ctimeNs: bigint;
	readonly ino: bigint;
}

export interface OpenFile {
	/** Fills the buffer from where the last read ended; 0 at the end of the file. */
	read(buffer: Uint8Array): Promise<number>;
	stat(): Promise<FileStat>;
	close(): Promise<void>;
}

/** The error's code where it has one, for decisions and logs; never its message, which holds paths. */
export function errorCode(error: unknown): string {
	const code = (error as { code?: unknown } | null)?.code;
	return typeof code === 'string' ? code : 'unknown error';
}

/** Whether an error says that there is nothing at the path (any more). */
export function isGone(error: unknown): boolean {
	const code = errorCode(error);
	return code === 'ENOENT' || code === 'ENOTDIR';
}

const REPLACEMENT = '\uFFFD';

export const nodeDisk: Disk = {
	async list(dir) {
		const found = await readdir(dir, { withFileTypes: true });
		const entries = found.map((entry) => ({ name: entry.name, kind: kindOf(entry) }));
		if (!entries.some((entry) => entry.name.includes(REPLACEMENT))) return { entries, undecodable: [] };
		// Either the names hold this very character, or they are not UTF-8: only the bytes tell.
		const raw = await readdir(dir, { withFileTypes: true, encoding: 'buffer' });
		const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
		const listing = { entries: [] as Listing['entries'][number][], undecodable: [] as string[] };
		for (const entry of raw) {
			try {
				listing.entries.push({ name: decoder.decode(entry.name), kind: kindOf(entry) });
			} catch {
				listing.undecodable.push(entry.name.toString('utf8'));
			}
		}
		return listing;
	},
	stat: async (path) => toFileStat(await lstat(path, { bigint: true })),
	async find(root, relPath) {
		const path = join(root, relPath);
		const found = await nodeDisk.stat(path);
		if (relPath.includes('/')) {
			const [realRoot, realDir] = await Promise.all([realpath(root), realpath(dirname(path))]);
			const straight = join(realRoot, dirname(relPath).replaceAll('/', sep));
			if (realDir !== straight) throw Object.assign(new Error('behind a symbolic link'), { code: 'ENOENT' });
		}
		return found;
	},
	async checkRoot(dir) {
		const found = await stat(dir);
		if (!found.isDirectory()) throw Object.assign(new Error('not a directory'), { code: 'ENOTDIR' });
		await access(dir, constants.R_OK | constants.X_OK);
	},
	async open(path) {
		const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
		return {
			read: async (buffer) => (await handle.read(buffer, 0, buffer.length, null)).bytesRead,
			stat: async () => toFileStat(await handle.stat({ bigint: true })),
			close: () => handle.close(),
		};
	},
};

interface Kinds {
	isFile(): boolean;
	isDirectory(): boolean;
	isSymbolicLink(): boolean;
	isFIFO(): boolean;
	isSocket(): boolean;
	isCharacterDevice(): boolean;
	isBlockDevice(): boolean;
}

function kindOf(entry: Kinds): EntryKind | 'unknown' {
	if (entry.isFile()) return 'file';
	if (entry.isDirectory()) return 'directory';
	if (entry.isSymbolicLink()) return 'symlink';
	const special = entry.isFIFO() || entry.isSocket() || entry.isCharacterDevice() || entry.isBlockDevice();
	return special ? 'special' : 'unknown';
}

function toFileStat(
	stats: Kinds & { size: bigint; mtimeNs: bigint; ctimeNs: bigint; ino: bigint },
): FileStat {
	const kind = kindOf(stats);
	return {
		kind: kind === 'unknown' ? 'special' : kind,
		size: Number(stats.size),
		mtimeNs: stats.mtimeNs,
		ctimeNs: stats.ctimeNs,
		ino: stats.ino,
	};
}

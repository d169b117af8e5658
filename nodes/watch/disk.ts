import { constants } from 'node:fs';
import { access, lstat, open, readdir, realpath, stat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { readMountPoints } from './mount-points.ts';

/**
 * The only way of the watch engine to the file system, so that a test can make it fail. Paths are absolute;
 * `relPath` is `/` separated and under its root. Errors are those of node:fs, with their `code`.
 */
export interface Disk {
	/** The entries of a directory, in no order. */
	list(dir: string): Promise<Listing>;
	/** The entry itself, or what it leads to where links are followed. */
	stat(path: string): Promise<FileStat>;
	/** Like `stat`, and ENOENT also where no scan would get: behind a link, or behind one that leads back. */
	find(root: string, relPath: string): Promise<FoundStat>;
	/** Rejects unless `dir` is a directory that can be read. */
	checkRoot(dir: string): Promise<void>;
	/** Which directory stands at the path, or at the end of a link there. */
	identify(dir: string): Promise<DirectoryIdentity>;
	/** Where disks are mounted, absolute; nothing where the system does not say. Never rejects. */
	mountPoints(): Promise<readonly string[]>;
	/**
	 * Opens the file that was `found` at the path, for reading; ESTALE where something else stands there by now, a link
	 * or a pipe among others. Never blocks.
	 */
	open(path: string, found: FileIdentity): Promise<OpenFile>;
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

/** What was found by its path. */
export interface FoundStat extends FileStat {
	readonly dev: bigint;
}

/** Which directory it is; what of that can be relied on says root-identity.ts. */
export interface DirectoryIdentity {
	readonly dev: bigint;
	readonly ino: bigint;
	/** Nanoseconds since 1970 when it was made; 0 where the file system does not say. */
	readonly birthNs: bigint;
	/** Absolute, free of links. */
	readonly realPath: string;
}

/** Names one file of this machine, whatever path leads to it. */
export type FileIdentity = Pick<FoundStat, 'dev' | 'ino'>;

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

/** Whether an error of this code says that the machine has run out of something, and nothing of the path. */
export const isShortage = (code: string): boolean => ['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN'].includes(code);

/** Until it is tried again what the machine was short of, ms. */
export const SHORTAGE_MS = 2000;

/** Whether an error says that there is nothing at the path (any more). */
export function isGone(error: unknown): boolean {
	const code = errorCode(error);
	return code === 'ENOENT' || code === 'ENOTDIR';
}

/**
 * The machine's own disk. With `followLinks` a symbolic link stands for what it leads to, inside its root or
 * not; one that leads nowhere stays a `symlink`, and nothing is found behind one that leads back to a directory
 * on the way to it.
 */
export function createNodeDisk({ followLinks }: { readonly followLinks: boolean }): Disk {
	const entry = async (path: string) => toFileStat(await lstat(path, { bigint: true }));
	const target = async (path: string) => {
		try {
			return toFileStat(await stat(path, { bigint: true }));
		} catch (error) {
			if (!leadsNowhere(error)) throw error;
			// A link that leads nowhere is there all the same; what is no link is gone.
			return entry(path);
		}
	};
	const statOf = followLinks ? target : entry;
	const idOf = async (path: string) => directoryId(await stat(path, { bigint: true }));

	return {
		async list(dir) {
			const found = await readdir(dir, { withFileTypes: true });
			if (!isAmbiguous(found)) return toListing(found);
			return decodeListing(await readdir(dir, { withFileTypes: true, encoding: 'buffer' }));
		},
		stat: statOf,
		async find(root, relPath) {
			const found = await statOf(join(root, relPath));
			const relDir = followLinks && found.kind === 'directory' ? relPath : posix.dirname(relPath);
			if (relDir === '.') return found;
			const [realRoot, realDir] = await Promise.all([realpath(root), realpath(join(root, relDir))]);
			if (realDir === join(realRoot, relDir)) return found;
			if (!followLinks) throw nothingThere('behind a symbolic link');
			const way = await Promise.all(wayTo(relDir).map((it) => idOf(join(root, it))));
			if (hasLoop(way)) throw nothingThere('behind a symbolic link that leads back');
			return found;
		},
		async checkRoot(dir) {
			const found = await stat(dir);
			if (!found.isDirectory()) throw Object.assign(new Error('not a directory'), { code: 'ENOTDIR' });
			await access(dir, constants.R_OK | constants.X_OK);
		},
		async identify(dir) {
			const [{ dev, ino, birthtimeNs }, realPath] = await Promise.all([
				stat(dir, { bigint: true }),
				realpath(dir),
			]);
			return { dev, ino, birthNs: birthtimeNs, realPath };
		},
		mountPoints: readMountPoints,
		async open(path, found) {
			const handle = await open(path, openFlags(followLinks)).catch((error: unknown) => {
				throw asReplaced(error, followLinks);
			});
			try {
				checkOpened(toFileStat(await handle.stat({ bigint: true })), found);
			} catch (error) {
				await handle.close();
				throw error;
			}
			return {
				read: async (buffer) => (await handle.read(buffer, 0, buffer.length, null)).bytesRead,
				stat: async () => toFileStat(await handle.stat({ bigint: true })),
				close: () => handle.close(),
			};
		},
	};
}

/** The default: links are never followed. */
export const nodeDisk = createNodeDisk({ followLinks: false });

/** Whether following a link ended with nothing, for what it points at or for going in a circle. */
export function leadsNowhere(error: unknown): boolean {
	return isGone(error) || errorCode(error) === 'ELOOP';
}

export function nothingThere(message: string): Error {
	return Object.assign(new Error(message), { code: 'ENOENT' });
}

/** To open for reading: never waits for a pipe's writer, and meets no link where none is followed. */
export const openFlags = (followLinks: boolean): number =>
	constants.O_RDONLY | constants.O_NONBLOCK | (followLinks ? 0 : constants.O_NOFOLLOW);

/** Throws unless what was opened is the regular file that was found. */
export function checkOpened(opened: FoundStat, found: FileIdentity): void {
	if (opened.kind !== 'file' || opened.dev !== found.dev || opened.ino !== found.ino) throw replaced();
}

/** Why a file could not be opened; a link that must not be followed is something else than what was found. */
export const asReplaced = (error: unknown, followLinks: boolean): unknown =>
	!followLinks && errorCode(error) === 'ELOOP' ? replaced() : error;

const REPLACED = 'ESTALE';
const replaced = () => Object.assign(new Error('something else stands there by now'), { code: REPLACED });

/** Whether an error says that something else stands at the path than what was found there. */
export const isReplaced = (error: unknown): boolean => errorCode(error) === REPLACED;

/** The directories on the way from a root (`''`) to `relDir`, both included. */
export function wayTo(relDir: string): string[] {
	const way = [''];
	for (let at = relDir.indexOf('/'); at !== -1; at = relDir.indexOf('/', at + 1))
		way.push(relDir.slice(0, at));
	if (relDir !== '') way.push(relDir);
	return way;
}

/** Names one directory of this machine, whatever path leads to it. */
export function directoryId(stats: { readonly dev: bigint; readonly ino: bigint }): string {
	return `${stats.dev}:${stats.ino}`;
}

/** Whether a way, given by the ids of its directories, comes by the same one twice. */
export function hasLoop(ids: readonly string[]): boolean {
	return new Set(ids).size < ids.length;
}

type Entry<Name> = Kinds & { readonly name: Name };

/** Whether names that came as text hold the replacement character, or were not UTF-8: only their bytes tell. */
export function isAmbiguous(found: readonly Entry<string>[]): boolean {
	return found.some((entry) => entry.name.includes('\uFFFD'));
}

export function toListing(found: readonly Entry<string>[]): Listing {
	return { entries: found.map((entry) => ({ name: entry.name, kind: kindOf(entry) })), undecodable: [] };
}

export function decodeListing(found: readonly Entry<Buffer>[]): Listing {
	const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
	const listing = { entries: [] as Listing['entries'][number][], undecodable: [] as string[] };
	for (const entry of found) {
		try {
			listing.entries.push({ name: decoder.decode(entry.name), kind: kindOf(entry) });
		} catch {
			listing.undecodable.push(entry.name.toString('utf8'));
		}
	}
	return listing;
}

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

export function toFileStat(
	stats: Kinds & { size: bigint; mtimeNs: bigint; ctimeNs: bigint; dev: bigint; ino: bigint },
): FoundStat {
	const kind = kindOf(stats);
	return {
		kind: kind === 'unknown' ? 'special' : kind,
		size: Number(stats.size),
		mtimeNs: stats.mtimeNs,
		ctimeNs: stats.ctimeNs,
		dev: stats.dev,
		ino: stats.ino,
	};
}

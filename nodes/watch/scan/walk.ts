/**
 * THE walk, without the disk: it says what it wants to know, and is given the answers. Both scanners run this one, with
 * calls that wait and calls that do not. Pure but for what it reports.
 */
import { errorCode, isGone, type FileStat, type Listing } from '../disk.ts';
import type { Filter } from '../filter.ts';
import type { ScanSinks } from './scanner-port.ts';

/**
 * What the walk wants to know of some paths, to be answered in order. `find` is a `stat` that fails where the
 * way to the path comes by the same directory twice. An empty question asks for a turn of the event loop.
 */
export interface Ask {
	readonly op: 'list' | 'stat' | 'find';
	readonly relPaths: readonly string[];
}

/** Why the disk has no answer. */
export interface DiskFailure {
	readonly code: string;
	/** There is nothing at the path (any more). */
	readonly gone: boolean;
}

export function toFailure(error: unknown): DiskFailure {
	return { code: errorCode(error), gone: isGone(error) };
}

type OrFailure<T> = T | DiskFailure;
export type Answers = readonly (Listing | FileStat | DiskFailure)[];
type Walk<T> = Generator<Ask, T, Answers>;

/** Directories that are listed together. */
const LISTS = 4;
/** Entries that are statted together, and entries after which there is a question even if there is nothing to ask. */
const STATS = 64;
const ENTRIES = 1024;

/** No docId is longer: below a longer directory there is nothing to be had. */
const MAX_PATH_BYTES = 1024;

export function* walk(
	rules: { filter: Filter; followLinks: boolean },
	sinks: Omit<ScanSinks, 'begin'>,
): Walk<void> {
	const { filter, followLinks } = rules;
	const directories = [''];
	const enter = (relPath: string) => {
		if (relPath.length * 3 > MAX_PATH_BYTES && Buffer.byteLength(relPath) > MAX_PATH_BYTES) {
			sinks.skipped(relPath, `the path is longer than ${MAX_PATH_BYTES} bytes`);
		} else directories.push(relPath);
	};

	/** Entries of which the listing does not say enough. */
	function* look(relPaths: readonly string[]): Walk<void> {
		const stats = yield* ask<FileStat>('stat', relPaths);
		const linked: string[] = [];
		for (const [index, relPath] of relPaths.entries()) {
			const stat = stats[index];
			if (stat === undefined) continue;
			if ('code' in stat) {
				if (!stat.gone) sinks.unreadable(relPath, stat.code);
			} else if (stat.kind === 'file') {
				if (filter.includes(relPath)) sinks.file(relPath, stat);
			} else if (stat.kind === 'directory') {
				if (followLinks) linked.push(relPath);
				else enter(relPath);
			} else if (stat.kind === 'symlink') {
				sinks.skipped(relPath, followLinks ? 'symbolic link that leads nowhere' : 'symbolic link');
			} else sinks.skipped(relPath, 'not a regular file');
		}
		if (linked.length === 0) return;
		const found = yield* ask<FileStat>('find', linked);
		for (const [index, relPath] of linked.entries()) {
			const stat = found[index];
			if (stat === undefined) continue;
			if (!('code' in stat)) enter(relPath);
			else if (stat.gone) sinks.skipped(relPath, 'symbolic link that leads back to a directory on its way');
			else sinks.unreadable(relPath, stat.code);
		}
	}

	while (directories.length > 0) {
		const parents = directories.splice(-LISTS);
		const listings = yield* ask<Listing>('list', parents);
		let unclear: string[] = [];
		let entries = 0;
		for (const [index, parent] of parents.entries()) {
			const listing = listings[index];
			if (listing === undefined) continue;
			if ('code' in listing) {
				// A directory that went is a difference like any other; a root that went says nothing about its files.
				if (parent === '' || !listing.gone) sinks.unreadable(parent, listing.code);
				continue;
			}
			const prefix = parent === '' ? '' : `${parent}/`;
			sinks.directory(parent);
			for (const name of listing.undecodable) {
				sinks.skipped(prefix + name, 'the name is not UTF-8');
				if ((entries += 1) % ENTRIES === 0) yield* look([]);
			}
			for (const { name, kind } of listing.entries) {
				const relPath = prefix + name;
				if (!filter.excludes(relPath)) {
					if (kind === 'directory') enter(relPath);
					else if (kind === 'special') sinks.skipped(relPath, 'not a regular file');
					else if (kind === 'symlink' && !followLinks) sinks.skipped(relPath, 'symbolic link');
					else if (kind !== 'file' || filter.includes(relPath)) unclear.push(relPath);
				}
				if ((entries += 1) % ENTRIES === 0 || unclear.length === STATS) {
					yield* look(unclear);
					unclear = [];
				}
			}
		}
		if (unclear.length > 0) yield* look(unclear);
	}
}

function* ask<T>(op: Ask['op'], relPaths: readonly string[]): Walk<readonly OrFailure<T>[]> {
	// Whoever answers gives listings to `list` and stats to the others.
	return (yield { op, relPaths }) as readonly OrFailure<T>[];
}

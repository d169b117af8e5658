import { join } from 'node:path';
import { errorCode, isGone, type Disk, type FileStat, type Listing } from './disk.ts';
import type { Filter } from './filter.ts';

export interface ScanSinks {
	/** A regular file that the filter wants. */
	file(relPath: string, stat: FileStat): void;
	/** An entry that is left out for what it is, not for its name. `relPath` may hold replacement characters. */
	skipped(relPath: string, reason: string): void;
	/** A directory (`''`: the root) or file whose state is unknown: nothing at or below it may be taken as deleted. */
	unreadable(relPath: string, code: string): void;
}

/** Directories that are listed at the same time. */
const PARALLEL_LISTS = 4;
/** Files of one directory that are statted at the same time. */
const PARALLEL_STATS = 32;

/**
 * Walks one root and reports what is there; iterative, bounded, and every step is an await on the disk, so the
 * event loop is never held. What vanishes on the way is not reported at all. Rejects only when aborted.
 */
export async function scanRoot(
	deps: { disk: Disk; dir: string; filter: Filter; signal: AbortSignal },
	sinks: ScanSinks,
): Promise<void> {
	const { disk, dir, filter, signal } = deps;
	const directories = [''];

	const visit = async (parent: string, { name, kind }: Listing['entries'][number]): Promise<void> => {
		const relPath = parent === '' ? name : `${parent}/${name}`;
		if (filter.excludes(relPath)) return;
		if (kind === 'directory') directories.push(relPath);
		else if (kind === 'symlink') sinks.skipped(relPath, 'symbolic link');
		else if (kind === 'special') sinks.skipped(relPath, 'not a regular file');
		else if (kind === 'unknown' || filter.includes(relPath)) {
			try {
				const stat = await disk.stat(join(dir, relPath));
				if (stat.kind !== 'file') await visit(parent, { name, kind: stat.kind });
				else if (filter.includes(relPath)) sinks.file(relPath, stat);
			} catch (error) {
				if (!isGone(error)) sinks.unreadable(relPath, errorCode(error));
			}
		}
	};

	const walk = async (parent: string): Promise<void> => {
		let listing: Listing;
		try {
			listing = await disk.list(join(dir, parent));
		} catch (error) {
			// A directory that went is a difference like any other; a root that went says nothing about its files.
			if (parent === '' || !isGone(error)) sinks.unreadable(parent, errorCode(error));
			return;
		}
		for (const name of listing.undecodable) {
			sinks.skipped(parent === '' ? name : `${parent}/${name}`, 'the name is not UTF-8');
		}
		for (let from = 0; from < listing.entries.length; from += PARALLEL_STATS) {
			if (signal.aborted) return;
			const part = listing.entries.slice(from, from + PARALLEL_STATS);
			await Promise.all(part.map((entry) => visit(parent, entry)));
		}
	};

	const walking = new Set<Promise<void>>();
	while (walking.size > 0 || (directories.length > 0 && !signal.aborted)) {
		const parent = walking.size < PARALLEL_LISTS && !signal.aborted ? directories.pop() : undefined;
		if (parent === undefined) {
			await Promise.race(walking);
			continue;
		}
		const step: Promise<void> = walk(parent).finally(() => walking.delete(step));
		walking.add(step);
	}
	signal.throwIfAborted();
}

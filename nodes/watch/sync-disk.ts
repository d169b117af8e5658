/**
 * The machine's disk as disk.ts shows it, with calls that hold their thread until they are answered: a tenth of
 * the cost. For threads of their own alone; the main thread would stand still with a disk that does.
 */
import { lstatSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import {
	decodeListing,
	directoryId,
	hasLoop,
	isAmbiguous,
	leadsNowhere,
	nothingThere,
	toFileStat,
	toListing,
	wayTo,
	type FileStat,
	type FoundStat,
	type Listing,
} from './disk.ts';

const big = { bigint: true } as const;

/** `list`, `stat` and `find` of a Disk. */
export interface SyncDisk {
	list(dir: string): Listing;
	stat(path: string): FileStat;
	find(root: string, relPath: string): FoundStat;
}

export function createSyncDisk({ followLinks }: { readonly followLinks: boolean }): SyncDisk {
	const entry = (path: string) => toFileStat(lstatSync(path, big));
	const target = (path: string) => {
		try {
			return toFileStat(statSync(path, big));
		} catch (error) {
			if (!leadsNowhere(error)) throw error;
			return entry(path);
		}
	};
	const stat = followLinks ? target : entry;
	return {
		list(dir) {
			const found = readdirSync(dir, { withFileTypes: true });
			if (!isAmbiguous(found)) return toListing(found);
			return decodeListing(readdirSync(dir, { withFileTypes: true, encoding: 'buffer' }));
		},
		stat,
		find(root, relPath) {
			const found = stat(`${root}/${relPath}`);
			const relDir = followLinks && found.kind === 'directory' ? relPath : posix.dirname(relPath);
			if (relDir === '.') return found;
			const straight = posix.join(realpathSync.native(root), relDir);
			if (realpathSync.native(`${root}/${relDir}`) === straight) return found;
			if (!followLinks) throw nothingThere('behind a symbolic link');
			const way = wayTo(relDir).map((it) => directoryId(statSync(`${root}/${it}`, big)));
			if (hasLoop(way)) throw nothingThere('behind a symbolic link that leads back');
			return found;
		},
	};
}

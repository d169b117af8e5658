/**
 * Which directory a root is, so that another one that takes its place is told from it: a folder that was made anew, the
 * mount point under a disk that was unmounted, another disk. Pure; the engine remembers the text in the head of its
 * state, and deletions.ts asks.
 */
import type { DirectoryIdentity } from './disk.ts';

/** Whether a root is the directory that it was; `unsure`: nothing speaks against it, and the file system cannot prove it. */
export type RootChange = 'same' | 'unsure' | 'other';

/** As it is remembered, with the disks that are mounted below it (their paths under the root). */
export const rootIdText = (
	{ dev, ino, birthNs, realPath }: DirectoryIdentity,
	mounts: readonly string[] = [],
): string => [`${dev}:${ino}:${birthNs}:${realPath}`, ...mounts.toSorted()].join('\0');

/** The disks that were mounted below a root when it was remembered. */
export const mountsOf = (text: string): readonly string[] => text.split('\0').slice(1);

/** The same root with other disks below it. */
export const withMounts = (text: string, mounts: readonly string[]): string =>
	[text.split('\0')[0] ?? '', ...mounts.toSorted()].join('\0');

/** Paths under the root, of all mount points of the machine. */
export function mountsBelow(realPath: string, mountPoints: readonly string[]): readonly string[] {
	const prefix = realPath.endsWith('/') ? realPath : `${realPath}/`;
	const below = mountPoints.filter((path) => path.startsWith(prefix) && path !== prefix);
	return below.map((path) => path.slice(prefix.length));
}

/** Whether a path is at or below one of these. */
export const isBelow = (relPath: string, mounts: readonly string[]): boolean =>
	mounts.some((mount) => relPath === mount || relPath.startsWith(`${mount}/`));

/**
 * An inode number is used again as soon as it is free, and every disk of a kind begins with the same one; a device number
 * names what is mounted now. The time of birth tells what they do not. Where there is none (old file systems, many
 * network ones), nobody can tell a disk from the one that was there before, but for another path.
 */
export function compareRoots(known: string, now: string): RootChange {
	const [before, after] = [partsOf(known), partsOf(now)];
	if (before === null || after === null) return 'unsure';
	if (before.dev !== after.dev || before.ino !== after.ino) return 'other';
	if (before.birthNs !== NEVER && after.birthNs !== NEVER)
		// Moved, or called otherwise, it is the same directory.
		return before.birthNs === after.birthNs ? 'same' : 'other';
	return before.realPath === after.realPath ? 'unsure' : 'other';
}

const NEVER = '0';

/** Null for what an earlier version has written. */
function partsOf(text: string) {
	const [, dev, ino, birthNs, realPath] = /^(\d+):(\d+):(\d+):([^\0]*)/s.exec(text) ?? [];
	if (dev === undefined || ino === undefined || birthNs === undefined || realPath === undefined) return null;
	return { dev, ino, birthNs, realPath };
}

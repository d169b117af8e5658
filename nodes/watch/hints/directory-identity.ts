import { statSync } from 'node:fs';

/**
 * What tells a directory from another one that takes its path, even where the inode is used again. Null: there
 * is no directory at the path. Links are followed. Throws what node:fs throws.
 */
export function directoryIdentity(path: string): string | null {
	const found = statSync(path, { throwIfNoEntry: false });
	return found?.isDirectory() === true ? `${found.dev}:${found.ino}:${found.birthtimeMs}` : null;
}

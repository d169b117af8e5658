import { mimeTypeOf } from '../contract/file-types.ts';
import type { Config } from './environment.ts';

/**
 * The type that the name of a followed file stands for; null: it is passed over. A folder holds much that nobody wants
 * sent elsewhere: what no reader here takes is for a reader outside only where the settings say which files to follow.
 */
export function followedTypes({
	tikaUrl,
	include,
}: Pick<Config, 'tikaUrl' | 'include'>): (path: string) => string | null {
	if (tikaUrl === '' || include.length === 0) return mimeTypeOf;
	return (path) => mimeTypeOf(path) ?? 'application/octet-stream';
}

import { isAbsolute, relative, sep } from 'node:path';

/**
 * Where a path is under a folder, with slashes: '' for the folder itself, null for what is not under it.
 * A name may begin with two dots.
 */
export function pathInside(dir: string, path: string): string | null {
	const inside = relative(dir, path).split(sep).join('/');
	return inside === '..' || inside.startsWith('../') || isAbsolute(inside) ? null : inside;
}

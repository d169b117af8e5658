/** Where a folder is that is about to be followed, and whether it may be. */
import { realpathSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { pathInside } from '../../nodes/watch/inside.ts';
import { rootIdText } from '../../nodes/watch/root-identity.ts';
import { DocDropError } from '../errors.ts';
import type { FolderPlace } from './followed-folders.ts';

/** Throws where the folder cannot be followed. */
export function checkFolder(dir: string, dataDir: string): void {
	const stat = statSync(dir, { throwIfNoEntry: false });
	if (stat === undefined || !stat.isDirectory()) {
		throw new DocDropError(
			'config_invalid',
			`the folder to follow must be a directory, got ${JSON.stringify(dir)}`,
			{
				hint: 'Make the folder, or name another one.',
			},
		);
	}
	const inside = pathInside(realpathSync.native(dir), realPathOf(resolve(dataDir)));
	if (inside !== null && !inside.split('/').some((part) => part.startsWith('.'))) {
		throw new DocDropError('config_invalid', 'DOCDROP_DATA_DIR must not lie inside the followed folder', {
			field: 'DOCDROP_DATA_DIR',
			hint: 'Move the data folder elsewhere, or give it a name that begins with a dot.',
		});
	}
}

/** Free of links; of what is not made yet, as far as it leads over what is there. */
function realPathOf(path: string): string {
	try {
		return realpathSync.native(path);
	} catch {
		const above = dirname(path);
		return above === path ? path : join(realPathOf(above), relative(above, path));
	}
}

/** Throws what node:fs throws. */
export function placeOf(tenant: string, dir: string): FolderPlace {
	const realDir = realpathSync.native(dir);
	const { dev, ino, birthtimeNs } = statSync(realDir, { bigint: true });
	return { tenant, dir, realDir, id: rootIdText({ dev, ino, birthNs: birthtimeNs, realPath: realDir }) };
}

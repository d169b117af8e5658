import { realpathSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { FSWatcher } from 'chokidar';
import type { Hint, HintsFactory } from './port.ts';

/** Hints by chokidar: for trees of some thousand files, because it keeps about 8 kB a file. */
export const createChokidarHints: HintsFactory = ({ dir, excludes }) => {
	let watcher: FSWatcher | null = null;
	let closed = false;
	// Links below the root are not followed; the root itself may be one.
	const real = realPath(dir);
	const relPathOf = (path: string) => relative(real, path).split(sep).join('/');
	return {
		start(onHint, onError) {
			const report = (kind: Hint['kind']) => (path: string) => {
				if (!closed) onHint({ relPath: relPathOf(path), kind });
			};
			watcher = new FSWatcher({
				ignoreInitial: true,
				followSymlinks: false,
				// The engine settles files itself; merged events would only come later.
				atomic: false,
				awaitWriteFinish: false,
				ignored: (path) => {
					const relPath = relPathOf(path);
					return relPath !== '' && !relPath.startsWith('..') && excludes(relPath);
				},
			});
			watcher
				.on('add', report('file'))
				.on('change', report('file'))
				.on('unlink', report('file'))
				.on('addDir', report('directory'))
				.on('unlinkDir', report('directory'))
				// What changed while it armed itself was nobody's to report: the root is worth a scan.
				.on('ready', () => report('directory')(real))
				.on('error', (error) => {
					if (!closed) onError(error);
				})
				.add(real);
		},
		async close() {
			closed = true;
			await watcher?.close();
		},
	};
};

function realPath(dir: string): string {
	try {
		return realpathSync(dir);
	} catch {
		// Not there yet.
		return dir;
	}
}

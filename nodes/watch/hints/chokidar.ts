import { realpathSync } from 'node:fs';
import { basename, relative, sep } from 'node:path';
import { FSWatcher } from 'chokidar';
import { errorCode } from '../disk.ts';
import { createDirectoryHints } from './directories.ts';
import { directoryIdentity } from './directory-identity.ts';
import { isExhausted } from './exhaustion.ts';
import type { Hint, Hints, HintsFactory } from './hints-port.ts';
import { createProbeDir, type ProbeDir } from './probe.ts';

/**
 * Half of the kernel's usual queue (16,384). Between two scans at least a whole one must have been read where one
 * overran; chokidar then has a wrong picture of the tree and does not know it, and is restarted.
 */
const OVERRUN_EVENTS = 8192;

/**
 * Whether chokidar watches what it is told to at this path: it takes a backslash for a slash, whatever the system says,
 * and would wait for ever for a directory of another name to come.
 */
const isTaken = (path: string) => sep === '\\' || !path.includes('\\');

/** Of a path from the root; a name may begin with two dots. */
const isOutside = (relPath: string) => relPath === '..' || relPath.startsWith('../');

/**
 * Hints by chokidar: it walks by itself and hints at each file of a new directory without waiting for a scan,
 * for about 8 kB a file. A root that it cannot be told of is left to the other adapter.
 */
export const createChokidarHints: HintsFactory = (root) =>
	isTaken(realPath(root.dir)) ? watchByChokidar(root) : createDirectoryHints(root);

const watchByChokidar: HintsFactory = ({ dir, excludes, includes, followLinks, clock }) => {
	let watcher: FSWatcher | null = null;
	let identity: string | null = null;
	let events = 0;
	let isOutOfWatches = false;
	let probeDir: ProbeDir | null = null;
	let sinks: Parameters<Hints['start']> | null = null;
	const reported = new Set<string>();
	const endings = new Set<Promise<void>>();

	const reportOnce = (error: unknown) => {
		if (!reported.has(errorCode(error))) sinks?.[1](error);
		reported.add(errorCode(error));
	};

	function open(probe: ProbeDir): void {
		// Links below the root are the followed ones; the root itself may always be one.
		const real = realPath(dir);
		identity = identityNow();
		events = 0;
		isOutOfWatches = false;
		const relPathOf = (path: string) => relative(real, path).split(sep).join('/');
		watcher = new FSWatcher({
			ignoreInitial: true,
			followSymlinks: followLinks,
			// The engine settles files itself; merged events would only come later.
			atomic: false,
			awaitWriteFinish: false,
			ignored: (path, stats) => {
				const relPath = relPathOf(path);
				if (relPath === '' || isOutside(relPath) || probe.holds(path)) return false;
				return excludes(relPath) || (stats?.isFile() === true && !includes(relPath));
			},
		});
		const on = (kind: Hint['kind']) => (path: string) => {
			if (probe.holds(path)) probe.seen();
			else sinks?.[0]({ relPath: relPathOf(path), kind });
		};
		watcher
			.on('add', on('file'))
			.on('change', on('file'))
			.on('unlink', on('file'))
			.on('addDir', on('directory'))
			.on('unlinkDir', on('directory'))
			.on('raw', (event, name) => {
				events += 1;
				// The root's own end comes under its own name, and is lost where that name is excluded.
				if (event === 'rename' && name === basename(real)) on('directory')(real);
			})
			// What changed while it armed itself was nobody's to report: the root is worth a scan.
			.on('ready', () => on('directory')(real))
			.on('error', (error) => {
				isOutOfWatches ||= isExhausted(error);
				// Of these there is one for each directory.
				if (isExhausted(error)) reportOnce(error);
				else sinks?.[1](error);
			})
			.add(probe.dir === null || !isTaken(probe.dir) ? [real] : [real, probe.dir]);
	}
	function end(): void {
		if (watcher === null) return;
		// A watch that does not close is gone already.
		const ending: Promise<void> = watcher
			.close()
			.catch(() => {})
			.finally(() => endings.delete(ending));
		watcher = null;
		endings.add(ending);
	}
	function isRootWatched(): boolean {
		if (watcher === null || isOutOfWatches) return true;
		const now = identityNow();
		return now === null || (now === identity && Object.hasOwn(watcher.getWatched(), realPath(dir)));
	}
	function identityNow(): string | null {
		try {
			return directoryIdentity(dir);
		} catch (error) {
			reportOnce(error);
			return null;
		}
	}

	return {
		start(...given) {
			sinks = given;
			open((probeDir = createProbeDir(clock, reportOnce)));
		},
		cover: () => {},
		scanned() {
			if (probeDir === null || sinks === null) return;
			// Of a root that is replaced with the directory above it, or is a link that leads elsewhere now, nothing tells.
			if (events < OVERRUN_EVENTS && identityNow() === identity) return;
			end();
			open(probeDir);
		},
		async probe(ms) {
			if (probeDir === null) return true;
			const isAlive = !isTaken(probeDir.dir ?? '') || (await probeDir.probe(ms));
			return isAlive && isRootWatched();
		},
		async close() {
			sinks = null;
			end();
			await Promise.all(endings);
			await probeDir?.close();
		},
	};
};

function realPath(dir: string): string {
	try {
		return realpathSync(dir);
	} catch {
		// Not there yet, or out of reach.
		return dir;
	}
}

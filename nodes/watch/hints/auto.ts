/**
 * Hints by whichever adapter suits the size of the tree, and one watch a directory until the size is known.
 *
 * Both hint at a changed file within a few milliseconds. Chokidar walks new directories by itself and hints at
 * their files after 20 ms, where the other waits for a scan (half a second); it pays for that with about 8 kB a
 * file, so it gets the small trees.
 */
import { createChokidarHints } from './chokidar.ts';
import { createDirectoryHints } from './directories.ts';
import { isExhausted } from './exhaustion.ts';
import type { Hints, HintsFactory } from './hints-port.ts';

/** At most so many files are left to chokidar (16 MB), ... */
const SMALL_FILES = 2000;
/** ... and above these (32 MB) they are taken from it; apart, so that no tree is swapped to and fro. */
const LARGE_FILES = 4000;

/**
 * More hints, or new files, than this from one scan to the next are a storm, and chokidar is let go at once: it
 * spends 60 us of the event loop on each event, and in a storm scans find the files anyway.
 */
const STORM = 1000;

const create = { directories: createDirectoryHints, chokidar: createChokidarHints };

interface Adapter {
	readonly kind: keyof typeof create;
	readonly hints: Hints;
}

export const createAutoHints: HintsFactory = (root) => {
	let sinks: Parameters<Hints['start']> | null = null;
	let current: Adapter | null = null;
	/** Started beside the current one, which is closed when this one reports. */
	let next: Adapter | null = null;
	let chokidarFailed = false;
	let hintsSinceScan = 0;
	let filesBefore = Infinity;
	const closings = new Set<Promise<void>>();

	function begin(kind: Adapter['kind']): Adapter {
		const adapter: Adapter = { kind, hints: create[kind](root) };
		adapter.hints.start(
			(hint) => {
				// What changed while it armed itself is met by the scan that this hint brings.
				sinks?.[0](hint);
				const isReady = kind === 'chokidar' && hint.kind === 'directory' && hint.relPath === '';
				if (isReady && adapter === next) takeOver();
				hintsSinceScan += 1;
				if (hintsSinceScan === STORM && adapter === current && kind === 'chokidar') fleeStorm();
			},
			(error) => {
				if (adapter !== next || kind !== 'chokidar' || !isExhausted(error)) {
					sinks?.[1](error);
					return;
				}
				chokidarFailed = true;
				giveUp();
			},
		);
		return adapter;
	}
	function end({ hints }: Adapter): void {
		const closing = hints.close().finally(() => closings.delete(closing));
		closings.add(closing);
	}
	function takeOver(): void {
		if (current !== null) end(current);
		current = next;
		next = null;
	}
	/** Its hint at the root brings the scan that covers the directories below. */
	function beginDirectories(): void {
		next = begin('directories');
		next.hints.cover('');
	}
	function fleeStorm(): void {
		giveUp();
		beginDirectories();
		takeOver();
	}
	function giveUp(): void {
		if (next !== null) end(next);
		next = null;
	}

	return {
		start(...given) {
			sinks = given;
			current = begin('directories');
		},
		cover(relPath) {
			current?.hints.cover(relPath);
			next?.hints.cover(relPath);
		},
		scanned(found) {
			hintsSinceScan = 0;
			const isStorm = found.files - filesBefore > STORM;
			filesBefore = found.files;
			current?.hints.scanned(found);
			next?.hints.scanned(found);
			// The root was away.
			if (found.directories === 0) return;
			// This scan has covered every directory.
			if (next?.kind === 'directories') takeOver();
			else if (next !== null) return;
			else if (current?.kind === 'directories' && found.files <= SMALL_FILES && !chokidarFailed)
				next = begin('chokidar');
			else if (current?.kind === 'chokidar' && found.files > LARGE_FILES) {
				if (isStorm) fleeStorm();
				else beginDirectories();
			}
		},
		probe: async (ms) => current?.hints.probe(ms) ?? true,
		async close() {
			sinks = null;
			giveUp();
			takeOver();
			await Promise.all(closings);
		},
	};
};

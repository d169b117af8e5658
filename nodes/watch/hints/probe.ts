/**
 * The private directory by which a watcher proves that it is alive (watchman calls it a cookie): the watcher
 * watches it as it watches the user's folder, and a change in it must be reported. Used by the adapters.
 */
import { mkdtempSync, realpathSync } from 'node:fs';
import { rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import { isGone } from '../disk.ts';

export interface ProbeDir {
	/** Absolute and free of links; null where none could be made. */
	readonly dir: string | null;
	/** Whether a path is the directory or in it. */
	holds(path: string): boolean;
	/** The watcher reported something in the directory. */
	seen(): void;
	/** As Hints.probe promises. */
	probe(ms: number): Promise<boolean>;
	/** Ends what waits and removes the directory. */
	close(): Promise<void>;
}

/** Chances that one probe has: a single change may be lost to an overrun queue. */
const BEATS = 2;

export function createProbeDir(clock: Clock, onError: (error: unknown) => void): ProbeDir {
	const dir = makeDir(onError);
	const beat = dir === null ? '' : join(dir, 'beat');
	let exists = false;
	let closed = false;
	let sightings = 0;
	let wake = () => {};
	let probing: Promise<boolean> | null = null;

	const waitFor = async (sightingsBefore: number, ms: number) => {
		if (sightings === sightingsBefore && !closed) {
			await new Promise<void>((resolve) => {
				const cancel = clock.after(ms, resolve);
				wake = () => {
					cancel();
					resolve();
				};
			});
		}
		// After a long block the timer comes before the events that waited with it.
		if (sightings === sightingsBefore) await nextTurn();
		return sightings !== sightingsBefore;
	};
	const run = async (ms: number): Promise<boolean> => {
		const before = sightings;
		for (let turn = 0; turn < BEATS; turn += 1) {
			try {
				await (exists ? unlink(beat) : writeFile(beat, ''));
				exists = !exists;
			} catch (error) {
				// Somebody cleaned up, and the watch went with the directory.
				if (isGone(error)) return closed;
				onError(error);
				return true;
			}
			if (await waitFor(before, ms / BEATS)) return true;
		}
		return closed;
	};
	return {
		dir,
		holds: (path) => dir !== null && (path === dir || path.startsWith(dir + sep)),
		seen() {
			sightings += 1;
			wake();
		},
		probe(ms) {
			if (dir === null || closed) return Promise.resolve(true);
			probing ??= run(ms).finally(() => (probing = null));
			return probing;
		},
		async close() {
			closed = true;
			wake();
			await probing;
			if (dir !== null) await rm(dir, { recursive: true, force: true }).catch(onError);
		},
	};
}

function makeDir(onError: (error: unknown) => void): string | null {
	try {
		// Hidden, so that a root that holds the directory for temporary files leaves it out by default.
		return realpathSync(mkdtempSync(join(tmpdir(), '.docdrop-probe-')));
	} catch (error) {
		onError(error);
		return null;
	}
}

/**
 * The deletions of each root on their way: how many files are gone, whether a scan has confirmed the
 * whole of it, whether the mass-delete guard pauses them. The observer keeps the counts and asks before each deletion.
 *
 * Invariants:
 *  - No deletion is decided before a scan has ended that began after the file was missed, or missed it itself: until
 *    then nobody knows how many went with it.
 *  - `before` is taken when the first file of a root goes, and stands until none is missing any more: new files
 *    must not dilute a loss.
 *  - Whether all files went is asked when a scan has ended, of those that the consumer had before the loss began.
 */
import { pauseReason } from './mass-delete-guard.ts';
import type { Clock } from './clock.ts';
import type { RootChange } from './root-identity.ts';
import type { WatchSettings } from './settings.ts';

export interface PausedDeletions {
	readonly reason: string;
	/** Wall ms. */
	readonly since: number;
}

export interface Deletions {
	/** One file of the root more (1) or fewer (-1) is gone. */
	count(label: string, by: 1 | -1): void;
	/** What may become of a file that was found gone at `since` (monotonic ms), its deletion delay being over. */
	verdict(label: string, since: number): 'go' | 'pause' | 'await scan';
	/** A scan of the root begins. */
	scanBegins(label: string): void;
	/** A scan of the root ended that began at `startedAt` (monotonic ms) and could read the root. */
	scanned(label: string, startedAt: number): void;
	/** Ends the pause, if there is one, for all files that are gone now; returns how many they are. */
	release(label: string): number;
	/** Null: nothing is paused. */
	paused(label: string): (PausedDeletions & { readonly count: number }) | null;
}

export function createDeletions(deps: {
	clock: Clock;
	settings: WatchSettings;
	/** Files of the root in the state, the missing ones among them. */
	files: (label: string) => number;
	/** Whether the root is the directory whose files were accounted for. */
	rootChange: (label: string) => RootChange;
	/** Whether a file of the root is there that the consumer had before this time (wall ms). */
	isAnyLeft: (label: string, since: number) => boolean;
	wantScan: () => void;
	/** The guard paused the root's deletions, or (null) lets them go. */
	onPaused: (label: string, paused: PausedDeletions | null) => void;
	/** A scan read the root, and no file of it is missing. */
	onWhole: (label: string) => void;
}): Deletions {
	const { clock, settings } = deps;
	const roots = new Map<string, ReturnType<typeof fresh>>();
	const fresh = () => ({
		gone: 0,
		before: 0,
		/** Wall ms, of the scan that found it out, if it was one: when the first of them was missed. */
		lostAt: 0,
		/** When the scan began that is under way, wall ms. */
		scanBegan: null as number | null,
		/** No file that the consumer had before is left. */
		isAll: false,
		scannedFrom: -Infinity,
		paused: null as PausedDeletions | null,
		releasing: false,
	});
	const of = (label: string) => {
		let root = roots.get(label);
		if (root === undefined) roots.set(label, (root = fresh()));
		return root;
	};
	function reasonOf(label: string): string | null {
		const { gone, before, isAll, releasing } = of(label);
		const losses = { gone, before, known: deps.files(label), isAll, root: deps.rootChange(label) };
		return releasing ? null : pauseReason(losses, settings);
	}
	function resume(label: string): void {
		const root = of(label);
		if (root.paused === null) return;
		root.paused = null;
		deps.onPaused(label, null);
	}

	return {
		count(label, by) {
			const root = of(label);
			if (root.gone === 0) {
				root.before = deps.files(label);
				root.lostAt = root.scanBegan ?? clock.now();
			}
			root.gone += by;
			root.isAll &&= by === 1;
			if (root.gone === 0) {
				root.releasing = false;
				resume(label);
			} else if (by === -1 && root.paused !== null && reasonOf(label) === null) resume(label);
		},
		verdict(label, since) {
			const root = of(label);
			if (root.scannedFrom < since) {
				deps.wantScan();
				return 'await scan';
			}
			const reason = reasonOf(label);
			if (reason === null) return 'go';
			if (root.paused === null) {
				root.paused = { reason, since: clock.now() };
				deps.onPaused(label, root.paused);
			}
			return 'pause';
		},
		scanBegins: (label) => void (of(label).scanBegan = clock.now()),
		scanned(label, startedAt) {
			const root = of(label);
			root.scanBegan = null;
			root.scannedFrom = startedAt;
			// Looked for only where it matters: it goes over all files.
			root.isAll = root.gone > 0 && deps.rootChange(label) !== 'same' && !deps.isAnyLeft(label, root.lostAt);
			if (root.gone === 0) deps.onWhole(label);
		},
		release(label) {
			const root = of(label);
			if (root.paused === null) return 0;
			const { gone } = root;
			root.releasing = true;
			resume(label);
			return gone;
		},
		paused(label) {
			const { paused, gone } = of(label);
			// As many are gone by now, which may be more than made it pause.
			return paused === null ? null : { ...paused, reason: reasonOf(label) ?? paused.reason, count: gone };
		},
	};
}

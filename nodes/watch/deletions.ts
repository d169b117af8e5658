/**
 * The deletions of each root on their way: how many files are gone, whether a scan has confirmed the whole of
 * it, whether the brake holds them. The observer keeps it in step and asks it before each deletion.
 *
 * Invariants:
 *  - No deletion is decided before a scan that began after the file was missed, or that missed it itself, has ended: until then nobody knows
 *    how many went with it.
 *  - `before` is taken when the first file of a root goes, and stands until none is missing any more: new files
 *    must not dilute a loss.
 */
import { holdReason } from './brake.ts';
import type { Clock } from './clock.ts';
import type { WatchSettings } from './settings.ts';

export interface Held {
	readonly reason: string;
	/** Wall ms. */
	readonly since: number;
}

export interface Deletions {
	/** One file of the root more (1) or fewer (-1) is gone. */
	count(label: string, by: 1 | -1): void;
	/** What may become of a file that was found gone at `since` (monotonic ms), its grace being over. */
	verdict(label: string, since: number): 'go' | 'hold' | 'await scan';
	/** A scan of the root ended that began at `startedAt` (monotonic ms) and could read the root. */
	scanned(label: string, startedAt: number): void;
	/** Lets all that are gone now through, where any are held; returns how many. */
	release(label: string): number;
	/** Null: nothing is held. */
	held(label: string): (Held & { readonly count: number }) | null;
}

export function createDeletions(deps: {
	clock: Clock;
	settings: WatchSettings;
	/** Files of the root in the state, the missing ones among them. */
	files: (label: string) => number;
	/** Whether the root is another directory than the one whose files were accounted for. */
	isReplaced: (label: string) => boolean;
	wantScan: () => void;
	/** The brake took hold of, or let go of, the root's deletions. */
	onHold: (label: string, held: Held | null) => void;
	/** A scan read the root, and no file of it is missing. */
	onWhole: (label: string) => void;
}): Deletions {
	const { clock, settings } = deps;
	const roots = new Map<string, ReturnType<typeof fresh>>();
	const fresh = () => ({
		gone: 0,
		before: 0,
		scannedFrom: -Infinity,
		held: null as Held | null,
		releasing: false,
	});
	const of = (label: string) => {
		let root = roots.get(label);
		if (root === undefined) roots.set(label, (root = fresh()));
		return root;
	};
	function reasonOf(label: string): string | null {
		const { gone, before, releasing } = of(label);
		return releasing ? null : holdReason({ gone, before, replaced: deps.isReplaced(label) }, settings);
	}
	function letGo(label: string): void {
		const root = of(label);
		if (root.held === null) return;
		root.held = null;
		deps.onHold(label, null);
	}

	return {
		count(label, by) {
			const root = of(label);
			if (root.gone === 0) root.before = deps.files(label);
			root.gone += by;
			if (root.gone === 0) {
				root.releasing = false;
				letGo(label);
			} else if (by === -1 && root.held !== null && reasonOf(label) === null) letGo(label);
		},
		verdict(label, since) {
			const root = of(label);
			if (root.scannedFrom < since) {
				deps.wantScan();
				return 'await scan';
			}
			const reason = reasonOf(label);
			if (reason === null) return 'go';
			if (root.held === null) {
				root.held = { reason, since: clock.now() };
				deps.onHold(label, root.held);
			}
			return 'hold';
		},
		scanned(label, startedAt) {
			const root = of(label);
			root.scannedFrom = startedAt;
			if (root.gone === 0) deps.onWhole(label);
		},
		release(label) {
			const root = of(label);
			if (root.held === null) return 0;
			const { gone } = root;
			root.releasing = true;
			letGo(label);
			return gone;
		},
		held(label) {
			const { held, gone } = of(label);
			return held === null ? null : { ...held, count: gone };
		},
	};
}

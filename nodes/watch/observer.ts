/**
 * From "this path may have changed" to a row that tells the truth. Hints and scans both end here, and each path goes
 * its way in observe-path.ts: look, settle, read, or wait out the delay of a deletion. Owned by the engine. Nothing is sent from here: `offer` is told of every
 * path whose row may now differ from what the consumer knows.
 */
import { compare, sameStat } from './diff.ts';
import type { FileStat } from './disk.ts';
import { createDueQueue } from './due-queue.ts';
import {
	observePath,
	setAttention,
	settleAnew,
	type ObserverDeps,
	type ObserverState,
} from './observe-path.ts';
import { isQuiet, isRestless, type Attention } from './settle.ts';
import { createWorkQueue } from './work-queue.ts';

export interface Observer {
	/** Looks at a path soon; for hints. */
	lookSoon(docId: string): void;
	/**
	 * Takes in that a scan that began at `scanStart` (monotonic ms) did not meet the file of a row. Returns
	 * whether its deletion is under way: false for one that is paused.
	 */
	missed(docId: string, scanStart: number): boolean;
	/** A scan of the root has ended: deletions that waited for it are decided. */
	scanned(label: string): void;
	/** The root's deletions are not paused any more. */
	resumed(label: string): void;
	/** Keeps a file that is gone out of the deletions: it goes with the change of `to`. */
	markMoved(docId: string, to: string): void;
	/** Ends that: the file is looked at again. */
	unmarkMoved(docId: string): void;
	/**
	 * Takes in a file that a scan met. Returns whether that was news: false for one that equals its row, never
	 * stands still, or is parked until a `full` scan.
	 */
	met(docId: string, stat: FileStat, full: boolean): boolean;
	attention(docId: string): Attention | undefined;
	/** Paths that are not at rest, parked, paused and restless ones apart. */
	busy(): Iterable<string>;
	readonly busyCount: number;
	parked(): Iterable<[docId: string, reason: string]>;
	/** Files that never stand still. */
	restless(): Iterable<string>;
	close(): Promise<void>;
}

export function createObserver(deps: ObserverDeps): Observer {
	const { identity, ledger, clock, settings } = deps;
	const run = (docId: string) => observePath(state, docId);
	const queue = createWorkQueue({ parallel: settings.parallelReads, run, onRest: deps.onRest });
	const state: ObserverState = {
		deps,
		attentions: new Map(),
		quietCount: 0,
		awaitingScan: new Set(),
		queue,
		due: createDueQueue({ clock, onDue: queue.push }),
	};
	const { attentions, awaitingScan, due } = state;
	return {
		lookSoon(docId) {
			// A settling path is looked at anyway when it comes due.
			if (attentions.get(docId)?.kind !== 'settling') queue.push(docId);
		},
		missed(docId, scanStart) {
			const kind = attentions.get(docId)?.kind;
			if (kind === 'paused') return false;
			if (kind === 'gone' || kind === 'moved') return true;
			deps.withhold(docId);
			// Marked at once: when the scan has ended, all that it missed must have been counted.
			if ((ledger.get(docId)?.seq ?? 0) > 0) {
				setAttention(state, docId, { kind: 'gone', since: scanStart }, settings.deletionDelayMs);
			}
			// It may have come after its directory was listed.
			queue.push(docId);
			return true;
		},
		scanned(label) {
			for (const docId of [...awaitingScan]) if (identity.locate(docId)?.label === label) queue.push(docId);
		},
		resumed(label) {
			for (const [docId, { kind }] of attentions) {
				if (kind === 'paused' && identity.locate(docId)?.label === label) queue.push(docId);
			}
		},
		markMoved: (docId, to) => {
			deps.withhold(docId);
			setAttention(state, docId, { kind: 'moved', to, since: clock.monotonic() }, null);
		},
		unmarkMoved(docId) {
			setAttention(state, docId, null, null);
			queue.push(docId);
		},
		met(docId, stat, full) {
			const attention = attentions.get(docId);
			// It is looked at anyway, and would never let a scan find nothing.
			if (isRestless(attention)) return false;
			if (queue.has(docId)) return true;
			if (compare(ledger.get(docId), stat) === 'same') {
				if (attention !== undefined) queue.push(docId);
				else deps.offer(docId);
				return attention !== undefined;
			}
			if (attention?.kind === 'settling') return true;
			if (attention?.kind === 'parked' && !full) {
				if (attention.stat !== null && sameStat(attention.stat, stat)) return false;
			}
			settleAnew(state, docId, stat);
			return true;
		},
		attention: (docId) => attentions.get(docId),
		*busy() {
			for (const [docId, attention] of attentions) if (!isQuiet(attention)) yield docId;
			for (const docId of queue.names()) {
				const attention = attentions.get(docId);
				if (attention === undefined || (isQuiet(attention) && !isRestless(attention))) yield docId;
			}
		},
		get busyCount() {
			return attentions.size - state.quietCount + queue.size;
		},
		*parked() {
			for (const [docId, one] of attentions) if (one.kind === 'parked') yield [docId, one.reason];
		},
		*restless() {
			for (const [docId, one] of attentions) if (isRestless(one)) yield docId;
		},
		async close() {
			due.clear();
			await queue.close();
			due.clear();
		},
	};
}

/**
 * When a file that differs from its row may be read, and when a missing one counts as deleted. Pure; the
 * observer keeps one Attention for each path that is not at rest.
 */
import { sameStat } from './diff.ts';
import type { FileStat } from './disk.ts';

/** Why a path is not at rest. `since` is monotonic, ms. */
export type Attention =
	/** It changed: waiting for it to stand still. */
	| { readonly kind: 'settling'; readonly stat: FileStat; readonly since: number; readonly unstable: number }
	/** It is gone: waiting for the deletion delay to pass. */
	| { readonly kind: 'gone'; readonly since: number }
	/** It is gone, and the mass-delete guard pauses its deletion: waits for the file, or for a person. Not pending. */
	| { readonly kind: 'paused'; readonly since: number }
	/** It is gone, and its content stands under `to`: goes with that file's change. */
	| { readonly kind: 'moved'; readonly to: string; readonly since: number }
	/** It could not be read: left to a later scan. Counts as known, not as pending. */
	| {
			readonly kind: 'parked';
			readonly stat: FileStat | null;
			readonly reason: string;
			readonly retry: 'any scan' | 'full scan';
	  };

/** Whether nothing is to be waited for. */
export const isQuiet = (attention: Attention | null | undefined): boolean =>
	attention?.kind === 'parked' || attention?.kind === 'paused';

/** Whether the file is gone, and its deletion is still to be told. */
export const isLost = (
	attention: Attention | null | undefined,
): attention is Extract<Attention, { kind: 'gone' | 'paused' }> =>
	attention?.kind === 'gone' || attention?.kind === 'paused';

export type SettleStep =
	| { readonly kind: 'read'; readonly unstable: number }
	| { readonly kind: 'wait'; readonly ms: number; readonly attention: Attention };

/**
 * Whether a file that nothing was known of has stood still for long enough already, by its own times: all that
 * changes it sets its ctime, by the same clock as `wallNow` (ms) where the disk is the machine's own.
 */
export function isOldEnough(stat: FileStat, wallNow: number, quietMs: number): boolean {
	return wallNow - Number(stat.ctimeNs / 1_000_000n) > quietMs;
}

/** What to do with a file that has to be read and was just found with `stat`. */
export function settle(
	attention: Attention | undefined,
	stat: FileStat,
	now: number,
	quietMs: number,
): SettleStep {
	const before = attention?.kind === 'settling' ? attention : null;
	const unstable = before?.unstable ?? 0;
	if (before === null || !sameStat(before.stat, stat)) {
		return { kind: 'wait', ms: quietMs, attention: { kind: 'settling', stat, since: now, unstable } };
	}
	const left = before.since + quietMs - now;
	return left > 0 ? { kind: 'wait', ms: left, attention: before } : { kind: 'read', unstable };
}

/** What a file must still be like to be read now, without a word from `settle` first; null if it must wait. */
export function settledStat(attention: Attention | undefined, now: number, quietMs: number): FileStat | null {
	if (attention?.kind !== 'settling' || now < attention.since + quietMs) return null;
	return attention.stat;
}

/** What to do with a file that changed while it was read for the (`unstable` + 1)th time in a row. */
export function afterUnstable(
	stat: FileStat,
	unstable: number,
	now: number,
	backoffMs: readonly number[],
): { readonly attention: Attention; readonly ms: number | null } {
	const ms = backoffMs[unstable];
	if (ms === undefined) {
		const reason = 'it changes while it is read';
		return { attention: { kind: 'parked', stat, reason, retry: 'any scan' }, ms: null };
	}
	return { attention: { kind: 'settling', stat, since: now, unstable: unstable + 1 }, ms };
}

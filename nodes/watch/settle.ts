/**
 * When a file that differs from its row may be read, and when a missing one counts as deleted. Pure; the
 * observer keeps one Attention for each path that is not at rest.
 */
import { sameStat } from './diff.ts';
import type { FileStat } from './disk.ts';
import type { WatchSettings } from './settings.ts';

/** Why a path is not at rest. `since` is monotonic, ms. */
export type Attention =
	/** It changed: waiting for it to stand still. */
	| {
			readonly kind: 'settling';
			readonly stat: FileStat;
			readonly since: number;
			/** The wait began then, monotonic ms: it does not last for ever. */
			readonly begun: number;
			/** It was taken as it was, and has not stood still since: nobody waits for it. Known, not pending. */
			readonly isRestless: boolean;
	  }
	/** It is gone: waiting for the deletion delay to pass. */
	| { readonly kind: 'gone'; readonly since: number }
	/** It is gone, and the mass-delete guard pauses its deletion: waits for the file, or for a person. Not pending. */
	| { readonly kind: 'paused'; readonly since: number }
	/** It is gone, and its content stands under `to`: goes with that file's change. */
	| { readonly kind: 'moved'; readonly to: string; readonly since: number }
	/** It could not be read: left to the next full scan. Counts as known, not as pending. */
	| {
			readonly kind: 'parked';
			readonly stat: FileStat | null;
			readonly reason: string;
	  };

/** Whether it is a file that never stands still. */
export const isRestless = (attention: Attention | null | undefined): boolean =>
	attention?.kind === 'settling' && attention.isRestless;

/** Whether nothing is to be waited for. */
export const isQuiet = (attention: Attention | null | undefined): boolean =>
	attention?.kind === 'parked' || attention?.kind === 'paused' || isRestless(attention);

/** Whether the file is gone, and its deletion is still to be told. */
export const isLost = (
	attention: Attention | null | undefined,
): attention is Extract<Attention, { kind: 'gone' | 'paused' }> =>
	attention?.kind === 'gone' || attention?.kind === 'paused';

/** When the wait began, monotonic ms; null of a path that waits for nothing. */
export function waitsSince(attention: Attention | undefined): number | null {
	if (attention === undefined || attention.kind === 'parked') return null;
	return attention.kind === 'settling' ? attention.begun : attention.since;
}

export type SettleStep =
	/** `asItIs`: it has not stood still, and the longest wait is over. */
	| { readonly kind: 'read'; readonly asItIs: boolean }
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
	{ quietMs, longestWaitMs }: Patience,
): SettleStep {
	const before = attention?.kind === 'settling' ? attention : null;
	const isStill = before !== null && sameStat(before.stat, stat);
	const { begun, isRestless: wasRestless } = before ?? { begun: now, isRestless: false };
	const since = isStill ? before.since : now;
	const quietLeft = since + quietMs - now;
	if (isStill && quietLeft <= 0) return { kind: 'read', asItIs: false };
	const left = begun + Math.max(quietMs, longestWaitMs) - now;
	if (before !== null && left <= 0) return { kind: 'read', asItIs: true };
	const next = { kind: 'settling', stat, since, begun, isRestless: wasRestless } as const;
	return { kind: 'wait', ms: Math.min(quietLeft, left), attention: next };
}

type Patience = Pick<WatchSettings, 'quietMs' | 'longestWaitMs'>;

/** What a file must still be like to be read now, without a word from `settle` first; null if it must wait. */
export function settledStat(attention: Attention | undefined, now: number, quietMs: number): FileStat | null {
	if (attention?.kind !== 'settling' || now < attention.since + quietMs) return null;
	return attention.stat;
}

/** A file that was found with `stat` and changed while it was read: it waits again, though not for longer in all. */
export function afterUnstable(attention: Attention | undefined, stat: FileStat, now: number): Attention {
	const { begun, isRestless: wasRestless } =
		attention?.kind === 'settling' ? attention : { begun: now, isRestless: false };
	return { kind: 'settling', stat, since: now, begun, isRestless: wasRestless };
}

/** A file that was found with `stat` was taken as it was: until it stands still, that is done again and again. */
export function afterAsItIs(stat: FileStat, now: number): Attention {
	return { kind: 'settling', stat, since: now, begun: now, isRestless: true };
}

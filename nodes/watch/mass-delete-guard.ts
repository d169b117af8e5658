/**
 * When deletions are paused instead of sent: a folder that was unmounted, emptied or replaced looks exactly like
 * one whose files were deleted, and an index emptied by mistake is expensive to make again. Pure; the observer
 * asks before each deletion.
 */
import type { WatchSettings } from './settings.ts';

export interface Losses {
	/** Files that are gone and not sent as deleted: in their deletion delay or paused; moved ones are not among them. */
	readonly gone: number;
	/** Files that were there before the first of these went. */
	readonly before: number;
	/** Files that are known now, those that are gone among them. */
	readonly known: number;
	/** The root is another directory (by inode) than the one in which those files were seen. */
	readonly replaced: boolean;
}

/** Why the deletions of a root must wait for its files or for a person; null: they may go. */
export function pauseReason(
	{ gone, before, known, replaced }: Losses,
	settings: Pick<WatchSettings, 'guardShare' | 'guardFloor'>,
): string | null {
	if (settings.guardShare >= 1 || gone === 0) return null;
	if (replaced && gone >= before) {
		return `the folder is another one than before, and all ${gone} files are gone: unmounted, or made anew`;
	}
	if (gone > Math.max(before * settings.guardShare, settings.guardFloor)) {
		// Of more than there were, some came and went since.
		return `${gone} of ${gone > before ? known : before} files are gone at once`;
	}
	return null;
}

/**
 * When deletions are paused instead of sent: a folder that was unmounted, emptied or replaced looks exactly like
 * one whose files were deleted, and an index emptied by mistake is expensive to make again. Pure; the observer
 * asks before each deletion.
 *
 * People delete files one by one, and the last one of a folder as well: that is told. An empty folder in the place of
 * another one is held, however few files that had. Where the file system cannot tell whether it is another one, all
 * of several files at once are held, and the last one of a folder is not: one document is soon published again.
 */
import type { RootChange } from './root-identity.ts';
import type { WatchSettings } from './settings.ts';

export interface Losses {
	/** Files that are gone and not sent as deleted: in their deletion delay or paused; moved ones are not among them. */
	readonly gone: number;
	/** Files that were there before the first of these went. */
	readonly before: number;
	/** Files that are known now, those that are gone among them. */
	readonly known: number;
	/** No file is left that was there before. */
	readonly isAll: boolean;
	/** Whether the root is the directory in which those files were seen. */
	readonly root: RootChange;
}

/** Why the deletions of a root must wait for its files or for a person; null: they may go. */
export function pauseReason(
	{ gone, before, known, isAll, root }: Losses,
	settings: Pick<WatchSettings, 'guardShare' | 'guardFloor'>,
): string | null {
	if (settings.guardShare >= 1 || gone === 0) return null;
	if (isAll && root === 'other') {
		const files = gone === 1 ? 'its one file is gone' : `all ${gone} files are gone`;
		return `the folder is another one than before, and ${files}: unmounted, or made anew`;
	}
	if (isAll && root === 'unsure' && gone > 1) {
		return `all ${gone} files are gone at once, and the file system does not say whether the folder is the same one: unmounted, or emptied`;
	}
	if (gone > Math.max(before * settings.guardShare, settings.guardFloor)) {
		// Of more than there were, some came and went since.
		return `${gone} of ${gone > before ? known : before} files are gone at once`;
	}
	return null;
}

/** A root and what its last scan said; written by reconcile.ts, read by watch-status.ts. */
export interface RootState {
	readonly label: string;
	/** Absolute. */
	readonly dir: string;
	/** Whether a watcher tells of changes, or only scans do. */
	mode: 'watch' | 'poll';
	/** Of the directory, decimal, at the last scan; null where it could not be asked. */
	inode: string | null;
	/** Wall ms, as is `verifiedAt`. */
	lastScanAt: number | null;
	scanMs: number | null;
	verifiedAt: number | null;
	skippedCount: number;
	skipped: readonly Remark[];
	unreadable: readonly Remark[];
}

export interface Remark {
	/** Under the root; replacement characters stand for bytes that are not UTF-8. */
	readonly relPath: string;
	readonly reason: string;
}

/** Remarks of each kind that are kept and listed for a root. */
export const REMARKS_LISTED = 200;

export function newRootState(label: string, dir: string): RootState {
	const never = { inode: null, lastScanAt: null, scanMs: null, verifiedAt: null };
	return { label, dir, mode: 'watch', ...never, skippedCount: 0, skipped: [], unreadable: [] };
}

/** Whether the root itself could not be scanned. */
export function isAway(root: RootState): boolean {
	return root.unreadable.some(({ relPath }) => relPath === '');
}

/** A root and what its last scan said; written by reconcile.ts, read by watch-status.ts. */
export interface RootState {
	readonly label: string;
	/** Absolute. */
	readonly dir: string;
	/** Whether a watcher tells of changes, or only scans do. */
	mode: 'watch' | 'poll';
	/** Which directory it was at the last scan (root-identity.ts); null where it could not be asked. */
	id: string | null;
	/** Disks that were mounted below it, and are not, though files that were on them are known: paths under the root. */
	unmounted: readonly string[];
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

/** The remark on a file above `maxFileBytes`: nothing of it is read, and what was read of it before stays. */
export const TOO_LARGE = 'the file is larger than the limit';

/** Remarks of each kind that are kept and listed for a root. */
export const REMARKS_LISTED = 200;

export function newRootState(label: string, dir: string): RootState {
	const never = { id: null, lastScanAt: null, scanMs: null, verifiedAt: null };
	return { label, dir, mode: 'watch', ...never, unmounted: [], skippedCount: 0, skipped: [], unreadable: [] };
}

/** Whether the root itself could not be scanned. */
export function isAway(root: RootState): boolean {
	return root.unreadable.some(({ relPath }) => relPath === '');
}

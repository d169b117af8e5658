import type { Clock } from '../clock.ts';

/**
 * Early word that something may have changed under one root. Adapters: directories, chokidar, auto, polling.
 *
 * A hint is never believed: it makes a path worth a look and a scan worth while, nothing more. Hints may be
 * doubled, late or wrong, and when the kernel's queue overruns they are lost without a word; scans make up for
 * all of it. Who uses hints answers every one of them with a scan, and calls `cover` for each directory that
 * the scan meets and `scanned` at its end.
 *
 * Promises that every adapter keeps (test/conformance/hints.ts holds them):
 *  1. No call throws and no promise rejects: faults go to `onError`. Being out of watches or descriptors
 *     (ENOSPC, EMFILE) is told once and costs hints alone; what could not be watched is tried again when a scan
 *     meets it again (by chokidar, when another instance is started).
 *  2. From the directory hint that follows the first `cover` of a directory on, a change of its entries
 *     (created, changed, removed, renamed, moved in or out) brings a hint at the entry, or a directory hint at
 *     or above it. What changed before that hint was nobody's to report: it is worth a scan itself.
 *  3. Nothing that `excludes` names is watched or hinted at, nor is anything below it.
 *  4. A directory that was moved or replaced is not hinted at under its old name once the move was noticed
 *     (unless a link to it took its place), and what took its place is hinted at after the next scan.
 *  5. A root that is absent, goes, or is replaced ends in a hint at it or in `onError`; once it is back and
 *     covered again, promise 2 holds again.
 *  6. Where nothing changes, nothing is hinted at, however often directories are covered and scans end: a hint
 *     brings a scan, and a scan must not bring hints for ever.
 *  7. After `close` was called nothing is reported; once it resolved, nothing is watched, and no file or
 *     directory of the adapter's own is left.
 *  8. `probe` is true while changes are still reported, however busy the process is, and false when the
 *     watches have died without an error, or none is on the directory that is the root now: that a watcher lives
 *     says nothing of where it looks.
 *  9. What a path is called does not matter, the root's neither.
 *
 * An adapter that watches nothing (polling) reports nothing, and keeps the others.
 */
export interface Hint {
	/** Under the root, `/` separated; `''` is the root itself. */
	readonly relPath: string;
	/** `file` also where nothing is known but the name. */
	readonly kind: 'file' | 'directory';
}

export interface Hints {
	/** Begins; called once, before everything else. */
	start(onHint: (hint: Hint) => void, onError: (error: unknown) => void): void;
	/**
	 * A scan met this directory, which is not excluded; `''` is the root, to be covered right after `start` and
	 * by every scan. Idempotent and cheap. Adapters that watch recursively ignore it.
	 */
	cover(relPath: string): void;
	/**
	 * A scan has ended and covered every directory that is there: what was not covered since the last call is
	 * no longer watched. Not to be called for a scan that was given up; no directories: the root was away.
	 * Adapters may choose by the counts.
	 */
	scanned(found: { readonly files: number; readonly directories: number }): void;
	/**
	 * Whether changes are still reported: looks whether the root is watched, changes something in a private directory
	 * outside the root, which the same watcher watches, and waits for word of it for at most `ms`. True also where no
	 * such change can be made (no space, no right), as then nothing is known, where the root is away, and where there
	 * is no watch left for it.
	 */
	probe(ms: number): Promise<boolean>;
	/** Releases everything; may be called more than once. */
	close(): Promise<void>;
}

/** Makes the hints of one root. */
export type HintsFactory = (root: {
	/** Absolute. */
	readonly dir: string;
	/** Names entries that need no watching, with all that is below them. */
	readonly excludes: (relPath: string) => boolean;
	/** Names files that are wanted: what is written into others need not be hinted at. */
	readonly includes: (relPath: string) => boolean;
	/** Whether directories behind symbolic links belong to the tree. */
	readonly followLinks: boolean;
	readonly clock: Clock;
}) => Hints;

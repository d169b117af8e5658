/**
 * One walk over a root: what is there, as the disk says it. Adapters: scanner-on-disk.ts (in this thread, through the
 * Disk port), scanner-in-thread.ts (in a thread of its own). reconcile.ts holds what they report against the rows.
 *
 * Promises that every adapter keeps (test/conformance/scanner.ts holds them):
 *  1. Every regular file that the globs want, and that is there from the beginning of the walk to its end, is
 *     reported once, with a stat that was taken during the walk. Nothing is opened.
 *  2. Every directory that could be listed is reported once, before the files in it; the root, `''`, comes first.
 *  3. What the globs leave out is not looked into and not reported.
 *  4. What is there and is no regular file, or has no name in UTF-8, is reported as skipped, with the reason.
 *     A symbolic link is skipped unless links are followed; followed, it counts as what it leads to, and is
 *     skipped where that is nothing, or a directory on the way to the link.
 *  5. A directory or file of which the disk does not tell whether and how it is there is reported as
 *     unreadable, the root too: nothing at or below it may be taken as gone.
 *  6. What vanishes during the walk is not reported at all, or as it was; that is no error.
 *  7. `scan` resolves only when the whole tree was walked. It rejects when it is aborted, at once even where
 *     the disk does not answer, and reports nothing afterwards.
 *  8. A walk that has to start over says so with another `begin`.
 *  9. Between two reports of some hundred entries the event loop turns.
 * 10. `close` ends what runs; afterwards `scan` rejects, and no thread is left.
 */
import type { Clock } from '../clock.ts';
import type { Disk, FileStat } from '../disk.ts';
import type { WatchSettings } from '../settings.ts';

export interface Scanner {
	scan(dir: string, sinks: ScanSinks, signal: AbortSignal): Promise<void>;
	close(): Promise<void>;
}

/** What a walk reports; `relPath` is under the root, `/` separated, `''` for the root itself. */
export interface ScanSinks {
	/** The walk begins, or starts over: what it reported before counts no longer. */
	begin(): void;
	directory(relPath: string): void;
	/** A regular file that the globs want. */
	file(relPath: string, stat: FileStat): void;
	/** An entry that is left out for what it is, not by a glob. `relPath` may hold replacement characters. */
	skipped(relPath: string, reason: string): void;
	/** Nothing at or below `relPath` may be taken as gone. */
	unreadable(relPath: string, code: string): void;
}

/** Which entries are walked. Plain data: it is handed to a thread. */
export type ScanRules = Pick<WatchSettings, 'include' | 'exclude' | 'followLinks'>;

/** Makes the scanner of one engine; it serves all roots of it. */
export type ScannerFactory = (deps: {
	readonly rules: ScanRules;
	/** Where the walk runs in this thread. Must follow links if the rules say so. */
	readonly disk: Disk;
	readonly clock: Clock;
	readonly log: (level: 'error', event: string, data: Record<string, unknown>) => void;
}) => Scanner;

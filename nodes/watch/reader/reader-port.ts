/**
 * The two questions about single files that a storm asks tens of thousands of times. Adapters: reader-on-disk.ts (in
 * the main thread, through the Disk port), reader-in-thread.ts (in a thread of its own). The observer asks.
 *
 * Promises that every adapter keeps (test/conformance/reader.ts holds them):
 *  1. `look` finds what Disk.find does, and rejects as it does, with the same codes.
 *  2. `fingerprint`, and a look that reads, gives the hashes of exactly the bytes that were there at `before`, or says why not, as
 *     fingerprint.ts has it; it never rejects. Nothing but the file of `before` is read: no link where none is
 *     followed, no pipe, and nothing that took its place.
 *  3. An answer never tells of a time before its question.
 *  4. `close` leaves no thread behind; what is asked then or later is still answered.
 */
import type { Clock } from '../clock.ts';
import type { Disk, FileStat, FoundStat } from '../disk.ts';
import type { Fingerprint } from '../fingerprint.ts';

/** What stands at a path. */
export interface Look {
	readonly stat: FoundStat;
	/** Where the file was as expected, it may have been read at once: saves a storm half of its questions. */
	readonly fingerprint: Fingerprint | null;
}

export interface Reader {
	/** `expected`: the file is to be read if it is still like this; null if it is not. */
	look(root: string, relPath: string, expected: FileStat | null): Promise<Look>;
	/** `path` is absolute, and `before` was found there. `asItIs`: it may change meanwhile (fingerprint.ts). */
	fingerprint(path: string, before: FoundStat, asItIs: boolean): Promise<Fingerprint>;
	close(): Promise<void>;
}

/** Makes the reader of one engine. */
export type ReaderFactory = (deps: {
	/** Must follow links exactly if `followLinks` says so. */
	readonly disk: Disk;
	readonly followLinks: boolean;
	readonly clock: Clock;
	readonly log: (level: 'error', event: string, data: Record<string, unknown>) => void;
}) => Promise<Reader>;

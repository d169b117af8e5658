/** What passes between the reader and its thread. */
import type { FileStat, FoundStat } from '../disk.ts';
import type { Fingerprint } from '../fingerprint.ts';
import type { Look } from './reader-port.ts';

export type ReaderQuestion =
	| {
			readonly op: 'look';
			readonly root: string;
			readonly relPath: string;
			readonly expected: FileStat | null;
	  }
	| {
			readonly op: 'fingerprint';
			readonly path: string;
			readonly before: FoundStat;
			readonly asItIs: boolean;
	  };

/** `failed`: the code of the error that a `look` ended with. */
export type ReaderAnswer = Look | Fingerprint | { readonly failed: string };

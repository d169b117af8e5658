/** What passes between the reader and its thread. */
import type { FileStat } from '../disk.ts';
import type { Fingerprint } from '../fingerprint.ts';
import type { Look } from './reader-port.ts';

export type Question =
	| {
			readonly id: number;
			readonly op: 'look';
			readonly root: string;
			readonly relPath: string;
			readonly expected: FileStat | null;
	  }
	| { readonly id: number; readonly op: 'fingerprint'; readonly path: string; readonly before: FileStat };

/** `code`: of the error that a `look` ended with. */
export type Reply = readonly [id: number, answer: Look | Fingerprint | { readonly code: string }];

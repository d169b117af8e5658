/** What passes between the reader and its thread. */
import type { FileStat } from '../disk.ts';
import type { Fingerprint } from '../fingerprint.ts';

export type Question =
	| { readonly id: number; readonly op: 'find'; readonly root: string; readonly relPath: string }
	| { readonly id: number; readonly op: 'fingerprint'; readonly path: string; readonly before: FileStat };

/** `code`: of the error that a `find` ended with. */
export type Reply = readonly [id: number, answer: FileStat | Fingerprint | { readonly code: string }];

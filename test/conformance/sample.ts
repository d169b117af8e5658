import type { Block } from '../../api/chunking/chunk.ts';

/**
 * A file of a type and what its reader must find in it, block by block: the basic test of every reader. The
 * conformance suite of extractors reads it through each of them, in this process and in a child.
 *
 * A sample of one time has some 2,500 characters, and blocks that are shorter than a chunk and stand side by side,
 * as the reader's own rules tell them apart: what is no border of blocks for the reader must make its test fail.
 */
export interface Sample {
	readonly content: string | Uint8Array;
	readonly title: string | null;
	readonly blocks: readonly Block[];
}

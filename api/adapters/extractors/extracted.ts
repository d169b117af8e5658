import type { Block } from '../../chunking/index.ts';

/** What reading a file of any type gives. */
export interface Document {
	readonly title: string | null;
	/** In reading order; none is blank. */
	readonly blocks: Block[];
	/**
	 * For people: what of the file could not be read, a short sentence each, such as `pages 3 and 7 have no text
	 * layer`. Nothing of the file's content, and no word of where it lies.
	 */
	readonly warnings?: readonly string[];
}

/** What is known of a file when its last block has gone to the chunker. */
export type StreamEnd = Omit<Document, 'blocks'>;

import type { Block } from '../../chunking/index.ts';

/** What reading a file of any type gives. */
export interface Document {
	readonly title: string | null;
	/** In reading order; none is blank. */
	readonly blocks: Block[];
}

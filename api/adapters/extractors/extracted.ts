import type { Block } from '../../chunking/index.ts';

/** What reading a file of any type gives. */
export interface Document {
	readonly title: string | null;
	/** In reading order; none is blank. */
	readonly blocks: Block[];
	/** What the document says of itself beside its text. */
	readonly description?: string;
	readonly keywords?: readonly string[];
	/** Standard name of the charset that its bytes were read in, where they are text. */
	readonly charset?: string;
}

/** What is searched of a document: what it says of itself, and its text. */
export function searchedBlocks({ blocks, description, keywords = [] }: Document): Block[] {
	const about: Block[] = [];
	if (description !== undefined) about.push({ kind: 'paragraph', text: description });
	if (keywords.length > 0) about.push({ kind: 'paragraph', text: `Keywords: ${keywords.join(', ')}` });
	return about.length === 0 ? blocks : [...about, ...blocks];
}

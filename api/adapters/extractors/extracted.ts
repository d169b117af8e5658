import type { Block } from '../../chunking/index.ts';

/** Of a title, in characters: what is longer is no title, or is cut. */
export const LONGEST_TITLE = 300;

/** What reading a file of any type gives. */
export interface Document {
	readonly title: string | null;
	/**
	 * The title where it stands above all headings, of a reader that knows it before the first block. Absent: of
	 * a buffered type wherever it is none of the headings.
	 */
	readonly ownTitle?: string | null;
	/** In reading order; none is blank. */
	readonly blocks: Block[];
	/** What the document says of itself beside its text. */
	readonly description?: string;
	readonly keywords?: readonly string[];
	/** Standard name of the charset that its bytes were read in, where they are text. */
	readonly charset?: string;
	/**
	 * For people: what of the file could not be read, a short sentence each, such as `pages 3 and 7 have no text
	 * layer`. Nothing of the file's content, and no word of where it lies.
	 */
	readonly warnings?: readonly string[];
}

/** What is known of a file when its last block has gone to the chunker. */
export type StreamEnd = Omit<Document, 'blocks' | 'ownTitle'>;

/** What is searched of a document: its text, and below its first headings what it says of itself. */
export function searchedBlocks({ blocks, description, keywords = [] }: Document): Block[] {
	const about: Block[] = [];
	if (description !== undefined) about.push({ kind: 'paragraph', text: description });
	if (keywords.length > 0) about.push({ kind: 'paragraph', text: `Keywords: ${keywords.join(', ')}` });
	if (about.length === 0) return blocks;
	const body = blocks.findIndex(({ kind }) => kind !== 'heading');
	return body < 0 ? [...blocks, ...about] : blocks.toSpliced(body, 0, ...about);
}

/** For a document that has no title of its own. */
export function headingOf(blocks: readonly Block[]): string | null {
	const headings = blocks.filter((block) => block.kind === 'heading');
	return (headings.find((block) => block.level === 1) ?? headings[0])?.text ?? null;
}

/**
 * text.ts for a file that is streamed: the same headings and paragraphs
 * (test/adapters/extractors/text-stream.test.ts). A paragraph that is longer than the limit, such as a whole log or table without a blank
 * line, goes on in pieces. The indentation that its lines share, which only its end tells, comes from a walk
 * of its own before.
 */
import type { Block, ChunkStream } from '../../chunking/index.ts';
import type { TextFile } from './decode-stream.ts';
import { isBorder } from './rst.ts';
import { createHeadings, dedent, indentOf } from './text.ts';

/** A paragraph of more characters is not kept whole. */
const LONG_PARAGRAPH = 64 * 1024;

type Event =
	| { readonly block: Block }
	/** Of a long paragraph: its first lines, each further one, and its end. */
	| { readonly begin: readonly string[] }
	| { readonly line: string }
	| { readonly end: true };

/** Feeds the chunker, and stops after each block or piece for what is to be taken. Returns the title. */
export function* streamText(
	file: TextFile,
	chunks: ChunkStream,
	longParagraph: number = LONG_PARAGRAPH,
): Generator<void, string | null> {
	const indents = sharedIndents(file, longParagraph);
	let title: string | null = null;
	let indent = 0;
	for (const event of events(file, longParagraph)) {
		if ('block' in event) {
			if (event.block.kind === 'heading') title ??= event.block.text;
			chunks.block(event.block);
		} else if ('begin' in event) {
			indent = indents.shift() ?? 0;
			chunks.open();
			chunks.more(event.begin.map((line) => line.slice(indent).trimEnd()).join('\n'));
		} else if ('line' in event) {
			chunks.more(`\n${event.line.slice(indent).trimEnd()}`);
		} else {
			chunks.close();
		}
		yield;
	}
	chunks.end();
	return title;
}

/** Of the long paragraphs, in order. */
function sharedIndents(file: TextFile, longParagraph: number): number[] {
	const indents: number[] = [];
	let shared = 0;
	for (const event of events(file, longParagraph)) {
		if ('begin' in event)
			shared = event.begin.reduce((least, line) => Math.min(least, indentOf(line)), Infinity);
		else if ('line' in event) shared = Math.min(shared, indentOf(event.line));
		else if ('end' in event) indents.push(shared);
	}
	return indents;
}

function* events(file: TextFile, longParagraph: number): Generator<Event> {
	const headings = createHeadings(file.mimeType);
	let lines: string[] = [];
	let length = 0;
	let isLong = false;

	/** Whether `lines` begins where the paragraph does. */
	let isWhole = true;

	function* head(): Generator<Event> {
		const found: Block[] = [];
		const from = headings.read(lines, (block) => found.push(block), isWhole);
		for (const block of found) yield { block };
		if (from > 0) isWhole = false;
		lines = lines.slice(from);
	}
	function* flush(): Generator<Event> {
		yield* head();
		const text = dedent(lines);
		if (text !== '') yield { block: { kind: 'paragraph', text } };
		lines = [];
		length = 0;
		isWhole = true;
	}
	for (const line of file.lines()) {
		if (!isBorder(line, file.mimeType)) {
			if (isLong) {
				yield { line };
				continue;
			}
			lines.push(line);
			length += line.length;
			if (length <= longParagraph || lines.length < 4) continue;
			// Headings stand at its beginning; with three lines of its own text no further one can follow.
			yield* head();
			length = lines.reduce((sum, one) => sum + one.length, 0);
			if (length <= longParagraph || lines.length < 3) continue;
			yield { begin: lines };
			lines = [];
			isLong = true;
		} else if (isLong) {
			yield { end: true };
			isLong = false;
			isWhole = true;
			length = 0;
		} else if (lines.length > 0) {
			yield* flush();
		}
	}
	if (isLong) yield { end: true };
	else if (lines.length > 0) yield* flush();
}

/**
 * Blocks of a document to chunks: pure, and the one place that decides what a chunk is. The extractor
 * adapters call it in their worker; anyone may call it for a preview.
 *
 * Invariants:
 *  - A heading starts a new section, and no chunk spans two sections. Headings directly below one another
 *    (a title, then its first subtitle) share a section, so that none of them becomes a chunk of its own.
 *  - A chunk's text is one slice of its section's text: blocks joined by blank lines (list items and table
 *    rows by line ends), the headings' own lines included. Nothing is rewritten, so nothing gets lost.
 *    Where it begins further down a table, the table's header line stands above it once more, if there is room.
 *  - The document's title stands above all headings, unless the outermost of them says it already.
 *  - Where a section is longer than one chunk, the cuts come from the text around them (chunk-cuts.ts), and
 *    a chunk's overlap from the text just before it: an edit changes the chunks beside it and no others.
 */
import { cutPoints, type Span } from './chunk-cuts.ts';
import { newSection, piecesAt } from './chunk-pieces.ts';
import {
	type CharSizes,
	checkChunkSettings,
	type ChunkSizes,
	defaultChunkSettings,
	sectionSizes,
	type TokenSizes,
} from './chunk-sizes.ts';
import { headingOf, MAX_DEPTH, shortened, type TrailEntry } from './heading-trail.ts';
import type { Piece } from './piece.ts';

/** A piece of a document in reading order, as the extractors give it. */
export interface Block {
	readonly kind: 'heading' | 'paragraph' | 'item' | 'code' | 'row';
	/** Headings: 1 is the outermost. Items: depth of nesting, from 1. */
	readonly level?: number;
	readonly text: string;
	/** From 1, where the format has pages. */
	readonly page?: number;
	/** Rows: the line that names their columns, for all rows below it; each chunk of them begins with it. */
	readonly header?: string;
}

/** Grows whenever the same blocks may give other chunks, or the same chunk another text to embed. */
export const CHUNKER_VERSION = 3;

/** `title`: what the document is called beside its own headings; null where nothing is. */
export function chunk(
	blocks: readonly Block[],
	settings: Partial<CharSizes> | Extract<ChunkSizes, TokenSizes> = {},
	title: string | null = null,
): Piece[] {
	const sizes = 'maxTokens' in settings ? settings : { ...defaultChunkSettings, ...settings };
	checkChunkSettings(sizes);
	const pieces: Piece[] = [];
	const trail: TrailEntry[] = [];
	let section: Block[] = [];
	let onlyHeadings = true;
	const close = () => {
		cutSection(section, headingOf(trail, title, sizes), sizes, pieces);
		section = [];
	};
	for (const block of blocks) {
		if (block.text.trim() === '') continue;
		if (block.kind === 'heading') {
			const level = Math.min(Math.max(block.level ?? 1, 1), MAX_DEPTH);
			const below = trail.at(-1);
			const joins = onlyHeadings && below !== undefined && level > below.level;
			if (section.length > 0 && !joins) close();
			while ((trail.at(-1)?.level ?? 0) >= level) trail.pop();
			trail.push({ level, text: shortened(block.text) });
			onlyHeadings = true;
		} else {
			onlyHeadings = false;
		}
		section.push(block);
	}
	if (section.length > 0) close();
	return pieces;
}

export function cutSection(
	blocks: readonly Block[],
	heading: string | null,
	chunkSizes: ChunkSizes,
	into: Piece[],
): void {
	const parts: string[] = [];
	const spans: Span[] = [];
	let length = 0;
	let previous: Block | undefined;
	for (const block of blocks) {
		if (previous !== undefined) {
			const list = block.kind === previous.kind && (block.kind === 'item' || block.kind === 'row');
			parts.push(list ? '\n' : '\n\n');
			length += list ? 1 : 2;
		}
		parts.push(block.text);
		spans.push({ start: length, end: length + block.text.length, byLine: block.kind === 'code' });
		length += block.text.length;
		previous = block;
	}
	const text = parts.join('');
	const sizes = sectionSizes(chunkSizes, heading);
	const section = newSection(heading, sizes);
	const starts = [0, ...cutPoints(text, spans, sizes, section.ruler)];
	let at = 0;
	/** The first of the blocks with the header that the block at hand has. */
	let rows = 0;
	for (const [index, start] of starts.entries()) {
		const end = starts[index + 1] ?? length;
		while (at + 1 < spans.length && (spans[at + 1]?.start ?? length) <= start) {
			at += 1;
			if (blocks[at]?.header !== blocks[rows]?.header) rows = at;
		}
		if (text.slice(start, end).trim() === '') continue;
		const place = {
			...{ floor: starts[index - 1] ?? 0, start, end, page: blocks[at]?.page ?? null },
			...{ header: blocks[at]?.header, rowsFrom: spans[rows]?.start ?? 0 },
		};
		into.push(...piecesAt({ text, base: 0 }, place, section));
	}
}

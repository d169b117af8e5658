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
import { createHash } from 'node:crypto';
import { DocDropError } from '../errors.ts';
import { cutPoints, type Span } from './chunk-cuts.ts';
import { chunkStart } from './chunk-start.ts';

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

export interface ChunkSettings {
	/** Longest chunk, overlap included, in UTF-16 code units; 200 to 8,000. */
	readonly maxChars: number;
	/** Longest repetition of the chunk before, in UTF-16 code units; 0 to less than half of maxChars. */
	readonly overlapChars: number;
}

export const defaultChunkSettings: ChunkSettings = { maxChars: 1200, overlapChars: 150 };

/** Grows whenever the same blocks may give other chunks, or the same chunk another text to embed. */
export const CHUNKER_VERSION = 3;

export interface Piece {
	readonly text: string;
	/** Title and headings above, outermost first, joined by ` > `; null where there are none. */
	readonly heading: string | null;
	/** Where the piece begins (its overlap aside); null where the format has no pages. */
	readonly page: number | null;
}

/** Throws `config_invalid` for sizes that cannot work. */
export function checkChunkSettings({ maxChars, overlapChars }: ChunkSettings): void {
	if (!Number.isInteger(maxChars) || maxChars < 200 || maxChars > 8000) {
		throw new DocDropError(
			'config_invalid',
			`maxChars must be a whole number from 200 to 8000, not ${maxChars}`,
		);
	}
	if (!Number.isInteger(overlapChars) || overlapChars < 0 || overlapChars * 2 >= maxChars) {
		throw new DocDropError(
			'config_invalid',
			`overlapChars must be a whole number from 0 to less than half of maxChars (${maxChars}), not ${overlapChars}`,
		);
	}
}

/** `title`: what the document is called beside its own headings; null where nothing is. */
export function chunk(
	blocks: readonly Block[],
	settings: Partial<ChunkSettings> = {},
	title: string | null = null,
): Piece[] {
	const sizes = { ...defaultChunkSettings, ...settings };
	checkChunkSettings(sizes);
	const pieces: Piece[] = [];
	const trail: TrailEntry[] = [];
	let section: Block[] = [];
	let onlyHeadings = true;
	const close = () => {
		cutSection(section, headingOf(trail, title), sizes, pieces);
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

export interface TrailEntry {
	readonly level: number;
	readonly text: string;
}

/** Null where nothing stands above. */
export function headingOf(trail: readonly TrailEntry[], title: string | null): string | null {
	const parts = trail.map(({ text }) => text);
	const above = title === null ? '' : shortened(title);
	if (above !== '' && !says(parts[0] ?? '', above)) parts.unshift(above);
	return parts.length === 0 ? null : parts.join(SEPARATOR);
}

/** Whether a heading is the title, or the title but for the name of a site that stands beside it (`Guide | Site`). */
function says(heading: string, title: string): boolean {
	const [own, whole] = [heading.toLowerCase(), title.toLowerCase()];
	if (own === '' || own === whole) return own !== '';
	if (whole.startsWith(own)) return /^ ?[-|:·•«»–—]/.test(whole.slice(own.length));
	return whole.endsWith(own) && /[-|:·•«»–—] ?$/.test(whole.slice(0, -own.length));
}

/**
 * SHA-256, hex, over heading, page and text, each with its length in bytes before it; a null differs from
 * every text. The chunk's identity within its document.
 */
export function chunkHash({ text, heading, page }: Piece): string {
	const hash = createHash('sha256');
	for (const part of [heading, page === null ? null : String(page), text]) {
		hash.update(part === null ? '-;' : `${Buffer.byteLength(part)};`);
		if (part !== null) hash.update(part);
	}
	return hash.digest('hex');
}

/**
 * A chunk as the embedder and full-text search see it: its text below the headings above it, each of them once.
 * A section's first chunk begins with the headings of its section; only their parents go in front of it.
 */
export function embeddedText({ heading, text }: Pick<Piece, 'heading' | 'text'>): string {
	if (heading === null) return text;
	const firstLines = text.split(/\n{2,}/, MAX_DEPTH).map(shortened);
	for (let count = firstLines.length; count > 0; count -= 1) {
		const own = firstLines.slice(0, count).join(SEPARATOR);
		if (heading === own) return text;
		if (heading.endsWith(SEPARATOR + own)) return `${heading.slice(0, -(SEPARATOR + own).length)}\n${text}`;
	}
	return `${heading}\n${text}`;
}

const SEPARATOR = ' > ';

/** Deeper headings count as this deep; with TRAIL_CHARS it bounds what is repeated on every chunk. */
export const MAX_DEPTH = 6;
const TRAIL_CHARS = 100;

/** A heading as the trail shows it: on one line, cut. Its whole text stands in its section. */
export function shortened(text: string): string {
	const line = text
		.slice(0, TRAIL_CHARS * 4)
		.replace(/\s+/g, ' ')
		.trim();
	if (line.length <= TRAIL_CHARS) return line;
	return line
		.slice(0, TRAIL_CHARS)
		.replace(/[\uD800-\uDBFF]$/, '')
		.trimEnd();
}

export function cutSection(
	blocks: readonly Block[],
	heading: string | null,
	sizes: ChunkSettings,
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
	const budget = sizes.maxChars - sizes.overlapChars;
	const starts = length <= sizes.maxChars ? [0] : [0, ...cutPoints(text, spans, budget)];
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
			...{ floor: starts[index - 1] ?? 0, start, end },
			...{ header: blocks[at]?.header, rowsFrom: spans[rows]?.start ?? 0 },
		};
		const { from, header } = chunkStart(text, place, sizes);
		into.push({
			text: header + text.slice(from, end).replace(/^\n+/, '').trimEnd(),
			heading,
			page: blocks[at]?.page ?? null,
		});
	}
}

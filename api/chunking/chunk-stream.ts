/**
 * chunk.ts for documents that are too large to be in memory: blocks come one by one, a long one in pieces, and
 * chunks go out as soon as nothing that follows can change them. The same blocks give the same chunks as
 * `chunk` does (test/chunking/chunk-stream.test.ts), so that both are one version of the chunker.
 *
 * Takes blocks of every kind but code, which chunk.ts cuts by other rules. Memory: a few windows.
 */
import { type Block, cutSection } from './chunk.ts';
import { newSection, piecesAt } from './chunk-pieces.ts';
import { checkChunkSettings, type ChunkSizes, sectionSizes } from './chunk-sizes.ts';
import { createCutStream } from './cut-stream.ts';
import { headingOf, MAX_DEPTH, shortened, type TrailEntry } from './heading-trail.ts';
import type { Piece } from './piece.ts';

export interface ChunkStream {
	/** Before the first block: what the document itself is called beside its headings. The title it was sent with wins. */
	title(own: string): void;
	/** A whole block. */
	block(block: Block): void;
	/** Begins a paragraph that comes in pieces; the first of them begins with something that is no space. */
	open(): void;
	more(text: string): void;
	close(): void;
	/** Chunks that are done since the last call. */
	take(): Piece[];
	/** No more blocks; `take` then has the rest. */
	end(): void;
}

/** A section of so many characters is not buffered any longer; so much is read between two decisions. */
const WINDOW = 48 * 1024;

/** `sent`: the title that the document was sent with; see `chunk`. */
export function createChunkStream(
	sizes: ChunkSizes,
	sent: string | null = null,
	window: number = WINDOW,
): ChunkStream {
	checkChunkSettings(sizes);
	const trail: TrailEntry[] = [];
	let pieces: Piece[] = [];
	let section: Block[] = [];
	let sectionChars = 0;
	let onlyHeadings = true;
	let long: LongSection | null = null;
	let title = sent;

	const heading = () => headingOf(trail, title, sizes);
	const isEmpty = () => section.length === 0 && long === null;

	function closeSection(): void {
		if (long !== null) long.end();
		else cutSection(section, heading(), sizes, pieces);
		long = null;
		section = [];
		sectionChars = 0;
	}

	function goLong(): LongSection {
		if (long !== null) return long;
		long = createLongSection(heading(), sizes, window, (found) => pieces.push(...found));
		for (const block of section) addBlock(long, block);
		section = [];
		return long;
	}

	return {
		title: (own) => void (title ??= own),
		block(block) {
			if (block.text.trim() === '') return;
			if (block.kind === 'heading') {
				const level = Math.min(Math.max(block.level ?? 1, 1), MAX_DEPTH);
				const below = trail.at(-1);
				const joins = onlyHeadings && below !== undefined && level > below.level;
				if (!isEmpty() && !joins) closeSection();
				while ((trail.at(-1)?.level ?? 0) >= level) trail.pop();
				trail.push({ level, text: shortened(block.text) });
				onlyHeadings = true;
			} else {
				onlyHeadings = false;
			}
			if (long !== null) {
				addBlock(long, block);
				return;
			}
			section.push(block);
			sectionChars += block.text.length;
			if (sectionChars > window && !onlyHeadings) goLong();
		},
		open() {
			onlyHeadings = false;
			goLong().open({ kind: 'paragraph' });
		},
		more: (text) => long?.more(text),
		close: () => long?.close(),
		take() {
			const taken = pieces;
			pieces = [];
			return taken;
		},
		end() {
			if (!isEmpty()) closeSection();
		},
	};
}

function addBlock(long: LongSection, block: Block): void {
	long.open(block);
	long.more(block.text);
	long.close();
}

interface Run {
	readonly from: number;
	readonly page: number | null;
	readonly header: string | undefined;
	/** See chunk-start.ts. */
	readonly rowsFrom: number;
}

interface LongSection {
	open(block: Pick<Block, 'kind' | 'page' | 'header'>): void;
	more(text: string): void;
	close(): void;
	end(): void;
}

function createLongSection(
	heading: string | null,
	chunkSizes: ChunkSizes,
	window: number,
	emit: (pieces: readonly Piece[]) => void,
): LongSection {
	const sizes = sectionSizes(chunkSizes, heading);
	const section = newSection(heading, sizes);
	const cuts = createCutStream(sizes, section.ruler);
	/** Starts of the chunk at hand and of the one before. */
	let start = 0;
	let before = 0;
	let unseen = 0;
	let previous: Block['kind'] | null = null;
	/** Blocks of one page and one table, from those on that the chunk at hand begins in. */
	const runs: Run[] = [];

	/** Of the block that holds the start of the chunk at hand. */
	function runAtStart(): Run | undefined {
		while ((runs[1]?.from ?? Infinity) <= start) runs.shift();
		return runs[0];
	}

	function put(end: number): void {
		const run = runAtStart();
		if (cuts.slice(start, end).trim() !== '') {
			const place = {
				...{ floor: before, start, end, page: run?.page ?? null },
				...{ header: run?.header, rowsFrom: run?.rowsFrom ?? 0 },
			};
			emit(piecesAt(cuts.window(), place, section));
		}
		before = start;
		start = end;
	}

	function takeCertain(isEnd: boolean): void {
		unseen = 0;
		for (const cut of cuts.takeCertain(isEnd)) put(cut);
		if (isEnd) return put(cuts.length());
		cuts.forget(before);
		section.ruler.forget(before);
	}

	function seen(text: string): void {
		unseen += text.length;
		if (unseen >= window) takeCertain(false);
	}

	return {
		open({ kind, page = null, header }) {
			const isList = kind === previous && (kind === 'item' || kind === 'row');
			if (cuts.length() > 0) cuts.gap(isList ? '\n' : '\n\n');
			previous = kind;
			const from = cuts.length();
			const last = runs.at(-1);
			if (last === undefined || last.page !== page || last.header !== header) {
				const rowsFrom = last !== undefined && last.header === header ? last.rowsFrom : from;
				runs.push({ from, page, header, rowsFrom });
			}
			cuts.open();
		},
		more(text) {
			cuts.more(text);
			seen(text);
		},
		close: cuts.close,
		end: () => takeCertain(true),
	};
}

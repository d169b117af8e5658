/**
 * CSV and TSV to paragraphs, one for each row: `name: value | name: value`, with the names of the header, so that
 * a chunk of any rows says what they are. Empty cells are left out. Streamed: rows are held, and no file.
 */
import Papa from 'papaparse';
import type { Block, ChunkStream } from '../../chunking/index.ts';
import { decodeAs } from './decode.ts';
import type { TextFile } from './decode-stream.ts';
import type { Document, StreamEnd } from './extracted.ts';
import { isHeaderRow } from './header-row.ts';
import { linesIn } from './lines.ts';
import { oneLine } from './one-line.ts';

/** So many characters are parsed at once. */
const PIECE = 16 * 1024;
/** A quote that opens and is not closed within so many characters is no quote, nor is any behind it. */
const LONGEST_ROW = 1024 * 1024;
const ROWS_A_TURN = 64;

export function extractCsv(bytes: Uint8Array, mimeType: string, sender?: string): Document {
	const warnings: string[] = [];
	const { text, charset } = decodeAs(bytes, mimeType, { sender: sender ?? null, inside: null });
	return { title: null, blocks: [...rowBlocks(linesIn(text), mimeType, warnings)], warnings, charset };
}

/** The same as they come; feeds the chunker, and stops now and then for what is to be taken. */
export function* streamCsv(
	file: TextFile,
	mimeType: string,
	chunks: ChunkStream,
): Generator<void, StreamEnd> {
	const warnings: string[] = [];
	let rows = 0;
	for (const block of rowBlocks(file.lines(), mimeType, warnings)) {
		chunks.block(block);
		if ((rows += 1) % ROWS_A_TURN === 0) yield;
	}
	chunks.end();
	return { title: null, warnings, charset: file.charset };
}

function* rowBlocks(lines: Iterable<string>, mimeType: string, warnings: string[]): Generator<Block> {
	/** Undefined until the first row of several cells. */
	let header: readonly string[] | null | undefined;
	for (const cells of rows(lines, mimeType, warnings)) {
		const names = header ?? [];
		if (header === undefined && cells.length > 1) header = headerOf(cells);
		const text = cells.flatMap((cell, column) => labelled(cell, names[column] ?? '')).join(' | ');
		if (text !== '') yield { kind: 'paragraph', text };
	}
}

function labelled(cell: string, name: string): string[] {
	// What Excel writes so that nobody takes a number for one.
	const value = oneLine(cell.replace(/^="([^"]*)"$/, '$1'));
	if (value === '') return [];
	return [name === '' ? value : `${name}: ${value}`];
}

/** The names of the columns; null where the row is one of data. */
function headerOf(cells: readonly string[]): readonly string[] | null {
	const names = cells.map((cell) => oneLine(cell));
	return isHeaderRow(names) ? names : null;
}

/** Cells of one row after the other; blank lines are left out. */
function* rows(lines: Iterable<string>, mimeType: string, warnings: string[]): Generator<string[]> {
	let parse: ((input: string) => Parsed) | null = null;
	let delimiter = mimeType === 'text/tab-separated-values' ? '\t' : ',';
	/** Read and not parsed: the beginning of a row, whose end is to come. */
	let rest = '';
	let isQuoted = true;

	function* parsed(text: string, isEnd: boolean): Generator<string[]> {
		const named = parse === null ? /^sep=(.)\n/i.exec(text) : null;
		if (parse === null) {
			delimiter = named?.[1] ?? (delimiter === ',' ? guessed(text) : delimiter);
			parse = createParse(delimiter, isQuoted);
		}
		const input = rest + text.slice(named?.[0].length ?? 0);
		const found = parse(input);
		yield* found.rows;
		rest = input.slice(found.end);
		if (!isQuoted || (isEnd ? rest === '' : rest.length <= LONGEST_ROW)) return;
		isQuoted = false;
		warnings.push('a quote is opened and never closed: from there on quotes are read as text');
		parse = createParse(delimiter, isQuoted);
		const again = parse(rest);
		yield* again.rows;
		rest = rest.slice(again.end);
	}

	let pending: string[] = [];
	let length = 0;
	for (const line of lines) {
		if (line === '' && rest === '' && pending.length === 0) continue;
		pending.push(line, '\n');
		length += line.length + 1;
		// As long as what is parsed again with it: a long row costs twice its length, not a multiple.
		if (length < PIECE || length < rest.length) continue;
		yield* parsed(pending.join(''), false);
		pending = [];
		length = 0;
	}
	yield* parsed(pending.join(''), true);
}

interface Parsed {
	readonly rows: readonly string[][];
	/** Behind the last of them; what follows is the beginning of a row. */
	readonly end: number;
}

/** Of whole lines. */
function createParse(delimiter: string, isQuoted: boolean): (input: string) => Parsed {
	const parser = new Papa.Parser({ delimiter, newline: '\n', ...(!isQuoted && { fastMode: true }) });
	return (input) => {
		const { data, meta } = parser.parse(input, 0, true) as Papa.ParseResult<string[]>;
		return { rows: data, end: meta.cursor };
	};
}

function guessed(text: string): string {
	// The end of the last line would count as a row of one cell.
	const sample = text.slice(0, PIECE).trimEnd();
	const { meta } = Papa.parse<string[]>(sample, {
		...{ preview: 20, newline: '\n', skipEmptyLines: 'greedy' },
		delimitersToGuess: [',', ';', '\t', '|'],
	});
	return meta.delimiter;
}

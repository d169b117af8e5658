/** Rows of an HTML table as lines: each value in its column, whatever is empty or spans several. */
import type { Block } from '../../chunking/index.ts';
import type { Attributes } from './html-rules.ts';

const MOST_COLUMNS = 1000;
const MOST_ROWS_SPANNED = 1000;
/** A longer value that spans rows is not repeated in them, and in a page no more than so much. */
const REPEATED_CHARS = 200;
const REPEATED_CHARS_IN_ALL = 500_000;

export type Table = ReturnType<typeof newTable>;

export const newTable = () => ({
	/** Finished cells of the row at hand; null outside of rows. */
	cells: null as string[] | null,
	isInCell: false,
	span: { columns: 1, rows: 1 },
	/** Of the row at hand: it has cells, and all of them are headers. */
	isHeaderRow: false,
	header: null as string | null,
	/** By column, what goes on in the next rows. */
	carried: [] as ({ readonly text: string; rows: number } | undefined)[],
	repeated: 0,
});

export function beginTable(table: Table): void {
	table.header = null;
	table.carried = [];
}

export function beginRow(table: Table): void {
	table.cells = [];
	table.isInCell = false;
	table.isHeaderRow = true;
}

export function beginCell(table: Table, tag: string, { colspan, rowspan }: Attributes): void {
	table.isInCell = true;
	table.span = { columns: spanOf(colspan, MOST_COLUMNS), rows: spanOf(rowspan, MOST_ROWS_SPANNED) };
	if (tag !== 'th') table.isHeaderRow = false;
}

function spanOf(value: string | undefined, most: number): number {
	const span = Number.parseInt(value ?? '', 10);
	return span > 1 ? Math.min(span, most) : 1;
}

/** Ends the cell at hand; text between cells counts as one where there is some. */
export function endCell(table: Table, content: string): void {
	const { cells } = table;
	if (cells === null || (!table.isInCell && content === '')) return;
	takeCarried(table, cells);
	const { columns, rows } = table.isInCell ? table.span : { columns: 1, rows: 1 };
	for (let column = 0; column < columns; column += 1) {
		// Only what stands for nothing of its own is bounded.
		if (cells.length >= MOST_COLUMNS && column > 0) break;
		const text = column === 0 ? content : '';
		if (rows > 1 && cells.length < MOST_COLUMNS && table.repeated <= REPEATED_CHARS_IN_ALL)
			table.carried[cells.length] = { text, rows: rows - 1 };
		cells.push(text);
	}
	table.isInCell = false;
}

/** Null where the row holds nothing. */
export function endRow(table: Table): Block | null {
	const { cells, isHeaderRow } = table;
	if (cells === null) return null;
	table.cells = null;
	if (cells.length > 0) fillRow(table, cells);
	if (cells.every((cell) => cell === '')) return null;
	const text = cells.join(' | ').trim();
	if (table.header !== null) return { kind: 'row', text, header: table.header };
	if (isHeaderRow) table.header = text;
	return { kind: 'row', text };
}

/** What spans this row too, behind its own cells. */
function fillRow(table: Table, cells: string[]): void {
	const last = table.carried.findLastIndex((one) => one !== undefined && one.rows > 0);
	if (last < 0) table.carried = [];
	while (cells.length <= last) {
		takeCarried(table, cells);
		if (cells.length <= last) cells.push('');
	}
}

/** Puts into the next columns what spans this row too. */
function takeCarried(table: Table, cells: string[]): void {
	for (;;) {
		const carried = table.carried[cells.length];
		if (carried === undefined || carried.rows === 0) return;
		carried.rows -= 1;
		const text = carried.text.length <= REPEATED_CHARS ? carried.text : '';
		cells.push(text);
		table.repeated += text.length + 1;
		if (table.repeated > REPEATED_CHARS_IN_ALL) table.carried = [];
	}
}

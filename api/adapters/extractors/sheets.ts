/**
 * Workbooks to blocks, by SheetJS: the name of a sheet as heading, then its rows. Values stand as they are stored, not
 * as the workbook shows them: 1234.5678 and not 1,235, days and times as ISO 8601 writes them.
 */
import * as sheetJs from '@e965/xlsx';
import type { CellObject, DenseWorkSheet, ParsingOptions, WorkBook } from '@e965/xlsx';
import type { MimeType } from '../../contract/file-types.ts';
import { DocDropError } from '../../errors.ts';
import type { Block } from '../../chunking/index.ts';
import { sourceOfBytes } from './byte-source.ts';
import { type CellCalendar, cellReader } from './cell-text.ts';
import type { Document } from './extracted.ts';
import { isHeaderRow } from './header-row.ts';
import { needsPassword } from './needs-password.ts';
import { openOle } from './ole.ts';
import { oleTitle } from './ole-title.ts';
import { sheetParts } from './sheet-parts.ts';

/** What its own types leave open: how it keeps the parts of a zip, and what it does with them once it has opened one. */
const { CFB: containers, parse_zip: parseContainer } = sheetJs as unknown as {
	readonly CFB: {
		readonly utils: {
			cfb_new(): object;
			cfb_add(container: object, name: string, content: Buffer, options: { readonly unsafe: true }): void;
		};
	};
	readonly parse_zip: (container: object, options: ParsingOptions) => WorkBook;
};

const reading: ParsingOptions = {
	dense: true,
	cellFormula: false,
	cellHTML: false,
	cellText: false,
	cellNF: true,
	// Nothing is believed of the range that a sheet claims for itself.
	nodim: true,
};

/** In a sheet that is wider, only cells with a value are told: nobody sees columns in it. */
const MOST_COLUMNS = 200;

/** One long text may stand in any number of cells. */
const MOST_CHARS = 100_000_000;

export async function extractSheets(bytes: Uint8Array, mimeType: MimeType): Promise<Document> {
	const workbook = await parse(bytes, mimeType);
	const textOf = cellReader(sheetJs.SSF as CellCalendar, workbook.Workbook?.WBProps?.date1904 === true);
	const blocks: Block[] = [];
	let left = MOST_CHARS;
	for (const name of workbook.SheetNames) {
		for (const block of sheetBlocks(name, workbook.Sheets[name] as DenseWorkSheet | undefined, textOf)) {
			blocks.push(block);
			left -= block.text.length;
			if (left >= 0) continue;
			throw new DocDropError(
				'unreadable',
				`the file, read as ${mimeType}, has more than ${MOST_CHARS} characters in its cells`,
			);
		}
	}
	return { title: workbook.Props?.Title?.trim() || null, blocks };
}

async function parse(bytes: Uint8Array, mimeType: MimeType): Promise<WorkBook> {
	if (mimeType === 'application/vnd.ms-excel') return parseBinary(bytes, mimeType);
	const container = containers.utils.cfb_new();
	for (const [name, content] of sheetParts(bytes, mimeType))
		containers.utils.cfb_add(container, name, content, { unsafe: true });
	return parseContainer(container, { ...reading });
}

/** Of its compound file the library sees the one stream that it needs: it would follow chains of sectors that loop. */
async function parseBinary(bytes: Uint8Array, mimeType: MimeType): Promise<WorkBook> {
	const ole = openOle(sourceOfBytes(bytes));
	const stream = ole.read('Workbook') ?? ole.read('Book') ?? Buffer.from(bytes);
	// The stream, or a file of the nineties, begins like this; the library would take anything else for a table of text.
	if (stream[0] !== 0x09)
		throw new DocDropError('unreadable', `the file holds no sheets, read as ${mimeType}`);
	sheetJs.set_cptable(await import('@e965/xlsx/dist/cpexcel.full.mjs'));
	try {
		const workbook = sheetJs.read(stream, { ...reading, type: 'buffer' });
		return { ...workbook, Props: { Title: oleTitle(ole) ?? '' } };
	} catch (error) {
		throw error instanceof Error && error.message.includes('password') ? needsPassword() : error;
	}
}

type TextOf = (cell: CellObject) => string;

function* sheetBlocks(name: string, sheet: DenseWorkSheet | undefined, textOf: TextOf): Generator<Block> {
	const rows = Object.values(sheet?.['!data'] ?? []);
	const columns = columnsOf(rows);
	let isFirst = true;
	/** Undefined until the first row of several cells, above which a title may stand; null where that names no columns. */
	let header: string | null | undefined;
	for (const row of rows) {
		const cells = cellsOf(row, columns, textOf);
		if (cells.length === 0) continue;
		if (isFirst) yield { kind: 'heading', level: 1, text: name };
		isFirst = false;
		const text = cells.join(' | ');
		yield typeof header === 'string' ? { kind: 'row', text, header } : { kind: 'row', text };
		if (header === undefined && cells.filter((cell) => cell !== '').length > 1)
			header = columns.count <= MOST_COLUMNS && isHeaderRow(cells) ? text : null;
	}
}

interface Columns {
	readonly first: number;
	readonly count: number;
}

/** Only what is there is looked at: a row of one cell may have thousands before it. */
function cellsOf(row: readonly CellObject[], { first, count }: Columns, textOf: TextOf): string[] {
	const cells: string[] = [];
	for (const [column, cell] of Object.entries(row)) {
		const text = textOf(cell);
		if (text === '') continue;
		while (count <= MOST_COLUMNS && cells.length < Number(column) - first) cells.push('');
		cells.push(text);
	}
	return cells;
}

function columnsOf(rows: readonly CellObject[][]): Columns {
	let first = Infinity;
	let last = -1;
	for (const row of rows) {
		for (const [key, { t }] of Object.entries(row)) {
			const column = Number(key);
			if (t !== 'z' && column < first) first = column;
			if (t !== 'z' && column > last) last = column;
		}
	}
	return { first, count: last - first + 1 };
}

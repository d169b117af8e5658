/**
 * The parts of a workbook in a zip (XLSX, XLSB, ODS), unpacked and looked at before the library makes cells of them: it
 * has no limits of its own, and a few hundred bytes can ask it for any number of cells.
 */
import { DocDropError } from '../../errors.ts';
import { needsPassword } from './needs-password.ts';
import { openZip } from './zip-parts.ts';

/** SheetJS makes a million in some seconds. */
export const MOST_CELLS = 2_000_000;

/** What it reads for values; not the pictures, charts, macros and copies for pivot tables beside them. */
const READ = /\.(?:xml|rels|bin)$|^mimetype$/i;
const NOT_READ =
	/(?:^|\/)(?:drawings|charts|chartsheets|media|theme|pivotCache|pivotTables|printerSettings|embeddings|activeX|ctrlProps|customXml|Object [^/]*)\/|vbaProject/i;

const WORKSHEET = /worksheets\/[^/]*\.xml$/i;
const CELL = /<(?:\w+:)?c[ >/]/g;
const REPEATS = /<(?:\w+:)?(table-row|table-cell)\b([^>]*)>/g;
const ROWS = /number-rows-repeated=["'](\d+)/;
const COLUMNS = /number-columns-repeated=["'](\d+)/;
const LINK = /<(?:\w+:)?hyperlink [^<>]*?\bref=["']([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})["']/g;

/** Throws `encrypted`, and `unreadable` where it would be more than `MOST_CELLS`. */
export function sheetParts(bytes: Uint8Array, mimeType: string): Map<string, Buffer> {
	const zip = openZip(bytes, mimeType);
	const parts = new Map<string, Buffer>();
	for (const name of zip.names) {
		if (!READ.test(name) || NOT_READ.test(name)) continue;
		const content = zip.read(name);
		if (content !== null) parts.set(name, WORKSHEET.test(name) ? withDays(content) : content);
	}
	const manifest = parts.get('META-INF/manifest.xml');
	if (manifest?.includes('encryption-data') === true) throw needsPassword();
	// Which the format does without, and the library does not.
	if (manifest !== undefined && !parts.has('styles.xml')) parts.set('styles.xml', Buffer.from('<styles/>'));
	let left = MOST_CELLS;
	for (const [name, content] of parts) {
		left -= cellsOf(name, content, left);
		if (left >= 0) continue;
		throw new DocDropError(
			'unreadable',
			`the file, read as ${mimeType}, has more than ${MOST_CELLS} cells; at most so many are taken`,
		);
	}
	return parts;
}

/** A day in the writing of ISO 8601 stays as it is: the library makes a number of it, and nothing says of what. */
function withDays(sheet: Buffer): Buffer {
	const text = sheet.toString('latin1');
	const shown = text.replaceAll(DAYS, '$1str$2');
	return shown === text ? sheet : Buffer.from(shown, 'latin1');
}

const DAYS = /(<(?:\w+:)?c\b[^<>]{0,200}?\st=["'])d(["'])/g;

/** Counts on to just above `most`. */
function cellsOf(name: string, content: Buffer, most: number): number {
	if (name.toLowerCase() === 'content.xml') return openDocumentCells(content.toString('latin1'));
	if (!WORKSHEET.test(name)) return 0;
	const sheet = content.toString('latin1');
	let cells = 0;
	for (const _cell of sheet.matchAll(CELL)) if ((cells += 1) > most) return cells;
	// A link stands on every cell of its range, and makes those that are not there.
	for (const [, from = '', top, to = '', bottom] of sheet.matchAll(LINK))
		cells += (column(to) - column(from) + 1) * (Number(bottom) - Number(top) + 1);
	return cells;
}

/** A row and a cell say how often they are repeated; empty ones at the end do so by the million, and cost nothing. */
function openDocumentCells(content: string): number {
	let cells = 0;
	let rows = 1;
	for (const [, tag, attributes = ''] of content.matchAll(REPEATS)) {
		if (tag === 'table-row') rows = repeats(ROWS, attributes);
		else if (!attributes.endsWith('/')) cells += rows * repeats(COLUMNS, attributes);
	}
	return cells;
}

const repeats = (count: RegExp, attributes: string) => Math.max(1, Number(count.exec(attributes)?.[1] ?? 1));

const column = (letters: string) =>
	[...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0);

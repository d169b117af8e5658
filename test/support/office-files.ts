/** The smallest files of each office format that hold what a test says, as XML or as the format's own text. */
import { CFB, utils, write } from '@e965/xlsx';
import { zipFile } from './zip-file.ts';

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';
const OFFICE = 'http://schemas.openxmlformats.org';
const relations = (list: string) =>
	`${XML}<Relationships xmlns="${OFFICE}/package/2006/relationships">${list}</Relationships>`;
const relation = (id: string, type: string, target: string) =>
	`<Relationship Id="${id}" Type="${OFFICE}/officeDocument/2006/relationships/${type}" Target="${target}"/>`;
const core = (title: string) =>
	`${XML}<cp:coreProperties xmlns:cp="${OFFICE}/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>${title}</dc:title></cp:coreProperties>`;
const contentTypes = `${XML}<Types xmlns="${OFFICE}/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>`;

export const escapeXml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

export type Parts = Readonly<Record<string, string | Uint8Array>>;

export const zipOf = (parts: Parts): Buffer =>
	zipFile(Object.entries(parts).map(([name, content]) => ({ name, content, isPacked: name !== 'mimetype' })));

/** `body`: the content of `w:body`. List number 1 is one of dots. */
export function docxParts(body: string, title = ''): Record<string, string> {
	return {
		'[Content_Types].xml': contentTypes,
		'_rels/.rels': relations(relation('r1', 'officeDocument', 'word/document.xml')),
		'docProps/core.xml': core(title),
		'word/_rels/document.xml.rels': relations(
			relation('r1', 'numbering', 'numbering.xml') + relation('r2', 'footnotes', 'footnotes.xml'),
		),
		'word/numbering.xml': `${XML}<w:numbering ${word}><w:abstractNum w:abstractNumId="0">${[0, 1]
			.map((level) => `<w:lvl w:ilvl="${level}"><w:numFmt w:val="bullet"/></w:lvl>`)
			.join('')}</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>`,
		'word/footnotes.xml': `${XML}<w:footnotes ${word}><w:footnote w:id="2"><w:p><w:r><w:t>A note below.</w:t></w:r></w:p></w:footnote></w:footnotes>`,
		'word/document.xml': `${XML}<w:document ${word}><w:body>${body}</w:body></w:document>`,
	};
}
const word = `xmlns:w="${OFFICE}/wordprocessingml/2006/main"`;

export const docxParagraph = (text: string, properties = ''): string =>
	`<w:p><w:pPr>${properties}</w:pPr><w:r><w:t xml:space="preserve">${escapeXml(text)}</w:t></w:r></w:p>`;
export const docxHeading = (level: number, text: string): string =>
	docxParagraph(text, `<w:pStyle w:val="Heading${level}"/>`);
export const docxItem = (level: number, text: string): string =>
	docxParagraph(text, `<w:numPr><w:ilvl w:val="${level - 1}"/><w:numId w:val="1"/></w:numPr>`);
export const docxRow = (...cells: readonly string[]): string =>
	`<w:tr>${cells.map((cell) => `<w:tc>${docxParagraph(cell)}</w:tc>`).join('')}</w:tr>`;

export interface Slide {
	readonly title: string;
	/** Paragraphs, each `a:p`. */
	readonly body: string;
	readonly notes?: string;
}

export function pptxParts(slides: readonly Slide[], title = ''): Record<string, string> {
	const parts: Record<string, string> = {
		'[Content_Types].xml': contentTypes,
		'_rels/.rels': relations(relation('r1', 'officeDocument', 'ppt/presentation.xml')),
		'docProps/core.xml': core(title),
		'ppt/presentation.xml': `${XML}<p:presentation ${presentation}><p:sldIdLst>${slides
			.map((_, index) => `<p:sldId id="${256 + index}" r:id="s${index + 1}"/>`)
			.join('')}</p:sldIdLst></p:presentation>`,
		'ppt/_rels/presentation.xml.rels': relations(
			slides.map((_, index) => relation(`s${index + 1}`, 'slide', `slides/slide${index + 1}.xml`)).join(''),
		),
	};
	for (const [index, { title: head, body, notes }] of slides.entries()) {
		const number = index + 1;
		parts[`ppt/slides/slide${number}.xml`] =
			`${XML}<p:sld ${presentation}><p:cSld><p:spTree>${shape('title', slideParagraph(head))}${shape('body', body)}</p:spTree></p:cSld></p:sld>`;
		if (notes === undefined) continue;
		parts[`ppt/slides/_rels/slide${number}.xml.rels`] = relations(
			relation('n1', 'notesSlide', `../notesSlides/notesSlide${number}.xml`),
		);
		parts[`ppt/notesSlides/notesSlide${number}.xml`] =
			`${XML}<p:notes ${presentation}><p:cSld><p:spTree>${shape('body', slideParagraph(notes))}</p:spTree></p:cSld></p:notes>`;
	}
	return parts;
}
const presentation = `xmlns:p="${OFFICE}/presentationml/2006/main" xmlns:a="${OFFICE}/drawingml/2006/main" xmlns:r="${OFFICE}/officeDocument/2006/relationships"`;
const shape = (type: string, paragraphs: string) =>
	`<p:sp><p:nvSpPr><p:nvPr><p:ph type="${type}"/></p:nvPr></p:nvSpPr><p:txBody>${paragraphs}</p:txBody></p:sp>`;

export const slideParagraph = (text: string, properties = ''): string =>
	`<a:p>${properties}<a:r><a:t>${escapeXml(text)}</a:t></a:r></a:p>`;
export const slideItem = (level: number, text: string): string =>
	slideParagraph(text, `<a:pPr lvl="${level - 1}"><a:buChar char="*"/></a:pPr>`);

const openDocument = [
	'office:office',
	'text:text',
	'table:table',
	'draw:drawing',
	'presentation:presentation',
	'style:style',
	'meta:meta',
]
	.map((pair) => pair.split(':'))
	.map(([prefix, name]) => `xmlns:${prefix}="urn:oasis:names:tc:opendocument:xmlns:${name}:1.0"`)
	.join(' ');

/** `body`: the content of `office:body`. The list style `L1` is one of dots. */
export function openDocumentParts(
	kind: 'text' | 'presentation' | 'spreadsheet',
	body: string,
	title = '',
): Parts {
	const mimetype = `application/vnd.oasis.opendocument.${kind}`;
	return {
		mimetype,
		'META-INF/manifest.xml': `${XML}<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry manifest:full-path="/" manifest:media-type="${mimetype}"/><manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>`,
		'meta.xml': `${XML}<office:document-meta ${openDocument} xmlns:dc="http://purl.org/dc/elements/1.1/"><office:meta><dc:title>${title}</dc:title></office:meta></office:document-meta>`,
		'content.xml': `${XML}<office:document-content ${openDocument}><office:automatic-styles><text:list-style style:name="L1"><text:list-level-style-bullet text:level="1" text:bullet-char="*"/></text:list-style></office:automatic-styles><office:body><office:${kind}>${body}</office:${kind}></office:body></office:document-content>`,
	};
}

export const odfParagraph = (text: string): string => `<text:p>${escapeXml(text)}</text:p>`;
export const odfHeading = (level: number, text: string): string =>
	`<text:h text:outline-level="${level}">${escapeXml(text)}</text:h>`;
export const odfList = (...items: readonly string[]): string =>
	`<text:list text:style-name="L1">${items.map((item) => `<text:list-item>${odfParagraph(item)}</text:list-item>`).join('')}</text:list>`;
export const odfTable = (name: string, ...rows: readonly string[]): string =>
	`<table:table table:name="${name}">${rows.join('')}</table:table>`;
export const odfRow = (...cells: readonly string[]): string =>
	`<table:table-row>${cells.map((cell) => `<table:table-cell office:value-type="string">${odfParagraph(cell)}</table:table-cell>`).join('')}</table:table-row>`;
export const odfSlide = (title: string, body: string, notes = ''): string =>
	`<draw:page draw:name="p"><draw:frame presentation:class="title"><draw:text-box>${odfParagraph(title)}</draw:text-box></draw:frame><draw:frame><draw:text-box>${body}</draw:text-box></draw:frame>${notes === '' ? '' : `<presentation:notes><draw:frame><draw:text-box>${odfParagraph(notes)}</draw:text-box></draw:frame></presentation:notes>`}</draw:page>`;

/** `chapters`: the bodies of pages, in the order of the spine; their files' names stand in another order. */
export function epubParts(chapters: readonly string[], title = ''): Parts {
	const names = chapters.map((_, index) => `c${String(chapters.length - index).padStart(4, '0')}.xhtml`);
	return {
		mimetype: 'application/epub+zip',
		'META-INF/container.xml': `${XML}<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>`,
		'OEBPS/book.opf': `${XML}<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>${title}</dc:title></metadata><manifest>${names
			.map((name, index) => `<item id="i${index}" href="${name}" media-type="application/xhtml+xml"/>`)
			.join(
				'',
			)}</manifest><spine>${names.map((_, index) => `<itemref idref="i${index}"/>`).join('')}</spine></package>`,
		...Object.fromEntries(
			chapters.map((body, index) => [
				`OEBPS/${names[index]}`,
				`${XML}<html xmlns="http://www.w3.org/1999/xhtml"><head><title>chapter</title></head><body>${body}</body></html>`,
			]),
		),
	};
}

export const rtfFile = (body: string): string =>
	`{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0 Arial;}}\n${body}}`;
export const rtfParagraph = (text: string, style = ''): string => `\\pard${style} ${text}\\par\n`;

export interface SheetOf {
	readonly name: string;
	readonly rows: readonly (readonly unknown[])[];
}

/** `rows`: the content of the only sheet's `sheetData`; `more` follows it. */
export function workbookParts(rows: string, more = ''): Record<string, string> {
	const main = 'application/vnd.openxmlformats-officedocument.spreadsheetml';
	const xmlns = `xmlns="${OFFICE}/spreadsheetml/2006/main"`;
	return {
		'[Content_Types].xml': `${XML}<Types xmlns="${OFFICE}/package/2006/content-types"><Override PartName="/xl/workbook.xml" ContentType="${main}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${main}.worksheet+xml"/></Types>`,
		'xl/workbook.xml': `${XML}<workbook ${xmlns} xmlns:r="${OFFICE}/officeDocument/2006/relationships"><sheets><sheet name="One" sheetId="1" r:id="r1"/></sheets></workbook>`,
		'xl/_rels/workbook.xml.rels': relations(relation('r1', 'worksheet', 'worksheets/sheet1.xml')),
		'xl/worksheets/sheet1.xml': `${XML}<worksheet ${xmlns}><sheetData>${rows}</sheetData>${more}</worksheet>`,
	};
}

/** By SheetJS's own writer. */
export function workbookFile(
	bookType: 'xlsx' | 'xlsb' | 'biff8' | 'ods',
	sheets: readonly SheetOf[],
	title = '',
): Buffer {
	const workbook = utils.book_new();
	workbook.Props = { Title: title };
	for (const { name, rows } of sheets)
		utils.book_append_sheet(workbook, utils.aoa_to_sheet(rows.map((row) => [...row])), name);
	return write(workbook, { type: 'buffer', bookType }) as Buffer;
}

/**
 * Word 97's streams with nothing but text in them: `body` with \r behind a paragraph and \x07 behind a cell. `flags`
 * is the second word of flags of the head; `styles` has the style of each of the first paragraphs: 0, a heading from 1
 * to 9, or 10, which is based on the second of those.
 */
export function docFile(
	body: string,
	{ flags = 0, title = '', styles = [] as readonly number[] } = {},
): Buffer {
	const text = Buffer.from(body, 'utf16le');
	const head = Buffer.alloc(0x800);
	head.writeUInt16LE(0xa5ec, 0);
	head.writeUInt16LE(0x00c1, 2);
	head.writeUInt16LE(flags | 0x0200, 0x0a);
	head.writeUInt32LE(head.length, 0x18);
	head.writeUInt32LE(body.length, 0x4c);
	// No runs of properties: each table has one place, the end.
	for (const at of [0xfe, 0x106]) head.writeUInt32LE(4, at);
	const table = Buffer.alloc(8 + 5 + 16);
	const pieces = 8;
	head.writeUInt32LE(pieces, 0x1a2);
	table.writeUInt8(2, pieces);
	table.writeUInt32LE(16, pieces + 1);
	table.writeUInt32LE(body.length, pieces + 5 + 4);
	table.writeUInt32LE(head.length, pieces + 5 + 8 + 2);
	const shown = Buffer.concat([head, text, Buffer.alloc(Math.max(0, 4096 - text.length))]);
	const { stream, tables } =
		styles.length === 0 ? { stream: shown, tables: table } : styled(shown, table, body, styles);
	return oleFileOf({
		WordDocument: stream,
		'1Table': tables,
		...(title !== '' && { '\x05SummaryInformation': summary(title) }),
	});
}

/** With a sheet of styles in the tables, and a page of the stream that says which paragraph has which. */
function styled(stream: Buffer, table: Buffer, body: string, styles: readonly number[]) {
	const sheet = Buffer.alloc(2 + 18 + 11 * 12);
	sheet.writeUInt16LE(18, 0);
	sheet.writeUInt16LE(11, 2);
	for (let style = 0; style <= 10; style += 1) {
		const at = 20 + style * 12;
		sheet.writeUInt16LE(10, at);
		sheet.writeUInt16LE(style === 10 ? 0xffe : style, at + 2);
		sheet.writeUInt16LE(((style === 10 ? 2 : 0xfff) << 4) | 1, at + 4);
	}
	const page = Buffer.alloc(512);
	const ends = [...body.matchAll(/[\r\x07]/g)].map(({ index }) => 0x800 + (index + 1) * 2);
	page[511] = styles.length;
	page.writeUInt32LE(0x800, 0);
	for (const [index, style] of styles.entries()) {
		page.writeUInt32LE(ends[index] ?? 0, (index + 1) * 4);
		page[(styles.length + 1) * 4 + index * 13] = 200 + style * 2;
		page.set([2, style, 0], 400 + style * 4);
	}
	const padded = Buffer.concat([stream, Buffer.alloc(512 - (stream.length % 512))]);
	const list = Buffer.alloc(12);
	list.writeUInt32LE(padded.length / 512, 8);
	padded.writeUInt32LE(table.length, 0xa2);
	padded.writeUInt32LE(sheet.length, 0xa6);
	padded.writeUInt32LE(table.length + sheet.length, 0x102);
	padded.writeUInt32LE(list.length, 0x106);
	return { stream: Buffer.concat([padded, page]), tables: Buffer.concat([table, sheet, list]) };
}

export function oleFileOf(streams: Readonly<Record<string, Uint8Array>>): Buffer {
	const container: unknown = CFB.utils.cfb_new();
	for (const [name, content] of Object.entries(streams)) CFB.utils.cfb_add(container, `/${name}`, content);
	return CFB.write(container, { type: 'buffer' }) as Buffer;
}

function summary(title: string): Buffer {
	const text = Buffer.from(`${title}\0`, 'latin1');
	const stream = Buffer.alloc(48 + 8 + 16 + 8 + 8 + text.length);
	stream.writeUInt16LE(0xfffe, 0);
	stream.writeUInt32LE(1, 24);
	stream.writeUInt32LE(48, 44);
	stream.writeUInt32LE(2, 52);
	stream.writeUInt32LE(1, 56);
	stream.writeUInt32LE(24, 60);
	stream.writeUInt32LE(2, 64);
	stream.writeUInt32LE(32, 68);
	stream.writeUInt32LE(2, 72);
	stream.writeUInt16LE(1252, 76);
	stream.writeUInt32LE(0x1e, 80);
	stream.writeUInt32LE(text.length, 84);
	text.copy(stream, 88);
	return stream;
}

import assert from 'node:assert/strict';
import { constants, deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { createExtractorPool } from '../../../api/adapters/extractors/pool.ts';
import { createInProcessExtractor } from '../../../api/adapters/extractors/in-process.ts';
import type { Extractor } from '../../../api/ports/extractor.ts';
import { systemClock } from '../../../nodes/watch/clock.ts';
import { officeSamples } from '../../conformance/office-samples.ts';
import {
	docxParagraph,
	docxParts,
	epubParts,
	odfParagraph,
	odfTable,
	openDocumentParts,
	type Parts,
	pptxParts,
	rtfFile,
	slideParagraph,
	workbookParts,
	zipOf,
} from '../../support/office-files.ts';
import { zipFile } from '../../support/zip-file.ts';

const DOCX = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';
const PPTX = 'application/vnd.openxmlformats-officedocument.presentationml.presentation';
const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
const ODT = 'application/vnd.oasis.opendocument.text';
const ODS = 'application/vnd.oasis.opendocument.spreadsheet';
const EPUB = 'application/epub+zip';
const RTF = 'application/rtf';

const chunking = { maxChars: 1200, overlapChars: 150 };
const MB = 1024 * 1024;

/** `head`, so many times the same block, and `tail`, as they are when packed, without anybody unpacking them. */
function packedRun(head: string, block: string, times: number, tail: string): Buffer {
	const flushed = (bytes: string) => deflateRawSync(bytes, { finishFlush: constants.Z_FULL_FLUSH });
	const one = flushed(block);
	return Buffer.concat([flushed(head), ...Array.from({ length: times }, () => one), deflateRawSync(tail)]);
}

/** A file of which one part is such a run, and says of itself that it is small. */
const withRun = (parts: Parts, name: string, packed: Uint8Array): Buffer =>
	zipFile(
		Object.entries({ ...parts, [name]: 'small' }).map(([part, content]) =>
			part === name ? { name, content, isPacked: true, packed } : { name: part, content },
		),
	);

const zeros = () => packedRun('', '\0'.repeat(16 * MB), 128, '');
const elements = () => packedRun('<a>', '<b/>'.repeat(MB), 20, '</a>');

/** What is to be read of it: entities that stand for others, and for a file of the machine. */
const entities = `<!DOCTYPE x [<!ENTITY out SYSTEM "file:///etc/passwd"><!ENTITY a0 "lol">${Array.from(
	{ length: 10 },
	(_, i) => `<!ENTITY a${i + 1} "${`&a${i};`.repeat(10)}">`,
).join('')}]>`;
const withEntities = (parts: Parts, name: string) =>
	zipOf({
		...parts,
		[name]: String(parts[name])
			.replace('?>', `?>${entities}`)
			.replaceAll('LAUGHS', '&a10;')
			.replaceAll('OUTSIDE', '&out;'),
	});

const slide = 'ppt/slides/slide1.xml';
const sheet = 'xl/worksheets/sheet1.xml';
const repeatedRow = (times: number, columns: number) =>
	odfTable(
		'S',
		`<table:table-row table:number-rows-repeated="${times}"><table:table-cell table:number-columns-repeated="${columns}" office:value-type="string"><text:p>again</text:p></table:table-cell></table:table-row>`,
	);
const rows = (cells: (row: number) => string, count: number) =>
	Array.from({ length: count }, (_, index) => `<row r="${index + 1}">${cells(index + 1)}</row>`).join('');

const tooLarge = /unpacks to more than 128 MB/;
const tooMany = /more than 1000000 tags/;
const tooDeep = /more than 256 deep/;
const tooManyCells = /more than 2000000 cells/;

const refused: Readonly<Record<string, readonly [mimeType: string, file: () => Uint8Array, reason: RegExp]>> =
	{
		'2 GB in a DOCX': [DOCX, () => withRun(docxParts(''), 'word/document.xml', zeros()), tooLarge],
		'2 GB in an ODT': [ODT, () => withRun(openDocumentParts('text', ''), 'content.xml', zeros()), tooLarge],
		'2 GB in a PPTX': [PPTX, () => withRun(pptxParts([]), slide, zeros()), tooLarge],
		'2 GB in an XLSX': [XLSX, () => withRun(workbookParts(''), sheet, zeros()), tooLarge],
		'20 million elements in a DOCX': [
			DOCX,
			() => withRun(docxParts(''), 'word/document.xml', elements()),
			tooMany,
		],
		'20 million elements in an ODT': [
			ODT,
			() => withRun(openDocumentParts('text', ''), 'content.xml', elements()),
			tooMany,
		],
		'740,000 nested tags in a DOCX': [DOCX, () => zipOf(docxParts('<w:p>'.repeat(740_000))), tooDeep],
		'740,000 nested tags in an ODT': [
			ODT,
			() => zipOf(openDocumentParts('text', '<text:section>'.repeat(740_000))),
			tooDeep,
		],
		'740,000 nested tags in a PPTX': [
			PPTX,
			() => zipOf({ ...pptxParts([]), [slide]: '<p:sp>'.repeat(740_000) }),
			tooDeep,
		],
		'740,000 nested tags in an EPUB': [EPUB, () => zipOf(epubParts(['<div>'.repeat(740_000)])), /epub/],
		'2.1 million cells': [
			XLSX,
			() => zipOf(workbookParts(rows(() => '<c><v>1</v></c>'.repeat(21), 100_000))),
			tooManyCells,
		],
		'ten million cells in few bytes': [
			XLSX,
			() =>
				withRun(
					workbookParts(''),
					sheet,
					packedRun('<worksheet><sheetData>', `<row>${'<c/>'.repeat(10_000)}</row>`, 1_000, ''),
				),
			tooManyCells,
		],
		'a link over all cells': [
			XLSX,
			() =>
				zipOf(workbookParts('', '<hyperlinks><hyperlink ref="A1:XFD1048576" location="x"/></hyperlinks>')),
			tooManyCells,
		],
		'a repeated row of repeated cells': [
			ODS,
			() => zipOf(openDocumentParts('spreadsheet', repeatedRow(1_000_000, 1_000))),
			tooManyCells,
		],
		'2 million braces': [RTF, () => Buffer.from(`{\\rtf1 ${'{'.repeat(2_000_000)}`), /rtf/],
		'entities in a DOCX': [
			DOCX,
			() => withEntities(docxParts(docxParagraph('before LAUGHS OUTSIDE')), 'word/document.xml'),
			/wordprocessingml/,
		],
		'a million paragraphs of RTF': [
			RTF,
			() => Buffer.from(rtfFile('a\\par '.repeat(1_000_000))),
			/more than 400000 /,
		],
	};

/** `text` is of their first chunk. */
const read: Readonly<Record<string, readonly [mimeType: string, file: () => Uint8Array, text: RegExp]>> = {
	'entities in an ODT': [
		ODT,
		() => withEntities(openDocumentParts('text', odfParagraph('before LAUGHS OUTSIDE')), 'content.xml'),
		/^before/,
	],
	'entities in a PPTX': [
		PPTX,
		() => withEntities(pptxParts([{ title: 'before', body: slideParagraph('LAUGHS OUTSIDE') }]), slide),
		/^before/,
	],
	'entities in an XLSX': [
		XLSX,
		() =>
			withEntities(
				workbookParts('<row r="1"><c r="A1" t="inlineStr"><is><t>before LAUGHS OUTSIDE</t></is></c></row>'),
				sheet,
			),
		/before/,
	],
	'a cell in the last corner': [
		XLSX,
		() => zipOf(workbookParts('<row r="1048576"><c r="XFD1048576"><v>7</v></c></row>')),
		/7$/,
	],
	'a row repeated a hundred thousand times': [
		ODS,
		() => zipOf(openDocumentParts('spreadsheet', repeatedRow(100_000, 1))),
		/again/,
	],
	'6 million escapes': [RTF, () => Buffer.from(rtfFile("\\'e4".repeat(6_000_000))), /^ä+$/],
};

describe('office documents that mean harm', () => {
	let pool: Extractor;
	before(() => {
		pool = createExtractorPool({ workers: 1, chunking, clock: systemClock });
	});
	after(() => pool.close());
	const goesOn = async () => {
		const { content } = officeSamples[DOCX](1);
		const { title } = await pool.extract({ content: content as Uint8Array, mimeType: DOCX });
		assert.equal(title, 'The guide');
	};

	for (const [what, [mimeType, file, reason]] of Object.entries(refused)) {
		it(`are refused with the reason, and the next one is read: ${what}`, async () => {
			await assert.rejects(
				pool.extract({ content: file(), mimeType }),
				(error: Error & { code?: string }) => {
					assert.equal(error.code, 'unreadable');
					assert.match(error.message, reason);
					assert.doesNotMatch(error.message, /ended the process|took longer/);
					return true;
				},
			);
			await goesOn();
		});
	}

	for (const [what, [mimeType, file, text]] of Object.entries(read)) {
		it(`are read for what they are, and so is the next one: ${what}`, async () => {
			const { chunks } = await pool.extract({ content: file(), mimeType });
			assert.match(chunks[0]?.text ?? '', text);
			assert.ok(chunks.every((chunk) => !/lollol|root:/.test(chunk.text)));
			await goesOn();
		});
	}

	it('are refused or read where bytes of them are other ones or missing, and nothing else', async () => {
		const extractor = createInProcessExtractor({ chunking });
		const types = Object.keys(officeSamples) as (keyof typeof officeSamples)[];
		const damage = fc.record({
			mimeType: fc.constantFrom(...types),
			cut: fc.double({ min: 0, max: 1, noNaN: true }),
			bytes: fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(255)), { maxLength: 20 }),
		});
		await fc.assert(
			fc.asyncProperty(damage, async ({ mimeType, cut, bytes }) => {
				const file = Buffer.from(officeSamples[mimeType](1).content);
				for (const [at, byte] of bytes) file[Math.floor(at * file.length)] = byte;
				const content = cut < 0.5 ? file : file.subarray(0, Math.floor(cut * file.length));
				await extractor.extract({ content, mimeType }).catch((error: { code?: string }) => {
					assert.ok(['unreadable', 'encrypted', 'unsupported_type'].includes(error.code ?? ''), error.code);
				});
			}),
			{ numRuns: 150 },
		);
	});
});

import assert from 'node:assert/strict';
import { extractPdf } from '../../../api/adapters/extractors/pdf.ts';
import { pageList } from '../../../api/adapters/extractors/page-list.ts';
import type { Block } from '../../../api/chunking/chunk.ts';
import { pdfFile, type PdfPage, wrapped } from '../../support/pdf-file.ts';

const heading = (level: number, text: string, page = 1): Block => ({ kind: 'heading', level, text, page });
const paragraph = (text: string, page = 1): Block => ({ kind: 'paragraph', text, page });
const prose =
	'The quick brown fox jumps over the lazy dog, and the dog does not mind at all. It has seen many foxes come and go in its long life. This one is neither quick nor brown.';
const read = (...pages: PdfPage[]) => extractPdf(pdfFile({ pages }));

describe('the reader of PDF', () => {
	it('gives text by page, and joins the lines of a paragraph', async () => {
		const { title, blocks, warnings } = await read(
			{ lines: [...wrapped(prose), null, 'A second one.'] },
			{ lines: [] },
			{ lines: ['On the third page.'] },
		);
		assert.deepEqual(blocks, [
			paragraph(prose),
			paragraph('A second one.'),
			paragraph('On the third page.', 3),
		]);
		assert.deepEqual([title, warnings], [null, []]);
	});

	it('keeps the ends of lines that were meant to end there', async () => {
		const address = ['DocDrop', 'Long Street 12', 'Some Town of which the name is long enough to show it'];
		assert.deepEqual((await read({ lines: address })).blocks, [paragraph(address.join('\n'))]);
	});

	it('tells items of a list apart', async () => {
		const { blocks } = await read({ lines: ['Bring:', '- bread', '- butter'] });
		assert.deepEqual(blocks, [
			paragraph('Bring:'),
			{ kind: 'item', level: 1, text: 'bread', page: 1 },
			{ kind: 'item', level: 1, text: 'butter', page: 1 },
		]);
	});

	it('takes larger lines for headings, by the sizes of the whole document', async () => {
		const big = (text: string, size: number) => ({ text, size });
		const { title, blocks } = await read(
			{ lines: [big('All about', 24), big('foxes', 24), null, ...wrapped(prose)] },
			{ lines: [big('Where they live', 16), null, ...wrapped(prose), null, big('2', 16)] },
		);
		assert.deepEqual(blocks, [
			heading(1, 'All about foxes'),
			paragraph(prose),
			heading(2, 'Where they live', 2),
			paragraph(prose, 2),
			paragraph('2', 2),
		]);
		assert.equal(title, 'All about foxes');
	});

	it('sees the size of a font under a matrix that enlarges it', async () => {
		const content = `BT /F1 1 Tf 24 0 0 24 72 700 Tm (Set by a matrix) Tj 12 0 0 12 72 650 Tm (${prose.slice(0, 60)}) Tj ET`;
		assert.deepEqual((await read({ content })).blocks, [
			heading(1, 'Set by a matrix'),
			paragraph(prose.slice(0, 60)),
		]);
	});

	it('takes headings from the outline where there is one, and no others', async () => {
		const big = { text: '1. Foxes of old', size: 24 };
		const { title, blocks } = await extractPdf(
			pdfFile({
				title: 'The book',
				pages: [
					{ lines: [{ text: 'A cover', size: 30 }] },
					{ lines: ['Before it.', null, big, null, ...wrapped(prose)] },
				],
				outline: [
					{ title: 'Cover', page: 0 },
					{
						title: 'Foxes of old',
						page: 1,
						items: [
							{ title: 'Not on the page', page: 1 },
							{ title: 'Page 2', page: 1 },
						],
					},
				],
			}),
		);
		assert.deepEqual(blocks, [
			heading(1, 'Cover'),
			paragraph('A cover'),
			paragraph('Before it.', 2),
			heading(1, '1. Foxes of old', 2),
			heading(2, 'Not on the page', 2),
			paragraph(prose, 2),
		]);
		assert.equal(title, 'The book');
	});

	for (const [given, title] of [
		['Annual report', 'Annual report'],
		['Microsoft Word - draft.doc', null],
		['untitled', null],
		['report_final.indd', null],
		['sag-39-3-4-0902-21:sag-0', null],
		['COVID-19 and after', 'COVID-19 and after'],
		['', null],
	] as const) {
		it(`takes ${JSON.stringify(given)} of the metadata for the title ${String(title)}`, async () => {
			const pages = [{ lines: ['Text.'] }];
			assert.equal((await extractPdf(pdfFile({ title: given, pages }))).title, title);
		});
	}

	it('joins words that a hyphen divides at the end of a line, and keeps hyphens that belong to them', async () => {
		const { blocks } = await read({
			lines: [
				'A well-known word that stands here with its hyphen, and further on a very well-',
				'known one, and a word that the end of the line has torn apart in its own mid-',
				'dle, and that is all there is to be said of these three lines that belong together.',
			],
		});
		assert.deepEqual(
			blocks.map(({ text }) => text),
			[
				'A well-known word that stands here with its hyphen, and further on a very well-known one, and a word that the end of the line has torn apart in its own middle, and that is all there is to be said of these three lines that belong together.',
			],
		);
	});

	it('joins words that a typographic or a soft hyphen divides, and leaves out soft ones that divide nothing', async () => {
		const { blocks } = await read({
			lines: [
				'A line that ends in the middle of a divi\x81',
				'ded word, of an\x8dother one, and of a divi\x8d\x81',
				'sion.',
			],
		});
		assert.deepEqual(blocks, [
			paragraph('A line that ends in the middle of a divided word, of another one, and of a division.'),
		]);
	});

	it('puts no space between the lines of a script that has none, and reads it from the top down', async () => {
		const sideways = { lines: ['\x8f\x90\x9d\x8f\x90\x9d', '\x8f\x90\x7f'] };
		const sign = (text: string, x: number, y: number) => `BT /F1 12 Tf 1 0 0 1 ${x} ${y} Tm (${text}) Tj ET`;
		const down = [...'\x8f\x90\x9d\x8f\x90\x7f'].map((text, at) =>
			sign(text, 200 - Math.floor(at / 3) * 20, 700 - (at % 3) * 13),
		);
		const { blocks } = await read(sideways, { content: down.join('\n') });
		assert.deepEqual(blocks, [paragraph('中文字中文字中文。'), paragraph('中文字中文。', 2)]);
	});

	it('keeps the rows of a table apart, and joins lines behind a number', async () => {
		const at = (text: string, x: number, y: number) => `BT /F1 12 Tf 1 0 0 1 ${x} ${y} Tm (${text}) Tj ET`;
		const rows = ['Walnut table,12,340.50', 'Oak chair,4,99.00', 'Lamp,7,115.00'].flatMap((row, index) =>
			row.split(',').map((cell, column) => at(cell, 72 + column * 150, 700 - index * 14.4)),
		);
		const item = [
			...[at('1.', 72, 700), at('An item that is long enough to go on, as items do, on', 100, 700)],
			at('the line below it, where the end of its only sentence is.', 100, 685.6),
		];
		const { blocks } = await read({ content: rows.join('\n') }, { content: item.join('\n') });
		assert.deepEqual(
			blocks.map(({ text }) => text),
			[
				'Walnut table 12 340.50\nOak chair 4 99.00\nLamp 7 115.00',
				'1. An item that is long enough to go on, as items do, on the line below it, where the end of its only sentence is.',
			],
		);
	});

	it('keeps a line whole on which something is raised, however small its first word is', async () => {
		const raised = (text: string) => `/F1 7 Tf 5 Ts (${text}) Tj 0 Ts /F1 12 Tf`;
		const content = `BT /F1 12 Tf 72 700 Td (x) Tj ${raised('2')} ( is a square, see note) Tj ${raised('13')} (, and more.) Tj ET`;
		assert.deepEqual((await read({ content })).blocks, [paragraph('x2 is a square, see note13, and more.')]);
	});

	it('leaves out what lies beside the page, unless that is all of it', async () => {
		const at = (x: number, y: number, text: string) => `BT /F1 12 Tf ${x} ${y} Td (${text}) Tj ET`;
		const beside = [
			at(72, -500, 'low'),
			at(72, 900, 'high'),
			at(-300, 650, 'left'),
			at(700, 620, 'right'),
		].join('\n');
		const { blocks } = await read({
			content: `${at(72, 700, 'Shown words')}\n${beside}\n${at(590, 600, 'over the edge')}`,
		});
		assert.deepEqual(blocks, [paragraph('Shown words'), paragraph('over the edge')]);
		assert.equal(
			(await read({ content: beside })).blocks.map(({ text }) => text).join(' '),
			'low high left\nright',
		);
	});

	it('joins the lines of a text that runs up the page', async () => {
		const content = wrapped(prose)
			.map((line, at) => `BT /F1 12 Tf 0 1 -1 0 ${100 + at * 14.4} 60 Tm (${line}) Tj ET`)
			.join('\n');
		assert.deepEqual((await read({ content })).blocks, [paragraph(prose)]);
	});

	it('joins a name with a capital within where the page has it whole, and keeps one that is nowhere', async () => {
		const { blocks } = await read({
			lines: [
				'TraceMonkey is a machine for the language of the web, and as such a Trace-',
				'Monkey is fast, which is what Anglo-',
				'Saxon reviewers said of it in the year in which it was made and shown to all.',
			],
		});
		const text = blocks.map((block) => block.text).join(' ');
		assert.match(text, /such a TraceMonkey is fast/);
		assert.match(text, /Anglo-Saxon reviewers/);
	});

	it('takes what stands out on the first page for the title where nothing else says it', async () => {
		const pages = [
			{ lines: [{ text: 'A handbook of foxes', size: 26 }, null, ...wrapped(prose)] },
			{ lines: wrapped(prose) },
		];
		const outline = [{ title: 'Introduction', page: 1 }];
		assert.equal((await extractPdf(pdfFile({ pages, outline }))).title, 'A handbook of foxes');
	});

	it('keeps an item whole whose bullet is set smaller', async () => {
		const content = [
			'BT /F1 6 Tf 72 700 Td (\x95 ) Tj /F1 12 Tf (An item that is long enough to go on, as items do, on) Tj ET',
			'BT /F1 12 Tf 1 0 0 1 84 685.6 Tm (the line below, and then it ends.) Tj ET',
		].join('\n');
		const [item, ...more] = (await read({ content })).blocks;
		assert.deepEqual(more, []);
		assert.match(item?.text ?? '', /^An item [^]+ on the line below, and then it ends\.$/);
	});

	it('reads what was filled into a form', async () => {
		const { blocks } = await read({ lines: ['Name:'], field: 'Ada Lovelace' });
		assert.ok(
			blocks.some(({ text }) => text.includes('Ada Lovelace')),
			JSON.stringify(blocks),
		);
	});

	it('reads what was filled into a form that leaves it to its reader to draw it', async () => {
		const { blocks } = await read({ lines: ['Name:'], field: 'Ada Lovelace', isFieldBlank: true });
		assert.ok(
			blocks.some(({ text }) => text.includes('Ada Lovelace')),
			JSON.stringify(blocks),
		);
	});

	it('reads what was filled into a form where it stands on the page', async () => {
		const lines = [
			'An application',
			null,
			'First name:',
			null,
			'Last name:',
			null,
			'Remarks:',
			null,
			null,
			'The end',
		];
		const fields = [
			{ text: 'Lovelace', x: 150, y: 668 },
			{ text: 'Ada', x: 150, y: 697 },
			{ text: 'none', x: 72, y: 623 },
		];
		const { blocks } = await read({ lines, fields });
		assert.deepEqual(
			blocks.map(({ text }) => text),
			['An application\nFirst name: Ada\nLast name: Lovelace\nRemarks:\nnone\nThe end'],
		);
	});

	it('names the pages that have no text layer, and gives the others', async () => {
		const { blocks, warnings } = await read(
			{ lines: ['A page of text.'] },
			{ isScan: true },
			{ isScan: true, lines: ['2'] },
			{ lines: [] },
			{ isScan: true },
		);
		assert.deepEqual(blocks, [paragraph('A page of text.')]);
		assert.deepEqual(warnings, ['pages 2, 3 and 5 have no text layer']);
	});

	it('refuses a scan with no_text_layer, naming its pages', async () => {
		await assert.rejects(read({ isScan: true }, { isScan: true }), {
			code: 'no_text_layer',
			message: /pages 1 and 2 have no text layer/,
		});
		await assert.rejects(read({ isScan: true }), { message: /page 1 has no text layer/ });
	});

	it('reads a picture with a text over it as a text', async () => {
		const lines = ['What a program for text recognition has found.'];
		assert.deepEqual((await read({ isScan: true, lines })).blocks, [paragraph(lines[0] ?? '')]);
	});

	it('takes a page whose characters mean nothing for one without a text layer', async () => {
		const nonsense = '\x01\x02\x03\x04\x05\x06'.repeat(10);
		await assert.rejects(read({ content: `BT /F1 12 Tf 72 700 Td (${nonsense}) Tj ET` }), {
			code: 'no_text_layer',
		});
	});

	it('says of a file with a password, and of one with an unknown protection, what it is', async () => {
		const standard = `/Encrypt << /Filter /Standard /V 1 /R 2 /P -44 /O <${'11'.repeat(32)}> /U <${'22'.repeat(32)}> >> /ID [<00> <00>]`;
		const pages = [{ lines: ['Secret.'] }];
		await assert.rejects(extractPdf(pdfFile({ pages, trailer: standard })), { code: 'encrypted' });
		const other = standard.replace('/Standard', '/Acme.Vault');
		await assert.rejects(extractPdf(pdfFile({ pages, trailer: other })), { code: 'unsupported_encryption' });
	});

	it('reads a file whose table of objects is gone, and refuses one that is damaged beyond that', async () => {
		const whole = pdfFile({ pages: [{ lines: ['Found again.'] }] });
		const lost = whole.toString('latin1').replace(/startxref\n\d+/, 'startxref\n7');
		assert.deepEqual((await extractPdf(Buffer.from(lost, 'latin1'))).blocks, [paragraph('Found again.')]);
		await assert.rejects(extractPdf(whole.subarray(0, 40)), {
			code: 'unreadable',
			message: /application\/pdf/,
		});
	});
});

describe('a list of pages', () => {
	for (const [pages, words] of [
		[[3], 'page 3'],
		[[3, 7], 'pages 3 and 7'],
		[[1, 2], 'pages 1 and 2'],
		[[1, 3, 4, 5, 9, 10], 'pages 1, 3 to 5, 9 and 10'],
	] as const) {
		it(`is ${words}`, () => assert.equal(pageList(pages), words));
	}

	it('ends where it would be long', () => {
		const odd = Array.from({ length: 100 }, (_, i) => i * 2 + 1);
		assert.match(pageList(odd), /^pages 1, 3, .*39 and 80 more$/);
	});
});

import assert from 'node:assert/strict';
import { CFB, utils, write } from '@e965/xlsx';
import { extractDoc } from '../../../api/adapters/extractors/doc.ts';
import { extractDocx } from '../../../api/adapters/extractors/docx.ts';
import { extractOffice } from '../../../api/adapters/extractors/office.ts';
import { extractSheets } from '../../../api/adapters/extractors/sheets.ts';
import {
	docFile,
	docxHeading,
	docxItem,
	docxParagraph,
	docxParts,
	docxRow,
	epubParts,
	odfHeading,
	odfList,
	odfParagraph,
	odfRow,
	odfTable,
	oleFileOf,
	openDocumentParts,
	type Parts,
	pptxParts,
	rtfFile,
	slideParagraph,
	workbookFile,
	workbookParts,
	zipOf,
} from '../../support/office-files.ts';
import { zipFile } from '../../support/zip-file.ts';

const DOCX = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';
const PPTX = 'application/vnd.openxmlformats-officedocument.presentationml.presentation';
const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
const ODT = 'application/vnd.oasis.opendocument.text';
const ODS = 'application/vnd.oasis.opendocument.spreadsheet';
const ODP = 'application/vnd.oasis.opendocument.presentation';
const EPUB = 'application/epub+zip';
const XLS = 'application/vnd.ms-excel';
const RTF = 'application/rtf';
const DOC = 'application/msword';

const heading = (level: number, text: string) => ({ kind: 'heading', level, text });
const paragraph = (text: string) => ({ kind: 'paragraph', text });
const item = (level: number, text: string) => ({ kind: 'item', level, text });
const row = (text: string) => ({ kind: 'row', text });

describe('DOCX', () => {
	const read = (body: string, title = '') => extractDocx(zipOf(docxParts(body, title)), DOCX);

	it('has headings, nested lists, rows and footnotes', async () => {
		const note = '<w:p><w:r><w:t>With a note</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r></w:p>';
		const { title, blocks } = await read(
			docxHeading(1, 'One') +
				docxHeading(3, 'Three') +
				docxItem(1, 'outer') +
				docxItem(2, 'inner') +
				`<w:tbl>${docxRow('a', 'b c')}</w:tbl>` +
				note,
		);
		assert.deepEqual(blocks, [
			heading(1, 'One'),
			heading(3, 'Three'),
			item(1, 'outer'),
			item(2, 'inner'),
			row('a | b c'),
			paragraph('With a note[1]'),
			item(1, '1. A note below.'),
		]);
		assert.equal(title, 'One');
	});

	describe('that mammoth passes over in part', () => {
		const namespaces =
			'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" xmlns:v="urn:schemas-microsoft-com:vml" xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"';
		const texts = async (body: string) => {
			const { blocks } = await read(`<w:p ${namespaces}>${body}</w:p>`);
			return blocks.map(({ text }) => text);
		};
		const run = (text: string) => `<w:r><w:t>${text}</w:t></w:r>`;
		const content = (text: string) => `<w:txbxContent>${docxParagraph(text)}</w:txbxContent>`;
		const drawing = (...texts: string[]) =>
			`<w:drawing><wp:inline><a:graphic><a:graphicData>${texts.map((text) => `<wps:wsp><wps:txbx>${content(text)}</wps:txbx></wps:wsp>`).join('')}</a:graphicData></a:graphic></wp:inline></w:drawing>`;
		const choice = (inner: string, fallback = '') =>
			`<w:r><mc:AlternateContent><mc:Choice Requires="wps">${inner}</mc:Choice>${fallback}</mc:AlternateContent></w:r>`;
		const fallback = `<mc:Fallback><w:pict><v:shape><v:textbox>${content('box')}</v:textbox></v:shape></w:pict></mc:Fallback>`;
		const cases: Readonly<Record<string, readonly [body: string, texts: readonly string[]]>> = {
			'text boxes': [`${run('before')}<w:r>${drawing('one', 'two')}</w:r>`, ['before', 'one', 'two']],
			'a choice without a fallback': [run('before') + choice(drawing('box')), ['before', 'box']],
			'a choice with a fallback, once': [run('before') + choice(drawing('box'), fallback), ['before', 'box']],
			formulas: [
				`${run('as ')}<m:oMath><m:f><m:num><m:r><m:t>a</m:t></m:r></m:num><m:den><m:r><m:t>b</m:t></m:r></m:den></m:f><m:sSup><m:e><m:r><m:t>x</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup></m:oMath>${run(' is')}`,
				['as a/bx^2 is'],
			],
			'a formula of its own': [
				'<m:oMathPara><m:oMath><m:r><m:t>x&lt;y</m:t></m:r></m:oMath></m:oMathPara>',
				['x<y'],
			],
			'simple fields and directions': [
				`<w:fldSimple w:instr="X">${run('field ')}</w:fldSimple><w:bdo w:val="rtl">${run('turned')}</w:bdo>`,
				['field turned'],
			],
			'words with a reading': [
				`<w:r><w:ruby><w:rubyPr><w:lid w:val="ja"/></w:rubyPr><w:rt>${run('かんじ')}</w:rt><w:rubyBase>${run('漢字')}</w:rubyBase></w:ruby></w:r>`,
				['漢字'],
			],
			'line ends': ['<w:r><w:t>one</w:t><w:cr/><w:t>two</w:t></w:r>', ['one\ntwo']],
		};
		for (const [what, [body, wanted]] of Object.entries(cases))
			it(`has ${what}`, async () => assert.deepEqual(await texts(body), wanted));
	});

	describe('that has numbers before its paragraphs', () => {
		const level = (place: number, format: string, text: string, more = '') =>
			`<w:lvl w:ilvl="${place}"><w:start w:val="1"/><w:numFmt w:val="${format}"/>${more}<w:lvlText w:val="${text}"/></w:lvl>`;
		const list = (id: number, ...levels: string[]) =>
			`<w:abstractNum w:abstractNumId="${id}">${levels.join('')}</w:abstractNum>`;
		const num = (id: number, of: number, more = '') =>
			`<w:num w:numId="${id}"><w:abstractNumId w:val="${of}"/>${more}</w:num>`;
		const words = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"';
		const numbering = `<w:numbering ${words}>${[
			list(0, level(0, 'decimal', '%1.'), level(1, 'lowerLetter', '(%2)'), level(2, 'bullet', '*')),
			list(
				1,
				level(0, 'upperRoman', 'Article %1', '<w:pStyle w:val="H"/>'),
				level(1, 'decimal', '%1.%2', '<w:pStyle w:val="H2"/><w:isLgl/>'),
			),
			...[
				num(1, 0),
				num(2, 1),
				num(3, 0, '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="7"/></w:lvlOverride>'),
			],
		].join('')}</w:numbering>`;
		const style = (id: string, name: string, more = '') =>
			`<w:style w:type="paragraph" w:styleId="${id}"><w:name w:val="${name}"/>${more}</w:style>`;
		const styles = `<w:styles ${words}>${[
			style('H', 'heading 1', '<w:pPr><w:numPr><w:numId w:val="2"/></w:numPr></w:pPr>'),
			style('H2', 'heading 2', '<w:basedOn w:val="H"/>'),
		].join('')}</w:styles>`;
		const read = async (body: string) => {
			const parts = docxParts(body);
			const rels = 'word/_rels/document.xml.rels';
			const toStyles =
				'<Relationship Id="r3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/>';
			const relations = parts[rels]?.replace('</Relationships>', `${toStyles}</Relationships>`) ?? '';
			const more = { 'word/numbering.xml': numbering, 'word/styles.xml': styles, [rels]: relations };
			return extractDocx(zipOf({ ...parts, ...more }), DOCX);
		};
		const at = (place: number, number: number, text: string) =>
			docxParagraph(text, `<w:numPr><w:ilvl w:val="${place}"/><w:numId w:val="${number}"/></w:numPr>`);

		it('goes on with them behind what stands between, as Word writes them', async () => {
			const { blocks } = await read(
				[
					at(0, 1, 'first'),
					at(1, 1, 'sub'),
					at(1, 1, 'next'),
					docxParagraph('between'),
					at(0, 1, 'second'),
				].join('') +
					[at(2, 1, 'dot'), at(1, 1, 'anew'), at(0, 3, 'seventh'), at(0, 3, ''), at(0, 1, 'ninth')].join('') +
					`<w:tbl><w:tr><w:tc>${at(0, 1, '')}</w:tc><w:tc>${docxParagraph('cell')}</w:tc></w:tr></w:tbl>`,
			);
			assert.deepEqual(
				blocks.map(({ kind, text }) => `${kind} ${text}`),
				[
					...['item 1. first', 'item (a) sub', 'item (b) next', 'paragraph between', 'item 2. second'],
					...['item dot', 'item (a) anew', 'item 7. seventh', 'item 9. ninth', 'row 10. | cell'],
				],
			);
		});

		it('counts once what stands in a text box twice, for programs old and new', async () => {
			const mc =
				'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:v="urn:schemas-microsoft-com:vml"';
			const content = `<w:txbxContent>${at(0, 1, 'boxed')}</w:txbxContent>`;
			const box = `<w:p ${mc}><w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing>${content}</w:drawing></mc:Choice><mc:Fallback><w:pict><v:shape><v:textbox>${content}</v:textbox></v:shape></w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>`;
			const { blocks } = await read(at(0, 1, 'first') + box + at(0, 1, 'third'));
			assert.deepEqual(
				blocks.map(({ text }) => text),
				['1. first', '2. boxed', '3. third'],
			);
		});

		it('has those of its headings and of their levels, by their styles', async () => {
			const of = (id: string, text: string, more = '') =>
				docxParagraph(text, `<w:pStyle w:val="${id}"/>${more}`);
			const before = '<w:pPrChange><w:pPr><w:pStyle w:val="H"/></w:pPr></w:pPrChange>';
			const { title, blocks } = await read(
				of('H', 'Scope') +
					of('H2', 'Place', before) +
					of('H', 'Bare', '<w:numPr><w:numId w:val="0"/></w:numPr>') +
					of('H2', 'Time') +
					of('H', 'Costs'),
			);
			assert.deepEqual(blocks, [
				...[
					heading(1, 'Article I Scope'),
					heading(2, '1.1 Place'),
					heading(1, 'Bare'),
					heading(2, '1.2 Time'),
				],
				heading(1, 'Article II Costs'),
			]);
			assert.equal(title, 'Article I Scope');
		});
	});

	it('takes in what its parts of other types hold, where it names them, and says what it could not', async () => {
		const page = '<html><head><title>x</title></head><body><h1>Page</h1><p>from a page</p></body></html>';
		const mail = `MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=B\r\n\r\n--B\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>caf=C3=A9</p>\r\n--B--\r\n`;
		const take = (id: string) =>
			`<w:altChunk xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" r:id="${id}"/>`;
		const parts = docxParts(
			docxParagraph('before') + ['c1', 'c2', 'c3', 'c4'].map(take).join('') + docxParagraph('after'),
		);
		const relations = ['a.htm', '/word/b.mht', 'gone.htm', 'c.docx'].map(
			(target, index) => `<Relationship Id="c${index + 1}" Type="x" Target="${target}"/>`,
		);
		const { blocks, warnings } = await extractDocx(
			zipOf({
				...parts,
				'word/_rels/document.xml.rels': (parts['word/_rels/document.xml.rels'] ?? '').replace(
					'</Relationships>',
					`${relations.join('')}</Relationships>`,
				),
				...{
					'word/a.htm': page,
					'word/b.mht': mail,
					'word/c.docx': zipOf(docxParts(docxParagraph('within'))),
				},
			}),
			DOCX,
		);
		assert.deepEqual(blocks, [
			...[
				paragraph('before'),
				heading(1, 'Page'),
				paragraph('from a page'),
				paragraph('café'),
				paragraph('after'),
			],
		]);
		assert.deepEqual(warnings, ['a document within it was not read']);
	});

	it('tells which boxes are ticked, and leaves out what Word hides', async () => {
		const run = (text: string, properties = '') =>
			`<w:r><w:rPr>${properties}</w:rPr><w:t xml:space="preserve">${text}</w:t></w:r>`;
		const box = (value: string) =>
			`<w:sdt><w:sdtPr><w14:checkbox xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml"><w14:checked w14:val="${value}"/></w14:checkbox></w:sdtPr><w:sdtContent>${run('☒')}</w:sdtContent></w:sdt>`;
		const { blocks } = await extractDocx(
			zipOf(
				docxParts(
					`<w:p>${box('1')}${run(' Done')}</w:p><w:p>${box('0')}${run(' Open')}</w:p>` +
						`<w:p><w:pPr><w:rPr><w:vanish/></w:rPr></w:pPr>${run('Shown ', '<w:vanish w:val="0"/>')}${run('hidden ', '<w:b/><w:vanish/>')}${run('words')}</w:p>`,
				),
			),
			DOCX,
		);
		assert.deepEqual(blocks, [paragraph('[x] Done'), paragraph('[ ] Open'), paragraph('Shown words')]);
	});

	it('has the words of its diagrams behind all else', async () => {
		const point = (text: string) =>
			`<dgm:pt modelId="1"><dgm:t><a:p><a:r><a:t>${text}</a:t></a:r></a:p></dgm:t></dgm:pt>`;
		const names =
			'xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"';
		const file = zipOf({
			...docxParts(docxParagraph('Text')),
			'word/diagrams/data1.xml': `<dgm:dataModel ${names}><dgm:ptLst>${point('Plan &amp; do')}<dgm:pt/>${point('Check')}</dgm:ptLst></dgm:dataModel>`,
		});
		const { blocks } = await extractDocx(file, DOCX);
		assert.deepEqual(blocks, [paragraph('Text'), paragraph('Plan & do'), paragraph('Check')]);
	});

	it('is called what its properties say, and a paragraph in the style of a title is its first heading', async () => {
		const styles =
			'<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:style w:type="paragraph" w:styleId="T"><w:name w:val="Title"/></w:style></w:styles>';
		const file = zipOf({
			...docxParts(docxParagraph('On top', '<w:pStyle w:val="T"/>'), 'R&amp;D'),
			'word/styles.xml': styles,
		});
		assert.deepEqual(await extractDocx(file, DOCX), {
			...{ title: 'R&D', blocks: [heading(1, 'On top')], warnings: [] },
		});
	});
});

describe('PPTX', () => {
	it('has a page for each slide, in their order, its tables and its notes', async () => {
		const table =
			'</p:txBody></p:sp><p:graphicFrame><a:graphic><a:graphicData><a:tbl><a:tr><a:tc><a:txBody><a:p><a:r><a:t>left</a:t></a:r></a:p></a:txBody></a:tc><a:tc><a:txBody><a:p><a:r><a:t>right</a:t></a:r></a:p></a:txBody></a:tc></a:tr></a:tbl></a:graphicData></a:graphic></p:graphicFrame><p:sp><p:txBody>';
		const { title, blocks } = await extractOffice(
			zipOf(
				pptxParts([
					{ title: 'First', body: slideParagraph('text') + table },
					{ title: 'Second', body: slideParagraph('more'), notes: 'Say this.' },
				]),
			),
			PPTX,
		);
		assert.equal(title, 'First');
		assert.deepEqual(blocks, [
			{ ...heading(1, 'First'), page: 1 },
			{ ...paragraph('text'), page: 1 },
			{ ...row('left | right'), page: 1 },
			{ ...heading(1, 'Second'), page: 2 },
			{ ...paragraph('more'), page: 2 },
			{ ...paragraph('Say this.'), page: 2 },
		]);
	});
});

describe('ODT', () => {
	it('says that a long text which is repeated was cut', async () => {
		const repeated = odfRow('again '.repeat(20_000)).replace(
			'<table:table-row',
			'<table:table-row table:number-rows-repeated="1000"',
		);
		const parts = openDocumentParts('text', odfTable('S', repeated));
		const { blocks, warnings } = await extractOffice(zipOf(parts), ODT);
		assert.ok(blocks.length > 0 && blocks.length < 1_000);
		assert.deepEqual(warnings, ['content that the file repeats was told fewer times']);
	});

	it('has nothing in a style that hides it', async () => {
		const parts = openDocumentParts(
			'text',
			'<text:p>Shown <text:span text:style-name="T1">hid <text:span text:style-name="T2">den</text:span> words</text:span><text:span text:style-name="T2">too</text:span></text:p>',
		);
		const style = (name: string, properties: string) =>
			`<style:style style:name="${name}" style:family="text"><style:text-properties ${properties}/></style:style>`;
		const content = String(parts['content.xml']).replace(
			'<office:automatic-styles>',
			`<office:automatic-styles>${style('T2', '')}${style('T1', 'text:display="none"')}`,
		);
		const { blocks } = await extractOffice(zipOf({ ...parts, 'content.xml': content }), ODT);
		assert.deepEqual(blocks, [paragraph('Shown too')]);
	});

	it('has tables within items of a list, and lists and sections within cells', async () => {
		const inItem = odfTable('S', odfRow('a', 'b'));
		const list = odfList('before', 'last').replace(
			'</text:list-item>',
			`${inItem}${odfParagraph('after')}$&`,
		);
		const inCell = odfRow('LIST', 'SECTION')
			.replace(odfParagraph('LIST'), odfList('one', 'two'))
			.replace(odfParagraph('SECTION'), `<text:section>${odfParagraph('three')}</text:section>`);
		const parts = openDocumentParts('text', list + odfTable('T', inCell), 'Kept');
		const { title, blocks } = await extractOffice(zipOf(parts), ODT);
		assert.deepEqual(blocks, [
			item(1, 'before'),
			row('a | b'),
			item(1, 'after'),
			item(1, 'last'),
			row('one two | three'),
		]);
		assert.equal(title, 'Kept');
	});

	it('has numbered headings, and a footnote behind its paragraph', async () => {
		const note =
			'<text:p>Text<text:note text:id="n1" text:note-class="footnote"><text:note-citation>1</text:note-citation><text:note-body><text:p>Below.</text:p></text:note-body></text:note> goes on.</text:p>';
		const numbered = `<text:list text:style-name="L1"><text:list-item>${odfHeading(2, 'Two')}</text:list-item></text:list>`;
		const { blocks } = await extractOffice(zipOf(openDocumentParts('text', numbered + note)), ODT);
		assert.deepEqual(blocks, [heading(2, 'Two'), paragraph('Text goes on.'), paragraph('Below.')]);
	});
});

describe('EPUB', () => {
	it('keeps words whole that have a reading beside them, which follows', async () => {
		const word = '<ruby class="r"><rb>漢</rb><rp>(</rp><rt>かん</rt><rp>)</rp>字<rt><i>じ</i></rt></ruby>';
		const { blocks } = await extractOffice(
			zipOf(epubParts([`<p>その${word}を</p>`, '<p>two<ruby>x</p>'])),
			EPUB,
		);
		assert.deepEqual(blocks, [paragraph('その漢字(かんじ)を'), paragraph('twox')]);
	});

	it('says that a chapter is not there', async () => {
		const { ['OEBPS/c0001.xhtml']: _gone, ...parts } = epubParts(['<p>one</p>', '<p>two</p>']);
		const { blocks, warnings } = await extractOffice(zipOf(parts), EPUB);
		assert.deepEqual(blocks, [paragraph('one')]);
		assert.deepEqual(warnings, ['a part of the file is missing or protected, and was left out']);
	});
});

describe('RTF', () => {
	it('has dashes, blanks and ends of pages, which would join what stands on both sides', async () => {
		const text =
			'2024\\endash 2025 a\\emdash b\\emspace c\\~d\\_e\\page next\\sect last \\\\page \\pagebb\\par';
		const { blocks } = await extractOffice(Buffer.from(rtfFile(text)), RTF);
		assert.deepEqual(blocks, [paragraph('2024–2025 a—b c d‑e'), paragraph('next'), paragraph('last \\page')]);
		const two = await extractOffice(Buffer.from(rtfFile('\\uc2 1\\endash 2\\u8364??3\\par')), RTF);
		assert.deepEqual(two.blocks, [paragraph('1–2€3')]);
	});

	it('has neither what was deleted while changes were noted nor what is hidden', async () => {
		const texts = async (body: string) =>
			(await extractOffice(Buffer.from(rtfFile(`${body}\\par`)), RTF)).blocks.map(({ text }) => text);
		assert.deepEqual(
			await texts(
				"Kept {\\deleted\\revauthdel1 old caf\\'e9 \\u8364?\\tab }{\\revised new }{\\v\\f0 hid\\{den\\}}words",
			),
			['Kept new words'],
		);
		assert.deepEqual(
			await texts('a\\v b\\par c\\plain d {\\deleted e {f} \\deleted0 g}\\v1 h\\v0 i\\\\v j'),
			['a', 'd gi\\v j'],
		);
		assert.deepEqual(await texts('\\viewkind4 a\\vertalt b'), ['ab']);
	});

	it('has the numbers beside its paragraphs, and no bullets', async () => {
		const beside = (what: string, text: string) =>
			`\\pard\\ls1{\\listtext\\pard\\plain\\f0 ${what}\\tab}${text}\\par`;
		const body = [
			beside('2.1', 'Terms'),
			beside('(a)', 'clause'),
			beside("\\'b7", 'dot'),
			beside('o', 'circle'),
		];
		const { blocks } = await extractOffice(
			Buffer.from(rtfFile(`${body.join('\n')}{\\*\\pntext 3)\\tab}old\\par`)),
			RTF,
		);
		assert.deepEqual(
			blocks.map(({ text }) => text),
			['2.1 Terms', '(a) clause', 'dot', 'circle', '3) old'],
		);
	});

	it('has its characters from any charset, and no characters of control', async () => {
		const { blocks } = await extractOffice(Buffer.from(rtfFile("caf\\'e9 \\u8364? \x02end\\par")), RTF);
		assert.deepEqual(blocks, [paragraph('café € end')]);
	});
});

describe('workbooks', () => {
	it('have days as they are written, and the names of columns below the title of a table', async () => {
		const file = zipOf(
			workbookParts(
				'<row r="1"><c r="A1" t="str"><v>Report</v></c></row><row r="2"><c r="A2" t="str"><v>Day</v></c><c r="B2" t="str"><v>Sum</v></c></row><row r="3"><c r="A3" t="d"><v>2024-05-01</v></c><c r="B3"><v>7</v></c></row>',
			),
		);
		assert.deepEqual((await extractSheets(file, XLSX)).blocks, [
			heading(1, 'One'),
			row('Report'),
			row('Day | Sum'),
			{ ...row('2024-05-01 | 7'), header: 'Day | Sum' },
		]);
	});

	const values = [
		['Name', null, 'Value'],
		[
			{ t: 'n', v: 45325, z: 'm/d/yy' },
			{ t: 'n', v: 45325.75, z: 'h:mm' },
			{ t: 'n', v: 0.25, z: 'h:mm' },
			{ t: 'n', v: 1.5, z: '[h]:mm' },
		],
		[{ t: 'n', v: 1234.5678, z: '#,##0' }, { t: 'n', v: 0.5, z: '0%' }, true, false],
		[null, 'two\nlines', { t: 'e', v: 42 }],
	];

	for (const [bookType, mimeType] of [
		['xlsx', XLSX],
		['biff8', XLS],
		['ods', ODS],
	] as const) {
		it(`have values as they are stored, days and times as ISO: ${bookType}`, async () => {
			const { blocks } = await extractSheets(workbookFile(bookType, [{ name: 'S', rows: values }]), mimeType);
			assert.deepEqual(blocks, [
				heading(1, 'S'),
				row('Name |  | Value'),
				...[
					'2024-02-03 | 2024-02-03T18:00:00 | 06:00:00 | 36:00:00',
					'1234.5678 | 0.5 | TRUE | FALSE',
					' | two lines',
				].map((text) => ({ ...row(text), header: 'Name |  | Value' })),
			]);
		});
	}

	it('count days from 1904 where they say so', async () => {
		const book = utils.book_new();
		book.Workbook = { WBProps: { date1904: true } };
		utils.book_append_sheet(book, utils.aoa_to_sheet([[{ t: 'n', v: 1, z: 'm/d/yy' }]]), 'S');
		const { blocks } = await extractSheets(write(book, { type: 'buffer', bookType: 'xlsx' }) as Buffer, XLSX);
		assert.deepEqual(blocks[1], row('1904-01-02'));
	});

	for (const [what, first] of Object.entries({
		'a number': ['Name', 7],
		'a date': ['Name', { t: 'n', v: 45325, z: 'm/d/yy' }],
		'one name twice': ['Name', 'Name'],
		'one name': ['Name'],
		'a text': ['Name', 'long '.repeat(20)],
	})) {
		it(`have no names of columns where the first row has ${what}`, async () => {
			const file = workbookFile('xlsx', [{ name: 'S', rows: [first, ['a', 'b']] }]);
			assert.deepEqual((await extractSheets(file, XLSX)).blocks[2], row('a | b'));
		});
	}

	it('have repeated rows, and no rows of repeated emptiness', async () => {
		const repeated = odfRow('again').replace(
			'<table:table-row',
			'<table:table-row table:number-rows-repeated="2"',
		);
		const empty =
			'<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="1024"/></table:table-row>';
		const parts = openDocumentParts('spreadsheet', odfTable('S', repeated, empty), 'The title');
		assert.deepEqual(await extractSheets(zipOf(parts), ODS), {
			title: 'The title',
			blocks: [heading(1, 'S'), row('again'), row('again')],
		});
	});

	it('tell only cells with a value of a sheet that is very wide', async () => {
		const sheet = utils.aoa_to_sheet([['a']]);
		sheet['XFD1'] = { t: 's', v: 'far' };
		sheet['!ref'] = 'A1:XFD1';
		const book = utils.book_new();
		utils.book_append_sheet(book, sheet, 'S');
		const { blocks } = await extractSheets(write(book, { type: 'buffer', bookType: 'xlsx' }) as Buffer, XLSX);
		assert.deepEqual(blocks, [heading(1, 'S'), row('a | far')]);
	});
});

describe('DOC', () => {
	it('has paragraphs, and rows where cells end', async () => {
		const { blocks } = await extractDoc(docFile('First\rsecond\ttabbed\ra\x07b\x07\r\r'), DOC);
		assert.deepEqual(blocks, [paragraph('First'), paragraph('second tabbed'), row('a | b')]);
	});

	it('has headings in the styles of headings, and in those that are based on one', async () => {
		const body = 'On\x0btop\rtext\rDeeper\rOwn\ra\x07b\x07\rLast\r';
		const { title, blocks } = await extractDoc(docFile(body, { styles: [1, 0, 8, 10, 1] }), DOC);
		assert.deepEqual(blocks, [
			heading(1, 'On top'),
			paragraph('text'),
			heading(6, 'Deeper'),
			heading(2, 'Own'),
			row('a | b'),
			paragraph('Last'),
		]);
		assert.equal(title, 'On top');
	});

	it('has a title in the charset of its properties', async () => {
		assert.equal((await extractDoc(docFile('x\r', { title: 'Café' }), DOC)).title, 'Café');
		assert.equal((await extractDoc(docFile('x\r'), DOC)).title, null);
	});
});

describe('a document with a password', () => {
	const flagged = (parts: Parts) =>
		zipFile(Object.entries(parts).map(([name, content]) => ({ name, content, isPacked: true, flags: 1 })));
	const withKeys = (kind: 'text' | 'presentation' | 'spreadsheet') => {
		const parts = openDocumentParts(kind, odfParagraph('x'));
		const manifest = String(parts['META-INF/manifest.xml']);
		const keys =
			'media-type="text/xml"><manifest:encryption-data manifest:checksum="x"><manifest:algorithm manifest:algorithm-name="x"/></manifest:encryption-data></manifest:file-entry>';
		return zipOf({ ...parts, 'META-INF/manifest.xml': manifest.replace('media-type="text/xml"/>', keys) });
	};
	const rights =
		'<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><EncryptedData xmlns="http://www.w3.org/2001/04/xmlenc#"><EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/><CipherData><CipherReference URI="OEBPS/c0001.xhtml"/></CipherData></EncryptedData></encryption>';
	/** Where the stream begins and says which version it is, a record that asks for a password. */
	const xls = () => {
		const container = CFB.read(workbookFile('biff8', [{ name: 'S', rows: [['x']] }]), {
			type: 'buffer',
		}) as unknown;
		const { content } = CFB.find(container, '/Workbook') as { content: Buffer };
		const begin = 4 + content.readUInt16LE(2);
		const pass = Buffer.from([0x2f, 0, 6, 0, 0, 0, 1, 2, 3, 4]);
		return oleFileOf({
			Workbook: Buffer.concat([content.subarray(0, begin), pass, content.subarray(begin)]),
		});
	};
	for (const [what, read] of Object.entries({
		'a DOCX in an encrypted zip': () => extractDocx(flagged(docxParts('')), DOCX),
		'a PPTX in an encrypted zip': () => extractOffice(flagged(pptxParts([])), PPTX),
		'an XLSX in an encrypted zip': () => extractSheets(flagged({ 'xl/workbook.xml': '' }), XLSX),
		'an ODT': () => extractOffice(withKeys('text'), ODT),
		'an ODP': () => extractOffice(withKeys('presentation'), ODP),
		'an ODS': () => extractSheets(withKeys('spreadsheet'), ODS),
		'an EPUB under rights management': () =>
			extractOffice(zipOf({ ...epubParts(['x']), 'META-INF/encryption.xml': rights }), EPUB),
		'an XLS': () => extractSheets(xls(), XLS),
		'a DOC': () => extractDoc(docFile('x\r', { flags: 0x100 }), DOC),
	})) {
		it(`is called one: ${what}`, () => assert.rejects(read(), { code: 'encrypted' }));
	}
});

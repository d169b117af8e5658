import type { Block } from '../../api/chunking/chunk.ts';
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
	odfSlide,
	odfTable,
	openDocumentParts,
	pptxParts,
	rtfFile,
	rtfParagraph,
	slideItem,
	slideParagraph,
	workbookFile,
	zipOf,
} from '../support/office-files.ts';
import { begin, end, heading, item, paragraph, repeated, type Sample, sentences } from './sample-blocks.ts';

const row = (...cells: readonly string[]): Block => ({ kind: 'row', text: cells.join(' | ') });
const rows: readonly (readonly string[])[] = [
	['Name', 'Town'],
	['Ada', 'London'],
];

/** Of formats that have headings of their own, lists and tables. */
const report: readonly Block[] = [
	heading(1, 'Guide'),
	paragraph(begin),
	heading(2, 'Second part'),
	item('first item'),
	item('second item'),
	...rows.map((cells) => row(...cells)),
	paragraph(end),
];

function docx(times: number): Sample {
	const once = [
		docxHeading(1, 'Guide'),
		docxParagraph(begin),
		docxHeading(2, 'Second part'),
		docxItem(1, 'first item'),
		docxItem(1, 'second item'),
		`<w:tbl>${rows.map((cells) => docxRow(...cells)).join('')}</w:tbl>`,
		docxParagraph(end),
	].join('');
	return {
		content: zipOf(docxParts(once.repeat(times), 'The guide')),
		title: 'The guide',
		blocks: repeated(report, times),
	};
}

function odt(times: number): Sample {
	const once = [
		odfHeading(1, 'Guide'),
		odfParagraph(begin),
		odfHeading(2, 'Second part'),
		odfList('first item', 'second item'),
		odfTable('Table1', ...rows.map((cells) => odfRow(...cells))),
		odfParagraph(end),
	].join('');
	return {
		content: zipOf(openDocumentParts('text', once.repeat(times), 'The guide')),
		title: 'The guide',
		blocks: repeated(report, times),
	};
}

/** Two slides each time, the second with notes. */
const slides = (times: number): Block[] =>
	Array.from({ length: times }, (_, time) => [
		...[heading(1, 'Guide'), paragraph(begin)].map((block) => ({ ...block, page: time * 2 + 1 })),
		...[
			heading(1, 'Second part'),
			item('first item'),
			item('second item'),
			paragraph(end),
			paragraph('What to say here.'),
		].map((block) => ({ ...block, page: time * 2 + 2 })),
	]).flat();

function pptx(times: number): Sample {
	const once = [
		{ title: 'Guide', body: slideParagraph(begin) },
		{
			title: 'Second part',
			body: slideItem(1, 'first item') + slideItem(1, 'second item') + slideParagraph(end),
			notes: 'What to say here.',
		},
	];
	return {
		content: zipOf(pptxParts(repeated(once, times), 'The guide')),
		title: 'The guide',
		blocks: slides(times),
	};
}

function odp(times: number): Sample {
	const once =
		odfSlide('Guide', odfParagraph(begin)) +
		odfSlide('Second part', odfList('first item', 'second item') + odfParagraph(end), 'What to say here.');
	return {
		content: zipOf(openDocumentParts('presentation', once.repeat(times), 'The guide')),
		title: 'The guide',
		blocks: slides(times),
	};
}

/** Two chapters each time. */
function epub(times: number): Sample {
	const once = [
		`<h1>Guide</h1><p>${begin}</p>`,
		`<h2>Second part</h2><ul><li>first item</li><li>second item</li></ul><table>${rows
			.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`)
			.join('')}</table><p>${end}</p>`,
	];
	return {
		content: zipOf(epubParts(repeated(once, times), 'The guide')),
		title: 'The guide',
		blocks: repeated(report, times),
	};
}

function rtf(times: number): Sample {
	const once = [
		rtfParagraph('Guide', '\\s1'),
		rtfParagraph(begin),
		rtfParagraph('Second part', '\\s2'),
		rtfParagraph('first item', '\\pnbullet'),
		rtfParagraph('second item', '\\pnbullet'),
		...rows.map(
			(cells) =>
				`\\trowd\\cellx3000\\cellx6000\n${cells.map((cell) => `\\pard\\intbl ${cell}\\cell\n`).join('')}\\row\n`,
		),
		rtfParagraph(end),
	].join('');
	return { content: rtfFile(once.repeat(times)), title: 'Guide', blocks: repeated(report, times) };
}

/** Each time a sheet of its own: a name stands for one sheet only. `title`: whether SheetJS's writer writes one. */
const sheets =
	(bookType: Parameters<typeof workbookFile>[0], title: string | null = 'The guide') =>
	(times: number): Sample => {
		const names = Array.from({ length: times }, (_, time) => `Guide ${time + 1}`);
		// No row that names columns, which chunks repeat.
		const cells = sentences(0, 60).map((text, index) => [String(index), text]);
		return {
			content: workbookFile(
				bookType,
				names.map((name) => ({ name, rows: cells })),
				'The guide',
			),
			title,
			blocks: names.flatMap((name) => [heading(1, name), ...cells.map((texts) => row(...texts))]),
		};
	};

/** Without styles, and so without headings. */
function doc(times: number): Sample {
	const once = `Guide\r${begin}\rSecond part\rfirst item\rsecond item\r${end}\r`;
	return {
		content: docFile(once.repeat(times), { title: 'The guide' }),
		title: 'The guide',
		blocks: repeated(
			['Guide', begin, 'Second part', 'first item', 'second item', end].map((text) => paragraph(text)),
			times,
		),
	};
}

/** Rows of the samples' table. */
export const officeSamples = {
	'application/vnd.openxmlformats-officedocument.wordprocessingml.document': docx,
	'application/msword': doc,
	'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': sheets('xlsx'),
	'application/vnd.ms-excel.sheet.binary.macroenabled.12': sheets('xlsb'),
	'application/vnd.ms-excel': sheets('biff8'),
	'application/vnd.openxmlformats-officedocument.presentationml.presentation': pptx,
	'application/vnd.oasis.opendocument.text': odt,
	'application/vnd.oasis.opendocument.spreadsheet': sheets('ods', null),
	'application/vnd.oasis.opendocument.presentation': odp,
	'application/rtf': rtf,
	'application/epub+zip': epub,
};

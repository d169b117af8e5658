import type { Block } from '../../api/chunking/chunk.ts';
import type { fileTypes } from '../../api/contract/file-types.ts';
import { pdfFile, wrapped } from '../support/pdf-file.ts';
import { dataSamples } from './data-samples.ts';
import { officeSamples } from './office-samples.ts';
import { begin, end, heading, item, paragraph, repeated, type Sample } from './sample-blocks.ts';

const guide = (between: (text: string) => Block): Block[] => [
	heading(1, 'Guide'),
	paragraph(begin),
	heading(2, 'Second part'),
	between('first item'),
	between('second item'),
	paragraph(end),
];

function text(times: number): Sample {
	const once = `Guide\n=====\n\n${begin}\n\nSecond part\n-----------\n\nfirst item\n\nsecond item\n\n${end}\n\n`;
	return { content: once.repeat(times), title: 'Guide', blocks: repeated(guide(paragraph), times) };
}

function markdown(times: number): Sample {
	const once = `# Guide\n\n${begin}\n\n## Second part\n\n- first item\n- second item\n\n${end}\n\n`;
	return { content: once.repeat(times), title: 'Guide', blocks: repeated(guide(item), times) };
}

function html(times: number): Sample {
	const once = `<h1>Guide</h1><p>${begin}</p><h2>Second part</h2><ul><li>first item<li>second item</ul><p>${end}`;
	return {
		content: `<title>T</title>${once.repeat(times)}`,
		title: 'T',
		blocks: repeated(guide(item), times),
	};
}

function pdf(times: number): Sample {
	const lines = [
		...[{ text: 'Guide', size: 24 }, null, ...wrapped(begin), null, { text: 'Second part', size: 18 }, null],
		...['first item', null, 'second item', null, ...wrapped(end)],
	];
	const pages = Array.from({ length: times }, () => ({ lines }));
	const blocks = pages.flatMap((_, at) => guide(paragraph).map((block) => ({ ...block, page: at + 1 })));
	return { content: pdfFile({ pages }), title: 'Guide', blocks };
}

/**
 * A file of each type and what its reader must find in it, block by block: the basic test of every reader. The
 * conformance suite of extractors reads it through each of them, in this process and in a child.
 *
 * A sample of one time has some 2,500 characters, and blocks that are shorter than a chunk and stand side by side,
 * as the reader's own rules tell them apart: what is no border of blocks for the reader must make its test fail.
 *
 * What the sample holds stands in its file so many times over; the file is whole.
 */
export const samples: { readonly [T in keyof typeof fileTypes]: (times: number) => Sample } = {
	'text/plain': text,
	'text/x-rst': text,
	'text/markdown': markdown,
	'text/html': html,
	'application/xhtml+xml': html,
	'application/pdf': pdf,
	...dataSamples,
	...officeSamples,
};

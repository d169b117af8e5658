import type { Block } from '../../api/chunking/chunk.ts';
import type { MimeType } from '../../api/contract/file-types.ts';
import { dataSamples } from './data-samples.ts';
import type { Sample } from './sample.ts';

/** Some sentences, from one number to before another. */
const sentences = (from: number, to: number) =>
	Array.from({ length: to - from }, (_, i) => `Sentence number ${from + i} of this document.`).join(' ');
const repeated = <T>(items: readonly T[], times: number): T[] =>
	Array.from({ length: times }, () => items).flat();

const [begin, end] = [sentences(0, 30), sentences(30, 60)];
const heading = (level: number, text: string): Block => ({ kind: 'heading', level, text });
const paragraph = (text: string): Block => ({ kind: 'paragraph', text });
const item = (text: string): Block => ({ kind: 'item', level: 1, text });
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

/** What the sample holds, so many times over, in one file that is whole. */
export const samples: { readonly [T in MimeType]: (times: number) => Sample } = {
	'text/plain': text,
	'text/x-rst': text,
	'text/markdown': markdown,
	'text/html': html,
	'application/xhtml+xml': html,
	...dataSamples,
};

/** The samples (format-samples.ts) of mail, of data, of source code, and of markup that is not Markdown. */
import type { Block } from '../../api/chunking/chunk.ts';
import { msgFile } from '../support/msg-file.ts';
import { begin, end, heading, item, paragraph, repeated, type Sample, sentences } from './sample-blocks.ts';

const code = (text: string): Block => ({ kind: 'code', text });

/** A document of headings, paragraphs and items in a markup of some kind. */
function guide(once: string, [first, second]: readonly [number, number], begins = '') {
	const blocks: Block[] = [
		heading(first, 'Guide'),
		paragraph(begin),
		heading(second, 'Second part'),
		item('first item'),
		item('second item'),
		paragraph(end),
	];
	return (times: number): Sample => ({
		content: begins + once.repeat(times),
		title: 'Guide',
		blocks: repeated(blocks, times),
	});
}

/** Sixty entries, each a name and a note. */
function entries(
	write: (entries: readonly (readonly [name: string, note: string])[]) => string,
	block: (name: string, note: string) => Block,
	first: readonly Block[] = [],
) {
	const all = sentences(0, 60).map((note, n) => [`entry ${n}`, note] as const);
	return (times: number): Sample => ({
		content: write(repeated(all, times)),
		title: null,
		blocks: [...first, ...repeated(all, times).map(([name, note]) => block(name, note))],
	});
}

const record = (name: string, note: string) => paragraph(`name: ${name}\nnote: ${note}`);
const row = (name: string, note: string) => paragraph(`name: ${name} | note: ${note}`);
const table = (delimiter: string) =>
	entries((all) => [['name', 'note'], ...all].map((cells) => cells.join(delimiter)).join('\n'), row, [
		paragraph('name | note'),
	]);

function eml(times: number): Sample {
	const once = [begin, 'A short line.', end];
	const body = repeated(once, times);
	return {
		content: `From: Ada <ada@example.org>\r\nSubject: Guide\r\n\r\n${body.join('\r\n\r\n')}`,
		title: 'Guide',
		blocks: [heading(1, 'Guide'), paragraph('From: Ada <ada@example.org>'), ...body.map(paragraph)],
	};
}

function msg(times: number): Sample {
	const body = repeated([begin, 'A short line.', end], times);
	return {
		content: msgFile({ subject: 'Guide', senderName: 'Ada', body: body.join('\r\n\r\n') }),
		title: 'Guide',
		blocks: [heading(1, 'Guide'), paragraph('From: Ada'), ...body.map(paragraph)],
	};
}

function notebook(times: number): Sample {
	const source = `# Guide\n\n${begin}\n\n## Second part\n\n- first item\n- second item\n\n${end}\n`;
	const { blocks } = guide('', [1, 2])(1);
	const cells = [
		{ cell_type: 'markdown', source },
		{ cell_type: 'code', source: 'print(1)', outputs: [{ text: '1' }] },
	];
	return {
		content: JSON.stringify({ nbformat: 4, cells: repeated(cells, times) }),
		title: 'Guide',
		blocks: repeated([...blocks, code('print(1)'), code('1')], times),
	};
}

function subtitles(head: string, point: string) {
	const time = (second: number) => new Date(second * 1_000).toISOString().slice(11, 23).replace('.', point);
	return (times: number): Sample => {
		const cues = repeated(sentences(0, 60), times).map((text, place) => ({ text, start: place * 10 }));
		return {
			content:
				head + cues.map(({ text, start }) => `${time(start)} --> ${time(start + 2)}\n${text}\n\n`).join(''),
			title: null,
			blocks: cues.map(({ text, start }) => paragraph(`[${time(start).slice(0, 8)}] ${text}`)),
		};
	};
}

export const dataSamples = {
	'message/rfc822': eml,
	'application/vnd.ms-outlook': msg,
	'text/csv': table(','),
	'text/tab-separated-values': table('\t'),
	'application/json': entries((all) => JSON.stringify(all.map(([name, note]) => ({ name, note }))), record),
	'application/x-ndjson': entries(
		(all) => all.map(([name, note]) => JSON.stringify({ name, note })).join('\n'),
		record,
	),
	'application/xml': entries(
		(all) =>
			`<all>${all.map(([name, note]) => `<one><name>${name}</name><note>${note}</note></one>`).join('')}</all>`,
		(name, note) => paragraph(`one\nname: ${name}\nnote: ${note}`),
	),
	'application/yaml': entries(
		(all) => all.map(([name, note]) => `name: ${name}\nnote: ${note}\n`).join('---\n'),
		(name, note) => code(`name: ${name}\nnote: ${note}`),
	),
	'application/x-ipynb+json': notebook,
	'application/x-tex': guide(
		`\\section{Guide}\n\n${begin}\n\n\\subsection{Second part}\n\\begin{itemize}\n\\item first item\n\\item second item\n\\end{itemize}\n\n${end}\n\n`,
		[2, 3],
	),
	'application/x-subrip': subtitles('', ','),
	'text/vtt': subtitles('WEBVTT\n\n', '.'),
	'text/x-source': entries(
		(all) => all.map(([name, note]) => `// ${name}\nsay("${note}");\n`).join('\n'),
		(name, note) => code(`// ${name}\nsay("${note}");`),
	),
	'text/mdx': guide(
		`# Guide\n\n${begin}\n\n## Second part\n\n- first item\n- second item\n\n${end}\n\n`,
		[1, 2],
		"import A from 'a'\n\n",
	),
	'text/asciidoc': guide(
		`= Guide\n\n${begin}\n\n== Second part\n\n* first item\n* second item\n\n${end}\n\n`,
		[1, 2],
	),
	'text/x-org': guide(
		`* Guide\n\n${begin}\n\n** Second part\n\n- first item\n- second item\n\n${end}\n\n`,
		[1, 2],
	),
} satisfies Readonly<Record<string, (times: number) => Sample>>;

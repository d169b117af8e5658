/**
 * Jupyter notebooks: Markdown cells through the Markdown reader, code cells as code, and of outputs the beginning of
 * their text; pictures and HTML among the outputs are left out.
 */
import type { Block } from '../../chunking/index.ts';
import { DocDropError } from '../../errors.ts';
import { decode } from './decode.ts';
import type { Document } from './extracted.ts';
import { markdownDocument } from './markdown.ts';

/** Of the outputs of one cell. */
const LONGEST_OUTPUT = 2_000;

/** Rejects with `unreadable` what is no notebook. */
export function extractNotebook(bytes: Uint8Array, mimeType = 'application/x-ipynb+json'): Document {
	const source = decode(bytes, mimeType);
	if (source.trim() === '') return { title: null, blocks: [] };
	const blocks = cellsOf(parsed(source, mimeType)).flatMap(cellBlocks);
	const headings = blocks.filter((block) => block.kind === 'heading');
	const heading = headings.find((block) => block.level === 1) ?? headings[0];
	return { title: heading?.text ?? null, blocks };
}

type Fields = Readonly<Record<string, unknown>>;

function parsed(source: string, mimeType: string): Fields {
	try {
		const value: unknown = JSON.parse(source);
		if (isFields(value) && (Array.isArray(value['cells']) || Array.isArray(value['worksheets'])))
			return value;
	} catch {
		// It is no JSON, which is said below.
	}
	throw new DocDropError(
		'unreadable',
		`the file, read as ${mimeType}, is no notebook: it has no list of cells`,
	);
}

const isFields = (value: unknown): value is Fields =>
	typeof value === 'object' && value !== null && !Array.isArray(value);

const listOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.filter(isFields) : []);

/** Format 3 had its cells in worksheets. */
const cellsOf = (notebook: Fields) => [
	...listOf(notebook['cells']),
	...listOf(notebook['worksheets']).flatMap((sheet) => listOf(sheet['cells'])),
];

function cellBlocks(cell: Fields): Block[] {
	const source = textOf(cell['source'] ?? cell['input']).trimEnd();
	if (cell['cell_type'] === 'markdown') return markdownDocument(source).blocks;
	if (cell['cell_type'] === 'heading')
		return source.trim() === '' ? [] : [{ kind: 'heading', level: Number(cell['level']) || 1, text: source }];
	const outputs = listOf(cell['outputs'])
		.map(outputText)
		.filter((text) => text.trim() !== '')
		.join('\n');
	const kind = cell['cell_type'] === 'code' ? 'code' : 'paragraph';
	return [
		{ kind, text: source } as const,
		{ kind: 'code', text: beginning(outputs.trimEnd()) } as const,
	].filter(({ text }) => text.trim() !== '');
}

function outputText(output: Fields): string {
	const data = isFields(output['data']) ? output['data']['text/plain'] : undefined;
	return textOf(output['text'] ?? data).replace(/\x1b\[[\d;]*[A-Za-z]/g, '');
}

function beginning(text: string): string {
	if (text.length <= LONGEST_OUTPUT) return text;
	return `${text.slice(0, LONGEST_OUTPUT).replace(/[\uD800-\uDBFF]$/, '')} …`;
}

/** A text, or its lines. */
function textOf(value: unknown): string {
	if (typeof value === 'string') return value;
	return Array.isArray(value) ? value.filter((line) => typeof line === 'string').join('') : '';
}

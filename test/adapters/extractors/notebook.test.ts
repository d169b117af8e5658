import assert from 'node:assert/strict';
import { extractNotebook } from '../../../api/adapters/extractors/notebook.ts';

const read = (value: unknown) => extractNotebook(new TextEncoder().encode(JSON.stringify(value)));

describe('extractNotebook', () => {
	it('reads Markdown, code, and the beginning of the text of outputs', () => {
		const cells = [
			{ cell_type: 'markdown', source: ['# Study\n', '\n', 'Some *words*.'] },
			{
				cell_type: 'code',
				source: 'print(1)\n',
				outputs: [
					{ output_type: 'stream', text: ['1\n', '\u001b[31mred\u001b[0m\n'] },
					{ output_type: 'display_data', data: { 'image/png': 'iVBOR', 'text/plain': '<Figure>' } },
				],
			},
			{ cell_type: 'code', source: 'long()', outputs: [{ text: 'x'.repeat(9_000) }] },
			{ cell_type: 'raw', source: 'raw text' },
		];
		assert.deepEqual(read({ nbformat: 4, cells }), {
			title: 'Study',
			blocks: [
				{ kind: 'heading', level: 1, text: 'Study' },
				{ kind: 'paragraph', text: 'Some words.' },
				{ kind: 'code', text: 'print(1)' },
				{ kind: 'code', text: '1\nred\n\n<Figure>' },
				{ kind: 'code', text: 'long()' },
				{ kind: 'code', text: `${'x'.repeat(2_000)} …` },
				{ kind: 'paragraph', text: 'raw text' },
			],
		});
	});

	it('reads the third format, whose cells lie in worksheets', () => {
		const cells = [
			{ cell_type: 'heading', level: 2, source: 'Old' },
			{ cell_type: 'code', input: ['1 + 1'] },
		];
		assert.deepEqual(read({ nbformat: 3, worksheets: [{ cells }] }).blocks, [
			{ kind: 'heading', level: 2, text: 'Old' },
			{ kind: 'code', text: '1 + 1' },
		]);
	});

	it('refuses what is no notebook, and survives any cells', () => {
		for (const value of [{}, [], 'x', { cells: 'x' }])
			assert.throws(() => read(value), { code: 'unreadable' });
		assert.throws(() => extractNotebook(new TextEncoder().encode('{"cells": [')), { code: 'unreadable' });
		assert.deepEqual(read({ cells: [null, 1, {}, { cell_type: 'code' }, { source: [1, null] }] }).blocks, []);
	});
});

import assert from 'node:assert/strict';
import { extractMarkdown } from '../../../api/adapters/extractors/markdown.ts';

const read = (text: string) => extractMarkdown(new TextEncoder().encode(text));

describe('extractMarkdown', () => {
	it('gives headings, paragraphs, items, code and table rows', () => {
		const text = [
			'# Title with `code`',
			'A [link](http://x.example/y) and **bold\ntext**, ![a picture](p.png).',
			'- one\n- two\n  - deep\n\n  more of two',
			'1. first',
			'```js\nif (a) {\n\tb();\n}\n```',
			'    indented code',
			'| a | b |\n|---|---|\n| 1 | x\\|y |',
			'> quoted',
			'Setext\n------',
			'line  \nbreak',
			'***',
		].join('\n\n');
		assert.deepEqual(read(text), {
			title: 'Title with code',
			blocks: [
				{ kind: 'heading', level: 1, text: 'Title with code' },
				{ kind: 'paragraph', text: 'A link and bold text, a picture.' },
				{ kind: 'item', level: 1, text: 'one' },
				{ kind: 'item', level: 1, text: 'two' },
				{ kind: 'item', level: 2, text: 'deep' },
				{ kind: 'paragraph', text: 'more of two' },
				{ kind: 'item', level: 1, text: 'first' },
				{ kind: 'code', text: 'if (a) {\n\tb();\n}' },
				{ kind: 'code', text: 'indented code' },
				{ kind: 'row', text: 'a | b' },
				{ kind: 'row', text: '1 | x|y' },
				{ kind: 'paragraph', text: 'quoted' },
				{ kind: 'heading', level: 2, text: 'Setext' },
				{ kind: 'paragraph', text: 'line\nbreak' },
			],
		});
	});

	it('skips front matter but takes its title', () => {
		const result = read('---\ntitle: "From the front"\ntags: [a]\n---\n# Heading\n');
		assert.deepEqual(result, {
			title: 'From the front',
			blocks: [{ kind: 'heading', level: 1, text: 'Heading' }],
		});
		assert.equal(read('---\ntags: [a]\n---\n## Heading\n').title, 'Heading');
	});

	it('keeps a document that only begins like front matter', () => {
		assert.deepEqual(
			read('---\ntitle: x\n\nno end')
				.blocks.map((block) => block.text)
				.join(' '),
			'title: x no end',
		);
	});

	it('reads HTML within, without its scripts', () => {
		const { blocks } = read('<div><p>inside</p><script>evil()</script></div>\n\ntext <b>bold</b><br>next');
		assert.deepEqual(blocks, [
			{ kind: 'paragraph', text: 'inside' },
			{ kind: 'paragraph', text: 'text bold\nnext' },
		]);
	});

	it('reads as text what is nested too deeply to be parsed', () => {
		for (const mark of ['>', '- ', '1. ']) {
			const { blocks } = read(`${mark.repeat(500)}still here`);
			assert.match(blocks.at(-1)?.text ?? '', /still here$/);
		}
	});
});

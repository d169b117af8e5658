import assert from 'node:assert/strict';
import { extractMarkdown, markdownDocument } from '../../../api/adapters/extractors/markdown.ts';

const read = (text: string) => markdownDocument(text);
const texts = (text: string) => read(text).blocks.map((block) => block.text);

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
				{ kind: 'paragraph', text: 'A link (http://x.example/y) and bold text, a picture.' },
				{ kind: 'item', level: 1, text: 'one' },
				{ kind: 'item', level: 1, text: 'two' },
				{ kind: 'item', level: 2, text: 'deep' },
				{ kind: 'paragraph', text: 'more of two' },
				{ kind: 'item', level: 1, text: '1. first' },
				{ kind: 'code', text: 'if (a) {\n\tb();\n}' },
				{ kind: 'code', text: 'indented code' },
				{ kind: 'row', text: 'a | b' },
				{ kind: 'row', text: '1 | x|y', header: 'a | b' },
				{ kind: 'paragraph', text: 'quoted' },
				{ kind: 'heading', level: 2, text: 'Setext' },
				{ kind: 'paragraph', text: 'line\nbreak' },
			],
		});
	});

	it('takes title, description and keywords from front matter, in YAML and TOML', () => {
		const heading = [{ kind: 'heading', level: 1, text: 'Heading' }];
		assert.deepEqual(read('---\ntitle: "From the front"\nlayout: x\n---\n# Heading\n'), {
			title: 'From the front',
			blocks: heading,
		});
		assert.equal(read('---\nlayout: a\n---\n## Heading\n').title, 'Heading');
		const yaml =
			'--- \ntitle: >-\n  Folded\n  title\nsummary: About it\ntags: [a, b]\nkeywords: b, c\nseo:\n  title: no\n...\n# Heading';
		assert.deepEqual(read(yaml), {
			title: 'Folded title',
			blocks: heading,
			description: 'About it',
			keywords: ['a', 'b', 'c'],
		});
		const toml =
			'+++\ntitle = "Toml"\ndate = 2024-01-01\ntags = ["x"]\n[params]\ntitle = "no"\n+++\n# Heading';
		assert.deepEqual(read(toml), { title: 'Toml', blocks: heading, keywords: ['x'] });
		assert.equal(read('---\ntitle: "Say \\"hi\\": intro" # comment\n---\nBody').title, 'Say "hi": intro');
		assert.equal(read('---\ntitle: Part 2: the end\n---\nBody').title, 'Part 2: the end');
		assert.equal(read('---\ntitle: 2024\ndescription: |\n  a\n  ---\n  b\n---\nBody').description, 'a --- b');
	});

	it('takes rules for rules, whatever stands between them', () => {
		const cases: [string, string[]][] = [
			['---\n\nFirst part.\n\n---\n\nSecond part.', ['First part.', 'Second part.']],
			['---\n- a\n- b\n\n---\nText', ['a', 'b', 'Text']],
			['---\n\nKey: value\n\n---\nText', ['Key: value', 'Text']],
			['---\nDear all: we have moved.\n\n---\nText', ['Dear all: we have moved.', 'Text']],
			['+++\nnot TOML\n+++\nText', ['+++ not TOML +++ Text']],
			['---\ntitle: x\n\nno end', ['title: x', 'no end']],
			['---\n{{{{{: [\n---\nText', ['{{{{{: [', 'Text']],
		];
		for (const [text, expected] of cases) assert.deepEqual(texts(text), expected, text);
	});

	it('reads front matter that is made to be slow or deep', () => {
		const bomb = [
			'a: &a [x,x,x,x]',
			...'bcdefghij'.split('').map((name, at) => {
				const before = 'abcdefghi'[at] ?? '';
				return `${name}: &${name} [*${before},*${before},*${before},*${before}]`;
			}),
		].join('\n');
		assert.equal(texts(`---\ntitle: T\n${bomb}\n---\nText`).at(-1), 'Text');
		assert.equal(texts(`---\na: ${'['.repeat(20_000)}\n---\nText`).at(-1), 'Text');
	});

	it('keeps footnotes, a single word among them', () => {
		assert.deepEqual(
			texts('See[^1] and[^n].\n\n[^1]: Giraffe\n[^n]: A longer *one*\nover two lines.\n\nEnd.'),
			['See[^1] and[^n].', '[^1]: Giraffe', '[^n]: A longer one over two lines.', 'End.'],
		);
		assert.deepEqual(texts('See [docs][d].\n\n[d]: https://example.com/docs'), [
			'See docs (https://example.com/docs).',
		]);
	});

	it('reads nothing of a picture that is in the text itself', () => {
		const data = 'QUJDRUZH'.repeat(500);
		const wrapped = data.replace(/(.{76})/g, '$1\n');
		for (const type of ['image/png', 'image/svg+xml', 'image/x-emf', 'application/octet-stream']) {
			assert.deepEqual(
				texts(`before ![a cat](data:${type};base64,${data}) after`),
				['before a cat after'],
				type,
			);
			assert.deepEqual(
				texts(`before ![a cat](data:${type};base64,${wrapped}) after`),
				['before a cat after'],
				type,
			);
			assert.deepEqual(
				texts(`text ![][image1] more\n\n[image1]: <data:${type};base64,${data}>`),
				['text  more'],
				type,
			);
		}
		assert.deepEqual(texts(`<img src="data:image/png;base64,${data}" alt="a cat"/> x`), ['a cat x']);
		assert.deepEqual(texts(`a <img alt="a cat" src="data:image/png;base64,${data}"> b`), ['a a cat b']);
		assert.deepEqual(texts('a data:text/plain;base64,QUJD b'), ['a data:text/plain;base64,QUJD b']);
	});

	it('leaves out scripts and styles within a paragraph', () => {
		assert.deepEqual(texts('a <script>alert("llama")</script> b <STYLE>.x{color:red}</style> c <b>d</b>'), [
			'a  b  c d',
		]);
	});

	it('says in which charset the bytes are', () => {
		const { blocks, charset } = extractMarkdown(Buffer.from('d0', 'hex'), 'text/markdown', 'koi8-r');
		assert.deepEqual([blocks[0]?.text, charset], ['п', 'koi8-r']);
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

import assert from 'node:assert/strict';
import { extractText, textDocument } from '../../../api/adapters/extractors/text.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);
const read = (text: string) => extractText(utf8(text)).blocks;
const utf16 = (text: string, bigEndian: boolean) => {
	const bytes = Buffer.from(`\ufeff${text}`, 'utf16le');
	return bigEndian ? bytes.swap16() : bytes;
};

describe('extractText', () => {
	it('splits paragraphs at blank lines and page breaks, whatever the line ends', () => {
		for (const end of ['\n', '\r\n', '\r']) {
			assert.deepEqual(read(`one${end}line${end} ${end}two\fthree${end}`), [
				{ kind: 'paragraph', text: 'one\nline' },
				{ kind: 'paragraph', text: 'two' },
				{ kind: 'paragraph', text: 'three' },
			]);
		}
	});

	it('drops shared indentation and keeps the rest', () => {
		assert.deepEqual(read('    if x:\n      y\n    z  '), [{ kind: 'paragraph', text: 'if x:\n  y\nz' }]);
	});

	it('sees underlined titles as headings, with levels in the order of appearance', () => {
		const text = 'Title\n-----\n\nbody\n\nPart\n^^^^\ntext below\n\n====\n Top\n====\n\nOther\n-----\n';
		assert.deepEqual(textDocument(text), {
			title: 'Title',
			blocks: [
				{ kind: 'heading', level: 1, text: 'Title' },
				{ kind: 'paragraph', text: 'body' },
				{ kind: 'heading', level: 2, text: 'Part' },
				{ kind: 'paragraph', text: 'text below' },
				{ kind: 'heading', level: 3, text: 'Top' },
				{ kind: 'heading', level: 1, text: 'Other' },
			],
		});
	});

	it('has titles of reStructuredText without their marks, and no targets of its links', () => {
		const text = `.. _top:

\`A link <https://x.org>\`_ and :func:\`~os.path\`
===============================================

Text before
.. _\`a place\`:
and \`behind\`_.

.. _kept: https://x.org

The \`\`code\`\` of *Python_*, __init__ and snake_case
----------------------------------------------------
`;
		const { title, blocks } = extractText(utf8(text), 'text/x-rst');
		assert.deepEqual(blocks, [
			{ kind: 'heading', level: 1, text: 'A link and os.path' },
			{ kind: 'paragraph', text: 'Text before' },
			{ kind: 'paragraph', text: 'and `behind`_.' },
			{ kind: 'paragraph', text: '.. _kept: https://x.org' },
			{ kind: 'heading', level: 2, text: 'The code of Python, __init__ and snake_case' },
		]);
		assert.equal(title, 'A link and os.path');
		assert.equal(extractText(utf8(text)).blocks[0]?.text, '.. _top:');
	});

	it('takes no short underline, no table rule, no second line of a paragraph for a title', () => {
		for (const text of ['A long title\n---', 'Name  Value\n====  =====', 'one\ntwo\n===\nthree']) {
			assert.ok(
				read(text).every((block) => block.kind === 'paragraph'),
				text,
			);
		}
	});

	it('takes no rule that separates the entries of a log for a title', () => {
		const log = 'step 1 done\n==================\nstep 2 done\n==================\nstep 3 done';
		assert.deepEqual(read(log), [{ kind: 'paragraph', text: log }]);
		const wide = '安装指南\n========\n\n内容';
		assert.equal(read(wide)[0]?.kind, 'heading');
		assert.equal(extractText(utf8(log), 'text/x-rst').blocks[0]?.kind, 'heading');
	});

	it('drops rules that stand alone', () => {
		assert.deepEqual(read('a\n\n-----\n\nb'), [
			{ kind: 'paragraph', text: 'a' },
			{ kind: 'paragraph', text: 'b' },
		]);
	});

	it('reads UTF-8 and UTF-16 with a byte order mark', () => {
		for (const bytes of [utf8('\ufeffGrüße'), utf16('Grüße', false), utf16('Grüße', true)]) {
			assert.deepEqual(extractText(bytes).blocks, [{ kind: 'paragraph', text: 'Grüße' }]);
		}
	});

	it('reads what is no UTF-8 as windows-1252', () => {
		const bytes = Buffer.from([0x93, 0x47, 0x72, 0xfc, 0xdf, 0x65, 0x94, 0x20, 0x80]);
		assert.equal(extractText(bytes).blocks[0]?.text, '“Grüße” €');
	});

	it('refuses binary data and names the type', () => {
		const png = Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex');
		const noise = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919 + (i >> 3) * 31) % 251));
		for (const bytes of [png, noise, new Uint8Array(100)]) {
			assert.throws(() => extractText(bytes, 'text/plain'), { code: 'unreadable', message: /text\/plain/ });
		}
	});

	it('forgives a stray NUL and takes it out', () => {
		const blocks = read(`${'word '.repeat(1000)}\0 end\u0007`);
		assert.match(blocks[0]?.text ?? '', /word {3}end$/);
	});
});

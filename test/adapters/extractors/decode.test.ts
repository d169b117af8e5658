import assert from 'node:assert/strict';
import { createEncoder } from '../../support/legacy-bytes.ts';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Declared } from '../../../api/adapters/extractors/charset.ts';
import { openTextFile } from '../../../api/adapters/extractors/decode-stream.ts';
import { decodeAs } from '../../../api/adapters/extractors/decode.ts';
import { isDocDropError } from '../../../api/errors.ts';

const nothing: Declared = { sender: null, inside: null };
const read = (bytes: Uint8Array, declared = nothing) => decodeAs(bytes, 'text/plain', declared);
const bytes = (...parts: (string | readonly number[])[]) =>
	Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Uint8Array.from(part))));

/** Texts as other programs wrote them, for lack of an encoder of our own. */
const samples: Readonly<Record<string, readonly [text: string, hex: string]>> = {
	'koi8-r': ['Привет мир', 'f0d2c9d7c5d420cdc9d2'],
	'windows-1251': ['Привет мир', 'cff0e8e2e5f220ece8f0'],
	gbk: ['知识库', 'd6aacab6bfe2'],
	shift_jis: ['予算', '975c8e5a'],
	'iso-2022-jp': ['日本', '1b2442467c4b5c1b2842'],
	'utf-16le': ['Größe', '47007200f600df006500'],
};
const hex = (name: string) => Buffer.from(samples[name]?.[1] ?? '', 'hex');

describe('decode', () => {
	for (const [name, [text]] of Object.entries(samples)) {
		it(`reads ${name} where the sender declares it`, () => {
			assert.deepEqual(read(hex(name), { sender: name.toUpperCase(), inside: null }), {
				text,
				charset: name,
			});
		});
	}

	it('believes the byte order mark before the sender, and the sender before the file', () => {
		const marked = bytes([0xef, 0xbb, 0xbf], 'ü');
		assert.deepEqual(read(marked, { sender: 'koi8-r', inside: null }), { text: 'ü', charset: 'utf-8' });
		assert.equal(read(hex('koi8-r'), { sender: 'koi8-r', inside: 'windows-1251' }).text, 'Привет мир');
		assert.equal(read(hex('windows-1251'), { sender: null, inside: 'windows-1251' }).text, 'Привет мир');
		assert.equal(read(hex('windows-1251'), { sender: 'utf-8', inside: 'windows-1251' }).text, 'Привет мир');
		assert.equal(read(bytes('é'), { sender: 'no-such-thing', inside: 'nor-this' }).text, 'é');
		assert.equal(read(bytes('é'), { sender: 'us-ascii', inside: null }).text, 'é');
	});

	it('keeps what is sound of UTF-8 that was cut or damaged', () => {
		assert.deepEqual(read(bytes('größer für alle, ', [0xc3])), {
			text: 'größer für alle, \ufffd',
			charset: 'utf-8',
		});
		assert.equal(
			read(bytes('安装指南：首先下载', [0xff], '然后运行')).text,
			'安装指南：首先下载\ufffd然后运行',
		);
	});

	it('finds out what nobody declares', () => {
		const russian = 'cff0e8e2e5f22c20ece8f02120dff0eaeee520f3f2f0ee20e220e3eef0eee4e52e20';
		assert.deepEqual(read(Buffer.from(russian.repeat(4), 'hex')).charset, 'windows-1251');
		const chinese = 'd6aacab6bfe2cec4b5b5b5bcc8ebb2e2cad4a1a3cafdbeddbfe2c1acbdd3b3acca'.slice(0, 64);
		assert.match(read(Buffer.from(chinese.repeat(4), 'hex')).charset, /^gb/);
		assert.equal(read(hex('iso-2022-jp')).text, '日本');
		assert.deepEqual(read(Buffer.from('Quarterly report', 'utf16le')), {
			text: 'Quarterly report',
			charset: 'utf-16le',
		});
		assert.equal(read(Buffer.from('caf\xe9', 'latin1')).text, 'café');
	});

	it('guesses no charset that would leave holes in the text', () => {
		const persian =
			'دبیان یک سیستم عامل آزاد است که گروهی از داوطلبان در سراسر جهان آن را پدید آورده‌اند. چگونه می‌توان پرونده‌های پیکربندی را ویرایش کرد؟ پژوهشگران گزارش می‌دهند.';
		const { encode } = createEncoder('windows-1256');
		const text = persian.replaceAll('ی', 'ي').repeat(3);
		assert.deepEqual(read(Buffer.from(encode(text))), { text, charset: 'windows-1256' });
	});

	it('reads a text with a NUL in it, and refuses what is no text', () => {
		assert.equal(read(bytes('hello\0world')).text, 'hello world');
		assert.equal(read(bytes(`${'a'.repeat(998)}\0`)).text, `${'a'.repeat(998)} `);
		for (const binary of [bytes('\0\0\0\x01'), bytes('PK\x03\x04\x14\0\0\0\x08\0'), Buffer.alloc(5_000)])
			assert.throws(() => read(binary), { code: 'unreadable', message: /binary data/ });
	});

	it('takes out what terminals are told, and the marks of a possible break', () => {
		const colours =
			'\x1b[36mnode7\x1b[0m \x1b[1;31mup\x1b[m\x1b]0;title\x07 \x1b]8;;http://x\x1b\\link\x1b(B\x1b';
		assert.equal(read(bytes(colours)).text, 'node7 up link ');
		assert.equal(
			read(bytes('infor\xadmation in\u200bside auto\ufeffmation')).text,
			'information inside automation',
		);
		assert.equal(read(bytes('a\x07b\x7fc\td')).text, 'a b c\td');
	});
});

describe('decode of a file in pieces', () => {
	const dir = mkdtempSync(join(tmpdir(), 'docdrop-decode-'));
	const file = join(dir, 'content');
	after(() => rmSync(dir, { recursive: true, force: true }));

	const anyPart = fc.oneof(
		fc.constantFrom(
			'\x1b[36m',
			'\x1b',
			'[0m',
			'\x1b]0;t',
			'\x07',
			'\\',
			'\r',
			'\n',
			'é',
			'漢',
			'\xad',
			'\0',
			' ',
		),
		fc.string({ maxLength: 20 }),
		fc.constantFrom(200, 300, 65_530).map((count) => 'x'.repeat(count)),
	);
	const anyBytes = fc.oneof(
		fc.array(anyPart, { maxLength: 30 }).map((parts) => bytes(parts.join(''))),
		fc.array(anyPart, { maxLength: 30 }).map((parts) => bytes(parts.join(''), [0xc3, 0x28, 0xe9])),
		fc.constantFrom(...Object.keys(samples)).map((name) => bytes('x'.repeat(65_534), [...hex(name)])),
		fc.constantFrom(...Object.keys(samples)).map((name) => Buffer.concat(Array(40).fill(hex(name)))),
	);
	const anySender = fc.constantFrom(null, 'utf-8', 'koi8-r', 'gbk', 'unknown');

	it('gives the lines and the charset of the file in one piece', () => {
		fc.assert(
			fc.property(anyBytes, anySender, (content, sender) => {
				writeFileSync(file, content);
				let whole;
				try {
					whole = read(content, { sender, inside: null });
				} catch (error) {
					assert.ok(isDocDropError(error));
					assert.throws(() => openTextFile(file, 'text/plain', sender ?? undefined), {
						message: error.message,
					});
					return;
				}
				const streamed = openTextFile(file, 'text/plain', sender ?? undefined);
				const lines = whole.text.replaceAll('\f', '\n').split('\n');
				assert.equal(streamed.charset, whole.charset);
				assert.equal([...streamed.lines()].filter(Boolean).join('\n'), lines.filter(Boolean).join('\n'));
			}),
			{ numRuns: 300 },
		);
	});
});

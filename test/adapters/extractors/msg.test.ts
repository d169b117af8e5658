import assert from 'node:assert/strict';
import { outermost, type Nesting } from '../../../api/adapters/extractors/mail.ts';
import { extractMarkdown } from '../../../api/adapters/extractors/markdown.ts';
import { extractMsg } from '../../../api/adapters/extractors/msg.ts';
import { msgFile, type MsgFields } from '../../support/msg-file.ts';

const TYPE = 'application/vnd.ms-outlook';
const readPart: Nesting['read'] = async (part, nesting) => {
	if (part.mimeType === TYPE) return extractMsg(part.bytes, TYPE, nesting);
	return part.name?.endsWith('.md') === true ? extractMarkdown(part.bytes) : null;
};
const readBytes = (bytes: Uint8Array) => extractMsg(bytes, TYPE, outermost(readPart));
const read = (fields: MsgFields) => readBytes(msgFile(fields));

describe('extractMsg', () => {
	it('gives subject, people and body', async () => {
		const { title, blocks } = await read({
			subject: 'Grüße',
			senderName: 'Ada',
			body: 'One.\r\n\r\nTwo.',
			recipients: [
				{ name: 'Bob', email: 'bob@example.org' },
				{ name: 'c@example.org', email: 'c@example.org' },
			],
		});
		assert.equal(title, 'Grüße');
		assert.deepEqual(blocks, [
			{ kind: 'heading', level: 1, text: 'Grüße' },
			{ kind: 'paragraph', text: 'From: Ada\nTo: Bob <bob@example.org>, c@example.org' },
			{ kind: 'paragraph', text: 'One.' },
			{ kind: 'paragraph', text: 'Two.' },
		]);
	});

	it('reads texts that are not Unicode in the code page that the message names', async () => {
		const cyrillic = (text: string) =>
			Uint8Array.from(text, (char) => {
				const code = char.codePointAt(0) ?? 0;
				return code >= 0x410 && code <= 0x44f ? code - 0x410 + 0xc0 : code;
			});
		const { title, blocks } = await read({
			...{ subject: 'Привет', senderName: 'Ада', body: 'Текст письма', codepage: 1251, encode: cyrillic },
		});
		assert.equal(title, 'Привет');
		assert.deepEqual(
			blocks.map(({ text }) => text),
			['Привет', 'From: Ада', 'Текст письма'],
		);
	});

	it('reads HTML in the charset that it names', async () => {
		const html = Buffer.from('<meta charset="windows-1251"><ul><li>\xec\xe8\xf0</ul>', 'latin1');
		const { blocks } = await read({ subject: 'S', html });
		assert.deepEqual(blocks.slice(1), [{ kind: 'item', level: 1, text: 'мир' }]);
	});

	it('reads attachments and messages in it, and names the others', async () => {
		const inner = { subject: 'Inner', body: 'inner text' };
		const { blocks } = await read({
			subject: 'Outer',
			body: 'outer text',
			attachments: [
				{ name: 'notes.md', content: Buffer.from('# Notes\n\ntext of it') },
				{ name: 'inner', content: inner },
				{ name: 'tool.exe', content: Buffer.from('MZ') },
			],
		});
		assert.deepEqual(blocks.slice(1), [
			{ kind: 'paragraph', text: 'outer text' },
			{ kind: 'heading', level: 2, text: 'notes.md' },
			{ kind: 'heading', level: 3, text: 'Notes' },
			{ kind: 'paragraph', text: 'text of it' },
			{ kind: 'heading', level: 2, text: 'inner.msg' },
			{ kind: 'heading', level: 3, text: 'Inner' },
			{ kind: 'paragraph', text: 'inner text' },
			{ kind: 'heading', level: 2, text: 'Other attachments' },
			{ kind: 'item', level: 1, text: 'tool.exe' },
		]);
	});

	it('refuses what is no such message, and throws for one that was cut off', async () => {
		await assert.rejects(readBytes(Buffer.alloc(5_000)), { code: 'unreadable' });
		await assert.rejects(readBytes(Buffer.from('text')));
		const whole = msgFile({ subject: 'S', body: 'x'.repeat(20_000) });
		for (const share of [0.2, 0.5, 0.9])
			await readBytes(whole.subarray(0, whole.length * share)).catch((error: unknown) =>
				assert.ok(error instanceof Error),
			);
	});
});

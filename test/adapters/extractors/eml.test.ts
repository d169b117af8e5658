import assert from 'node:assert/strict';
import { extractEml } from '../../../api/adapters/extractors/eml.ts';
import { type Attachment, outermost, type Nesting } from '../../../api/adapters/extractors/mail.ts';
import { extractMarkdown } from '../../../api/adapters/extractors/markdown.ts';
import { DocDropError } from '../../../api/errors.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

/** Markdown and messages are read, nothing else. */
const readPart: Nesting['read'] = async (part: Attachment, nesting: Nesting) => {
	if (part.mimeType === 'message/rfc822') return extractEml(part.bytes, 'message/rfc822', nesting);
	if (part.name?.endsWith('.bad') === true) throw new DocDropError('encrypted', 'it wants a password');
	return part.name?.endsWith('.md') === true ? extractMarkdown(part.bytes) : null;
};
const read = (text: string) =>
	extractEml(bytes(text.replace(/\n/g, '\r\n')), 'message/rfc822', outermost(readPart));

const part = (header: string, body: string) => `--B\n${header}\n\n${body}\n`;
const multipart = (...parts: string[]) =>
	`From: a@x.org\nSubject: S\nContent-Type: multipart/mixed; boundary="B"\n\n${parts.join('')}--B--\n`;
const attached = (name: string, body: string) =>
	part(`Content-Type: application/octet-stream\nContent-Disposition: attachment; filename="${name}"`, body);

describe('the charset of a message', () => {
	const cyrillic = Buffer.from(
		'\xcf\xf0\xe8\xe2\xe5\xf2, \xea\xe0\xea \xe4\xe5\xeb\xe0? \xdd\xf2\xee \xef\xe8\xf1\xfc\xec\xee',
		'latin1',
	);
	const cases: readonly (readonly [says: string, body: Uint8Array, text: string])[] = [
		['charset=us-ascii', Buffer.from('Grüße'), 'Grüße'],
		['charset=utf-8', Buffer.from('Grüße aus Köln', 'latin1'), 'Grüße aus Köln'],
		['', cyrillic, 'Привет, как дела? Это письмо'],
		['', Buffer.from('\x1b$B$3$s$K$A$O\x1b(B', 'latin1'), 'こんにちは'],
		['charset=iso-2022-jp', Buffer.from('\x1b$B$3$s$K$A$O\x1b(B', 'latin1'), 'こんにちは'],
		['charset=iso-2022-jp', Buffer.from('ほげ'), 'ほげ'],
		['charset=windows-1251', cyrillic, 'Привет, как дела? Это письмо'],
	];
	const textOf = async (type: string, body: Uint8Array) => {
		const head = Buffer.from(`Subject: S\r\nContent-Type: ${type}\r\n\r\n`);
		const { blocks } = await extractEml(Buffer.concat([head, body]), 'message/rfc822', outermost(readPart));
		return blocks.at(-1)?.text;
	};
	for (const [says, body, text] of cases) {
		it(`${says || 'that says nothing'} gives ${text}`, async () => {
			assert.equal(await textOf(`text/plain; ${says}`, body), text);
		});
	}

	it('is looked for in a page that is one', async () => {
		const page = Buffer.concat([Buffer.from('<meta charset=windows-1251><p>'), cyrillic]);
		assert.equal(await textOf('text/html', page), 'Привет, как дела? Это письмо');
	});
});

describe('extractEml', () => {
	it('gives subject, addresses, date and body', async () => {
		const mail = `From: =?utf-8?q?Ad=C3=A1?= <ada@x.org>
To: Bob <bob@x.org>, team: c@x.org, d@x.org;
Cc: e@x.org
Subject: =?iso-8859-1?q?Gr=FC=DFe?=
Date: Mon, 30 Nov 2026 10:00:00 +0100
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Sch=F6ne

Gr=FC=DFe`;
		assert.deepEqual(await read(mail), {
			title: 'Grüße',
			blocks: [
				{ kind: 'heading', level: 1, text: 'Grüße' },
				{
					kind: 'paragraph',
					text: 'From: Adá <ada@x.org>\nTo: Bob <bob@x.org>, team: <c@x.org>, <d@x.org>\nCc: <e@x.org>\nDate: 2026-11-30T09:00:00.000Z',
				},
				{ kind: 'paragraph', text: 'Schöne' },
				{ kind: 'paragraph', text: 'Grüße' },
			],
			warnings: [],
		});
	});

	it('takes the HTML of a message that has both, unless it says much less', async () => {
		const both = (html: string) =>
			`Subject: S\nContent-Type: multipart/alternative; boundary="B"\n\n${part('Content-Type: text/plain', 'one and two, and some more words')}${part('Content-Type: text/html', html)}--B--`;
		const items = await read(both('<ul><li>one and</ul><h1>two, and</h1>some more words'));
		assert.deepEqual(items.blocks.slice(1), [
			{ kind: 'item', level: 1, text: 'one and' },
			{ kind: 'heading', level: 2, text: 'two, and' },
			{ kind: 'paragraph', text: 'some more words' },
		]);
		const { blocks } = await read(both('<p>see it here'));
		assert.deepEqual(blocks.slice(1), [{ kind: 'paragraph', text: 'one and two, and some more words' }]);
	});

	it('reads attachments below their names, and names those that it cannot read', async () => {
		const mail = multipart(
			part('Content-Type: text/plain', 'body'),
			attached('notes.md', '# Notes\n\ntext of it'),
			attached('tool.exe', 'MZ'),
			attached('locked.bad', 'x'),
			part('Content-Type: image/png\nContent-Disposition: inline\nContent-ID: <logo>', 'xx'),
		);
		const { blocks, warnings } = await read(mail);
		assert.deepEqual(blocks.slice(2), [
			{ kind: 'paragraph', text: 'body' },
			{ kind: 'heading', level: 2, text: 'notes.md' },
			{ kind: 'heading', level: 3, text: 'Notes' },
			{ kind: 'paragraph', text: 'text of it' },
			{ kind: 'heading', level: 2, text: 'Other attachments' },
			{ kind: 'item', level: 1, text: 'tool.exe' },
			{ kind: 'item', level: 1, text: 'locked.bad' },
		]);
		assert.deepEqual(warnings, ['the attachment "locked.bad" was not read: it wants a password']);
	});

	it('reads messages in messages, to a bound', async () => {
		let mail = 'Subject: innermost\n\nthe innermost text';
		for (let depth = 6; depth > 0; depth -= 1)
			mail = multipart(part('Content-Type: message/rfc822', mail))
				.replaceAll('B', `${depth}b`)
				.replace('Subject: S', `Subject: depth ${depth}`);
		const { blocks, warnings } = await read(mail);
		const texts = blocks.map(({ text }) => text);
		for (const depth of [1, 2, 3, 4]) assert.ok(texts.includes(`depth ${depth}`), texts.join('\n'));
		assert.ok(!texts.includes('depth 5'));
		assert.match(warnings?.[0] ?? '', /3 messages deep/);
	});

	it('reads so many attachments of a message, and names the others', async () => {
		const names = Array.from({ length: 60 }, (_, n) => `${n}.md`);
		const { blocks, warnings } = await read(multipart(...names.map((name) => attached(name, 'text'))));
		assert.equal(blocks.filter(({ kind, text }) => kind === 'paragraph' && text === 'text').length, 50);
		for (const name of names)
			assert.ok(
				blocks.some(({ text }) => text === name),
				name,
			);
		assert.deepEqual(warnings, ['10 attachments are only named: at most 50 of a message are read']);
	});

	it('refuses a message of more parts than it can take, and what is no message', async () => {
		const parts = Array.from({ length: 300_000 }, () => '--B\n\nx\n').join('');
		await assert.rejects(read(`Content-Type: multipart/mixed; boundary=B\n\n${parts}`), {
			code: 'unreadable',
			message: /2000 parts/,
		});
		for (const text of ['\0\0\0', 'just a text', '{"a": 1}'])
			await assert.rejects(read(text), { code: 'unreadable', message: /message\/rfc822/ });
		assert.deepEqual(await read(' \n\t '), { title: null, blocks: [] });
	});

	it('takes a mailbox of one message, and names without an address', async () => {
		const { title, blocks } = await read('From a@x.org Mon Nov 30\nFrom: Ada\nSubject: S\n\nbody');
		assert.equal(title, 'S');
		assert.equal(blocks.at(-1)?.text, 'body');
	});
});

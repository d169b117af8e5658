import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createExtractorPool } from '../../../api/adapters/extractors/pool.ts';
import type { Extractor } from '../../../api/ports/extractor.ts';
import { systemClock } from '../../../nodes/watch/clock.ts';
import { msgFile } from '../../support/msg-file.ts';

/** What a file of a type may do to the child that reads it: it is read, or refused with a reason. */
interface Attack {
	readonly mimeType: string;
	readonly content: () => string | Uint8Array;
	/** What the reason must say; null where the file is read. */
	readonly refused: RegExp | null;
}

const mail = (headers: string, body: string) => `From: a@x.org\nSubject: S\n${headers}\n\n${body}`;
const nested = (depth: number): string => {
	let text = mail('', 'innermost');
	for (let n = 0; n < depth; n += 1)
		text = mail(
			`Content-Type: multipart/mixed; boundary=b${n}`,
			`--b${n}\nContent-Type: message/rfc822\n\n${text}\n--b${n}--`,
		);
	return text;
};
/** The chain of the directory leads back to its beginning. */
function loopOfSectors(): Uint8Array {
	const bytes = Buffer.from(msgFile({ subject: 'S', body: 'text' }));
	const directory = bytes.readInt32LE(0x30);
	const table = bytes.readInt32LE(0x4c);
	bytes.writeInt32LE(directory, 512 * (table + 1) + directory * 4);
	return bytes;
}

function loopOfSmallSectors(): Uint8Array {
	const bytes = Buffer.from(msgFile({ subject: 'S', body: 'text' }));
	const smallTable = bytes.readInt32LE(0x3c);
	bytes.writeInt32LE(0, 512 * (smallTable + 1));
	return bytes;
}

const attacks: Readonly<Record<string, Attack>> = {
	'a message of 300,000 parts': {
		mimeType: 'message/rfc822',
		content: () => mail('Content-Type: multipart/mixed; boundary=b', '--b\n\nx\n'.repeat(300_000)),
		refused: /more than 2000 parts/,
	},
	'multipart in multipart without end': {
		mimeType: 'message/rfc822',
		content: () =>
			Array.from(
				{ length: 1_500 },
				(_, n) => `Content-Type: multipart/mixed; boundary=b${n}\n\n--b${n}\n`,
			).join(''),
		refused: /message\/rfc822/,
	},
	'messages in messages without end': {
		mimeType: 'message/rfc822',
		content: () => nested(200),
		refused: null,
	},
	'a header of 30 MB': {
		mimeType: 'message/rfc822',
		content: () => `Subject: ${'x'.repeat(30_000_000)}\n\ntext`,
		refused: /message\/rfc822/,
	},
	'an attachment of 40 MB': {
		mimeType: 'message/rfc822',
		content: () =>
			mail(
				'Content-Type: application/octet-stream; name=a.bin\nContent-Transfer-Encoding: base64',
				`${'QUJD'.repeat(18)}\n`.repeat(550_000),
			),
		refused: null,
	},
	'a directory of sectors that leads in a circle': {
		mimeType: 'application/vnd.ms-outlook',
		content: loopOfSectors,
		refused: /lead in a circle/,
	},
	'small sectors that lead in a circle': {
		mimeType: 'application/vnd.ms-outlook',
		content: loopOfSmallSectors,
		refused: /lead in a circle/,
	},
	'two million arrays in each other': {
		mimeType: 'application/json',
		content: () => '['.repeat(2_000_000),
		refused: null,
	},
	'objects in objects without end': {
		mimeType: 'application/json',
		content: () => `${'{"a":'.repeat(500_000)}1`,
		refused: null,
	},
	'a notebook of arrays in each other': {
		mimeType: 'application/x-ipynb+json',
		content: () => `{"cells":[${'['.repeat(2_000_000)}`,
		refused: /no notebook/,
	},
	'a quote that is never closed': {
		mimeType: 'text/csv',
		content: () => `a,b\n1,"open\n${'2,some more text of this row\n'.repeat(100_000)}`,
		refused: null,
	},
	'quotes that open on each line': {
		mimeType: 'text/csv',
		content: () => `a,b\n${'1,"open, and, more\n'.repeat(100_000)}`,
		refused: null,
	},
	'four million empty cells': { mimeType: 'text/csv', content: () => ','.repeat(4_000_000), refused: null },
	'a line without end': {
		mimeType: 'application/x-ndjson',
		content: () => `{"a":"${'x'.repeat(6_000_000)}"}`,
		refused: /line of more than/,
	},
	'740,000 elements in each other': {
		mimeType: 'application/xml',
		content: () => `${'<a>'.repeat(740_000)}text`,
		refused: null,
	},
	'entities of entities': {
		mimeType: 'application/xml',
		content: () =>
			`<!DOCTYPE x [<!ENTITY a0 "ha">${Array.from({ length: 60 }, (_, n) => `<!ENTITY a${n + 1} "&a${n};&a${n};">`).join('')}]><x>&a60; <b>&a60;</b></x>`,
		refused: null,
	},
	'attributes without end': {
		mimeType: 'application/xml',
		content: () => `<a ${'b="1" '.repeat(300_000)}>text</a>`,
		refused: null,
	},
	'aliases of aliases': {
		mimeType: 'application/yaml',
		content: () =>
			Array.from({ length: 60 }, (_, n) => `a${n + 1}: &a${n + 1} [*a${n},*a${n},*a${n}]`).join('\n'),
		refused: null,
	},
	'indentation without end': {
		mimeType: 'application/yaml',
		content: () => Array.from({ length: 3_000 }, (_, n) => `${' '.repeat(n)}k${n}:`).join('\n'),
		refused: null,
	},
	'a million braces': {
		mimeType: 'application/x-tex',
		content: () => `\\section{${'{'.repeat(500_000)}${'\\a{'.repeat(100_000)}`,
		refused: null,
	},
	'a line of source code of 2 MB': {
		mimeType: 'text/x-source',
		content: () => 'a=1;'.repeat(500_000),
		refused: null,
	},
	'cues without end': {
		mimeType: 'text/vtt',
		content: () => `WEBVTT\n\n${'00:00.000 --> 00:01.000\n<<<<a>{\\b\n\n'.repeat(100_000)}`,
		refused: null,
	},
};

const good = { content: new TextEncoder().encode('# Good\n\ntext'), mimeType: 'text/markdown' };

describe('what files of data, mail and code may do to their reader', () => {
	const dir = mkdtempSync(join(tmpdir(), 'docdrop-hostile-data-'));
	const file = join(dir, 'content');
	let pool: Extractor;
	before(() => {
		pool = createExtractorPool({
			...{ workers: 1, clock: systemClock },
			chunking: { maxChars: 1200, overlapChars: 150 },
		});
	});
	after(async () => {
		await pool.close();
		rmSync(dir, { recursive: true, force: true });
	});

	for (const [name, { mimeType, content, refused }] of Object.entries(attacks)) {
		it(`${refused === null ? 'reads' : 'refuses'} ${name}, and then a good file`, async () => {
			writeFileSync(file, content());
			const sink = { begin: () => Promise.resolve(), page: () => Promise.resolve() };
			const reading = pool.stream({ content: { file }, mimeType }, sink);
			if (refused === null) await reading;
			else await assert.rejects(reading, { code: 'unreadable', message: refused });
			assert.equal((await pool.extract(good)).title, 'Good');
		});
	}
});

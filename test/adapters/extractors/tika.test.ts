import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInProcessExtractor } from '../../../api/adapters/extractors/in-process.ts';
import { createExtractorPool } from '../../../api/adapters/extractors/pool.ts';
import { openTikaExtractor, type TikaSettings } from '../../../api/adapters/extractors/tika.ts';
import { defaultChunkSettings } from '../../../api/chunking/chunk-sizes.ts';
import type { DocDropError } from '../../../api/errors.ts';
import type { Chunk, Extractor } from '../../../api/ports/extractor.ts';
import { systemClock } from '../../../nodes/watch/clock.ts';
import { extractorConformance } from '../../conformance/extractor.ts';
import { startTika, status, type TikaAnswer, type TikaDouble, tikaPage, xhtml } from '../../doubles/tika.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { pdfFile } from '../../support/pdf-file.ts';

const thing = { content: Buffer.from('\x01\x02 a thing', 'latin1'), mimeType: 'application/x-thing' };
const png = Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1');
const settings = { timeoutMs: 20_000, calls: 2, refusedTypes: new Map<string, string>(), clock: systemClock };

describe('an extractor with a Tika server', () => {
	let tika: TikaDouble;
	let extractor: Extractor;
	const open = async (other: Partial<TikaSettings> = {}) => {
		extractor = await openTikaExtractor(createInProcessExtractor(), { ...settings, url: tika.url, ...other });
	};
	const read = (input: { content: Uint8Array | { file: string }; mimeType: string } = thing) =>
		extractor.extract(input);
	const answered = (answer: TikaAnswer) => {
		tika.answersWith(answer);
		return read();
	};
	const texts = (chunks: readonly Chunk[]) => chunks.map(({ text, page, heading }) => [text, page, heading]);
	const failure = (reading: Promise<unknown>): Promise<DocDropError> =>
		reading.then(
			() => assert.fail('it was read'),
			(error: DocDropError) => error,
		);
	before(async () => {
		tika = await startTika();
	});
	after(() => tika.close());
	beforeEach(async () => {
		tika.version = 'Apache Tika 2.9.2';
		await open();
	});
	afterEach(() => extractor.close());

	describe('keeps the promises of one', () => {
		before(() => tika.answersWith(status(415)));
		extractorConformance('an extractor with a Tika server', async (chunking) =>
			openTikaExtractor(createInProcessExtractor({ chunking }), { ...settings, url: tika.url }),
		);
	});

	it('sends what no reader takes, as bytes of whatever type, and reads pages and slides of the answer', async () => {
		extractor = await openTikaExtractor(
			createInProcessExtractor({ chunking: { maxChars: 200, overlapChars: 0 } }),
			{ ...settings, url: tika.url },
		);
		const long = Array(28).fill('words').join(' ');
		const page = tikaPage(
			`<div class="page"><h1>One</h1><p>a &lt;div class="page"&gt; b ${long}</p></div>\n` +
				`<div class="page"><p>second ${long}</p></div><div class="slide"><nav>third ${long}</nav></div>`,
			'<meta name="dc:title" content="Tom &amp; Jerry"/><title>other</title>',
		);
		const before = tika.files.length;
		const { chunks, ...facts } = await answered(xhtml(page));
		assert.deepEqual(facts, {
			...{ title: 'Tom & Jerry', mimeType: 'application/x-thing', charset: null, warnings: [] },
		});
		assert.deepEqual(texts(chunks), [
			[`One\n\na <div class="page"> b ${long}`, 1, 'Tom & Jerry > One'],
			[`second ${long}`, 2, 'Tom & Jerry > One'],
			[`third ${long}`, 3, 'Tom & Jerry > One'],
		]);
		const [sent, ...more] = tika.files.slice(before);
		assert.equal(more.length, 0);
		assert.deepEqual([sent?.method, sent?.path, sent?.body], ['PUT', '/tika', thing.content]);
		assert.deepEqual(
			[sent?.headers['accept'], sent?.headers['content-type']],
			['text/html', 'application/octet-stream'],
		);
	});

	it('takes the title from the head, else from the first heading', async () => {
		const titled = await answered(xhtml(tikaPage('<p>x</p>', '<title>The title</title>')));
		assert.equal(titled.title, 'The title');
		assert.equal((await answered(xhtml(tikaPage('<h2>A</h2><h1>B</h1><p>x</p>')))).title, 'B');
	});

	it('sends nothing that a reader here takes, nor what is refused by type', async () => {
		const before = tika.files.length;
		const pdf = pdfFile({ pages: [{ lines: ['A page of its own'] }] });
		const found = await read({ content: pdf, mimeType: 'application/octet-stream' });
		assert.equal(found.mimeType, 'application/pdf');
		await open({ refusedTypes: new Map([['image/png', 'DOCDROP_DENIED_TYPES']]) });
		await assert.rejects(read({ content: png, mimeType: 'text/plain' }), {
			code: 'unsupported_type',
			message: /DOCDROP_DENIED_TYPES allows, got "image\/png"/,
		});
		assert.equal(tika.files.length, before);
	});

	it('streams a file from the disk and its chunks to the sink, and tells one that is gone', async () => {
		const dir = await mkdtemp(join(tmpdir(), 'docdrop-tika-'));
		try {
			const file = join(dir, 'content');
			const content = Buffer.alloc(3_000_000, 'abc\x01');
			await writeFile(file, content);
			tika.answersWith(xhtml(tikaPage('<p>streamed</p>')));
			const got: Chunk[] = [];
			const sink = { begin: async () => {}, page: async (page: readonly Chunk[]) => void got.push(...page) };
			const facts = await extractor.stream({ content: { file }, mimeType: thing.mimeType }, sink);
			assert.equal(facts.mimeType, thing.mimeType);
			assert.deepEqual(texts(got), [['streamed', null, null]]);
			assert.ok(tika.files.at(-1)?.body.equals(content));
			const gone = { content: { file: join(dir, 'gone') }, mimeType: thing.mimeType };
			await assert.rejects(extractor.stream(gone, sink), { code: 'content_missing' });
		} finally {
			await rm(dir, { recursive: true });
		}
	});

	it('has no chunks and a warning where nothing was found', async () => {
		const nothing = { title: null, mimeType: thing.mimeType, warnings: ['no text was found in the file'] };
		assert.deepEqual(await answered(status(204)), { ...nothing, chunks: [] });
		const { chunks, warnings } = await answered(xhtml(tikaPage('')));
		assert.deepEqual([chunks, warnings], [[], nothing.warnings]);
		let begins = 0;
		tika.answersWith(status(204));
		const sink = { begin: async () => void (begins += 1), page: async () => assert.fail('no page') };
		assert.deepEqual(await extractor.stream(thing, sink), nothing);
		assert.ok(begins > 0);
	});

	it('tells refusals apart, in words without paths, quotations and stacks', async () => {
		const stack = '\n\tat org.apache.tika.Secret(Secret.java:1)';
		for (const [answer, code, says] of [
			[status(415), 'unsupported_type', /^no extractor reads application\/x-thing; .* answered 415$/],
			[status(422), 'unreadable', /application\/x-thing; the outside extractor answered 422$/],
			[
				status(422, `org.apache.tika.exception.EncryptedDocumentException: no key${stack}`),
				...([
					'encrypted',
					/answered 422: org\.apache\.tika\.exception\.EncryptedDocumentException: no key$/,
				] as const),
			],
			[
				status(422, `TikaException: in /tmp/apache-1.tmp and C:\\temp\\x of "my words"${stack}`),
				...(['unreadable', /422: TikaException: in … and … of …$/] as const),
			],
			[status(422, 'x'.repeat(50_000)), 'unreadable', /422: x{200}$/],
			[status(413), 'too_large', /answered 413$/],
		] as const) {
			const error = await failure(answered(answer));
			assert.equal(error.code, code);
			assert.match(error.message, says);
			assert.ok(!error.isOwn);
		}
		assert.equal((await answered(xhtml(tikaPage('<p>on</p>')))).chunks.length, 1, 'it goes on working');
	});

	it('takes what is no Tika server for an outage, and follows no redirect', async () => {
		const elsewhere = await startTika(xhtml(tikaPage('<p>stolen</p>')));
		try {
			for (const [answer, says] of [
				[
					status(307, '', { location: `${elsewhere.url}/tika` }),
					/answered 307, and redirects are not followed$/,
				],
				[status(401), /answered 401$/],
				[status(404), /answered 404$/],
				[
					(response: ServerResponse) =>
						response.writeHead(200, { 'content-type': 'application/json' }).end('{}'),
					/something other than XHTML/,
				],
				[xhtml('<!DOCTYPE html><html><body>Sign in</body></html>'), /a page that is not XHTML/],
			] as const) {
				await extractor.close();
				await open();
				const error = await failure(answered(answer));
				assert.deepEqual([error.code, error.isOwn], ['extractor_unavailable', false]);
				assert.match(error.message, says);
				assert.match(error.hint, /DOCDROP_TIKA_URL/);
			}
			assert.equal(elsewhere.files.length, 0);
		} finally {
			elsewhere.close();
		}
	});

	it('holds a failure against the file where the server answers a control question, else waits', async () => {
		const cut: TikaAnswer = (answer) => {
			answer.writeHead(200, { 'content-type': 'text/html', 'content-length': '1000' });
			answer.write('<html xmlns="http://www.w3.org/1999/xhtml">', () => answer.destroy());
		};
		for (const [answer, says] of [
			[status(500), /answered 500$/],
			[(response: ServerResponse) => response.destroy(), /could not be reached/],
			[cut, /broke off its answer/],
			[xhtml(tikaPage('x').slice(0, -8)), /broke off its answer/],
		] as const) {
			for (const isThere of [true, false]) {
				tika.version = isThere ? 'Apache Tika 3.2.0' : null;
				await extractor.close();
				await open();
				const error = await failure(answered(answer));
				assert.deepEqual([error.code, error.isOwn], ['extractor_unavailable', isThere]);
				assert.match(error.message, says);
			}
		}
	});

	const other = (name: string | number) => ({ ...thing, content: Buffer.from(`\x01\x02 ${name}`) });

	it('calls a content unreadable that it fails over three times', async () => {
		tika.answersWith(status(500, 'java.lang.OutOfMemoryError'));
		for (let i = 0; i < 2; i += 1) {
			const error = await failure(read());
			assert.deepEqual([error.code, error.isOwn], ['extractor_unavailable', true]);
			assert.equal((await failure(read(other(i)))).isOwn, true, 'each content has its own tries');
		}
		const last = await failure(read());
		assert.equal(last.code, 'unreadable');
		assert.match(
			last.message,
			/as application\/x-thing in 3 attempts; the outside extractor answered 500: java\.lang\.OutOfMemoryError$/,
		);
		assert.equal((await failure(read())).code, 'extractor_unavailable', 'sent again it is tried again');
		assert.equal((await answered(xhtml(tikaPage('<p>on</p>')))).chunks.length, 1);
	});

	it('calls a file unreadable that ends the server each time, and none that it did not have', async () => {
		const clock = fakeClock();
		await extractor.close();
		await open({ clock });
		const dir = await mkdtemp(join(tmpdir(), 'docdrop-tika-'));
		try {
			const file = join(dir, 'content');
			await writeFile(file, thing.content);
			const codes: string[] = [];
			const attempt = async () => {
				await clock.advance(5_000);
				codes.push((await failure(read({ ...thing, content: { file } }))).code);
			};
			tika.answersWith((answer) => {
				tika.version = null;
				answer.destroy();
			});
			const before = tika.files.length;
			await attempt();
			for (let i = 0; i < 5; i += 1) await attempt();
			assert.equal(tika.files.length, before + 1, 'nothing is sent to a server that is away');
			for (let i = 0; i < 2; i += 1) {
				tika.version = 'Apache Tika 2.9.2';
				await attempt();
			}
			assert.deepEqual(codes, [...Array<string>(7).fill('extractor_unavailable'), 'unreadable']);
			assert.equal(tika.files.length, before + 3);
		} finally {
			await rm(dir, { recursive: true });
		}
	});

	it('sends alone what has failed, so that nobody else is blamed for it', async () => {
		await failure(answered(status(500)));
		const held: (() => void)[] = [];
		const asked = Promise.withResolvers<void>();
		tika.answersWith((answer, sent) => {
			const done = xhtml(tikaPage('<p>done</p>'));
			if (!sent.body.equals(thing.content)) return done(answer, sent);
			held.push(() => void done(answer, sent));
			return asked.resolve();
		});
		const suspect = read();
		await asked.promise;
		const before = tika.files.length;
		// Two go at a time as a rule, and sixteen wait: one of these would have gone, and left room for another.
		const others = Array.from({ length: 16 }, (_, at) => read(other(at)));
		assert.match((await failure(read(other('last')))).message, /busy/);
		assert.equal(tika.files.length, before);
		held.pop()?.();
		for (const { chunks } of await Promise.all([suspect, ...others])) assert.equal(chunks.length, 1);
		assert.equal((await failure(answered(status(500)))).isOwn, true);
		assert.equal((await failure(read())).isOwn, true, 'what was read since has its tries anew');
	});

	it('believes in no own failure any more after many in a row', async () => {
		tika.answersWith(status(500));
		const own = [];
		for (let i = 0; i < 11; i += 1) own.push((await failure(read(other(i)))).isOwn);
		assert.deepEqual(own, [...Array<boolean>(10).fill(true), false]);
	});

	it('asks nothing for a while of a server that is away, and asks again', async () => {
		const clock = fakeClock();
		await extractor.close();
		await open({ clock });
		const away = await failure(answered(status(503, '', { 'retry-after': '7' })));
		assert.deepEqual([away.isOwn, away.retryAfterMs], [false, 7_000]);
		const before = tika.files.length;
		await clock.advance(6_000);
		assert.deepEqual(await failure(read()).then(({ code, retryAfterMs }) => [code, retryAfterMs]), [
			'extractor_unavailable',
			1_000,
		]);
		assert.equal(tika.files.length, before);
		await clock.advance(1_000);
		assert.equal((await answered(xhtml(tikaPage('<p>back</p>')))).chunks.length, 1);
	});

	it('gives a slow server its time and no more', async () => {
		const clock = fakeClock();
		await extractor.close();
		await open({ clock, timeoutMs: 500 });
		const asked = Promise.withResolvers<void>();
		tika.answersWith(() => asked.resolve());
		tika.version = null;
		const reading = failure(read());
		await asked.promise;
		await clock.advance(500);
		assert.match((await reading).message, /did not answer within 500 ms/);
	});

	it('reads no more of an answer than it may be long', async () => {
		await extractor.close();
		await open({ maxAnswerBytes: 1_000 });
		const ended = Promise.withResolvers<void>();
		const endless: TikaAnswer = (answer) => {
			answer.writeHead(200, { 'content-type': 'text/html' });
			answer.on('close', () => ended.resolve());
			const more = () => void (answer.destroyed || answer.write('<p>more</p>'.repeat(1_000), more));
			more();
		};
		const error = await failure(answered(endless));
		assert.equal(error.code, 'unreadable');
		assert.match(error.message, /more than 1000 bytes of a file of application\/x-thing/);
		await ended.promise;
	});

	it('sends back who finds a long row, reads the others in turn, and lets go of who gives up', async () => {
		await extractor.close();
		await open({ calls: 1 });
		const held: (() => void)[] = [];
		let asked = Promise.withResolvers<void>();
		tika.answersWith((answer, sent) => {
			held.push(() => void xhtml(tikaPage('<p>done</p>'))(answer, sent));
			asked.resolve();
		});
		const first = read();
		await asked.promise;
		const enough = new AbortController();
		const given = failure(extractor.extract(thing, enough.signal));
		const waiting = Array.from({ length: 7 }, () => read());
		const sentBack = await failure(read());
		assert.deepEqual(
			[sentBack.code, sentBack.isOwn, sentBack.retryAfterMs],
			['extractor_unavailable', false, 15_000],
		);
		assert.match(sentBack.message, /busy/);
		const own = await extractor.extract({ content: Buffer.from('text'), mimeType: 'text/plain' });
		assert.equal(own.chunks.length, 1, 'other types do not wait');
		const reason = new Error('enough');
		enough.abort(reason);
		assert.equal(await given, reason);
		for (const reading of [first, ...waiting]) {
			await asked.promise;
			asked = Promise.withResolvers<void>();
			assert.equal(held.length, 1, 'one at a time');
			held.pop()?.();
			assert.equal((await reading).chunks.length, 1);
		}
	});

	it('has fingerprints with the version of the server where it has a part in reading, and starts without one', async () => {
		const bare = createInProcessExtractor().fingerprintOf;
		const others = ['application/vnd.ms-powerpoint', 'application/octet-stream', 'image/png'];
		for (const other of others) assert.equal(extractor.fingerprintOf(other), `${bare(other)}+tika1:2.9.2`);
		assert.equal(extractor.fingerprintOf('text/markdown'), bare('text/markdown'));
		tika.version = null;
		await extractor.close();
		await open();
		for (const other of others) assert.equal(extractor.fingerprintOf(other), `${bare(other)}+tika1:unknown`);
		assert.equal(extractor.fingerprintOf('text/markdown'), bare('text/markdown'));
	});

	it('reads the answer in the process that reads files', async () => {
		const pool = createExtractorPool({ workers: 1, chunking: defaultChunkSettings, clock: systemClock });
		await extractor.close();
		extractor = await openTikaExtractor(pool, { ...settings, url: tika.url });
		const { chunks, mimeType } = await answered(
			xhtml(tikaPage('<div class="page"><p>in the child</p></div>')),
		);
		assert.deepEqual([mimeType, texts(chunks)], [thing.mimeType, [['in the child', 1, null]]]);
		const image = await read({ content: png, mimeType: 'text/plain' });
		assert.equal(image.mimeType, 'image/png');
	});
});

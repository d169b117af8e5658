import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { startApp, type TestApp } from '../support/app.ts';
import { call } from '../support/call.ts';
import { sendRaw } from '../support/raw-http.ts';
import { assertRefusal, snapshot, type Expected } from '../support/refusal.ts';
import { until } from '../support/settled.ts';

/** What no HTTP library would send: written to the socket as bytes. */
describe('abuse: the socket', () => {
	let app: TestApp;
	let untouched: unknown;
	const state = () => snapshot(app, ['acme']);
	before(async () => {
		app = await startApp({ DOCDROP_MAX_FILE_MB: '1' });
		untouched = await state();
	});
	afterEach(async () => {
		// A file that was begun is removed once its sender is known to be gone.
		const last = await until(state, (now) => isDeepStrictEqual(now, untouched), 20_000).catch(state);
		assert.deepEqual(last, untouched);
	});
	after(async () => {
		assert.doesNotMatch(app.logged(), /"level":50/, 'no bad request is an error of ours');
		await app.close();
	});

	const head = (line: string, ...headers: string[]) =>
		`${[line, 'host: localhost', 'connection: close', ...headers].join('\r\n')}\r\n\r\n`;
	const json = 'content-type: application/json';
	const badHttp: Expected = { code: 'invalid', field: 'request', says: /well-formed HTTP/ };
	const tooLong: Expected = { code: 'too_large', field: 'headers', says: /98304 bytes/, status: 431 };
	const foreign: Expected = { code: 'forbidden', field: 'host', says: /address of this machine/ };
	const cases: [name: string, bytes: string | Uint8Array, expected: Expected][] = [
		['garbage', '\x00\x16\x03\x01 hello\r\n\r\n', badHttp],
		['the start of TLS', Buffer.from('16030100a50100', 'hex'), badHttp],
		['a method that is none', head('STEAL /v1/status HTTP/1.1'), badHttp],
		['an address without a slash', head('GET v1/status HTTP/1.1'), badHttp],
		['two lengths', head('POST /v1/publish HTTP/1.1', 'content-length: 3', 'content-length: 4'), badHttp],
		['a length that is none', head('POST /v1/publish HTTP/1.1', 'content-length: -1'), badHttp],
		[
			'length and chunks',
			head('POST /v1/publish HTTP/1.1', 'content-length: 3', 'transfer-encoding: chunked'),
			badHttp,
		],
		[
			'a chunk size that is none',
			`${head('POST /v1/publish HTTP/1.1', json, 'transfer-encoding: chunked')}zz\r\n`,
			badHttp,
		],
		['a header of 100 kB', head('GET /v1/info HTTP/1.1', `x-long: ${'h'.repeat(100_000)}`), tooLong],
		[
			'2,000 headers',
			head('GET /v1/info HTTP/1.1', ...Array.from({ length: 2_000 }, (_, i) => `x-${i}: 1234567`)),
			tooLong,
		],
		['an address of 100 kB', head(`GET /v1/documents?tenant=${'t'.repeat(100_000)} HTTP/1.1`), tooLong],
		[
			'an address that climbs',
			head('GET /docs/static/../../../../etc/passwd HTTP/1.1'),
			{ code: 'not_found' },
		],
		[
			'an address that climbs in disguise',
			head('GET /docs/static/%2e%2e%2f%2e%2e%2fpackage.json HTTP/1.1'),
			{ code: 'not_found' },
		],
		['raw UTF-8 in the address', Buffer.from(head('GET /v1/documents?tenant=é HTTP/1.1')), badHttp],
		[
			'the host of a web page',
			'GET /v1/status HTTP/1.1\r\nhost: evil.example:8765\r\nconnection: close\r\n\r\n',
			foreign,
		],
		[
			'a host that begins like ours',
			'GET /v1/status HTTP/1.1\r\nhost: localhost.evil.example\r\nconnection: close\r\n\r\n',
			foreign,
		],
		[
			'a host that looks like an address',
			'GET /v1/status HTTP/1.1\r\nhost: 127.0.0.1.nip.io\r\nconnection: close\r\n\r\n',
			foreign,
		],
		[
			'a host with a name before it',
			'GET /v1/status HTTP/1.1\r\nhost: localhost@evil.example\r\nconnection: close\r\n\r\n',
			foreign,
		],
		['no host', 'GET /v1/status HTTP/1.1\r\nconnection: close\r\n\r\n', foreign],
		['no host in HTTP/1.0', 'GET /v1/status HTTP/1.0\r\n\r\n', foreign],
		[
			'a forwarded host',
			'GET /v1/status HTTP/1.1\r\nhost: evil.example\r\nx-forwarded-host: localhost\r\nconnection: close\r\n\r\n',
			foreign,
		],
	];
	for (const [name, bytes, expected] of cases) {
		it(name, async () => {
			const answer = await sendRaw(app.port, [bytes]);
			assert.ok(answer !== null, 'an answer');
			assertRefusal({ status: answer.status, text: answer.body }, expected);
		});
	}

	it('a forwarded host is believed beside the own one alone, of a trusted proxy too', async () => {
		const behind = await startApp({ DOCDROP_TRUSTED_PROXIES: '127.0.0.1' });
		const ask = async (host: string) =>
			(
				await sendRaw(behind.port, [
					`GET /v1/info HTTP/1.1\r\nhost: ${host}\r\nx-forwarded-host: localhost\r\nconnection: close\r\n\r\n`,
				])
			)?.status;
		assert.deepEqual([await ask('127.0.0.1'), await ask('evil.example')], [200, 403]);
		await behind.close();
	});

	it('the address and localhost are let in, with any port', async () => {
		for (const host of [
			'localhost',
			'localhost:1',
			'127.0.0.1',
			'127.0.0.1:8765',
			'[::1]:8765',
			'app.localhost',
		]) {
			const answer = await sendRaw(app.port, [
				`GET /v1/status HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`,
			]);
			assert.equal(answer?.status, 200, host);
		}
	});

	const isIdle = async () =>
		until(
			async () => (await call(app.url, { path: '/v1/status' })).json,
			(status) => status.inWork === 0,
		);

	it('a body that ends before its length is not taken', async () => {
		const body = JSON.stringify({ tenant: 'acme', docId: 'half.txt', content: { text: 'whole' } });
		const start = head('POST /v1/publish HTTP/1.1', json, `content-length: ${body.length + 10}`);
		assert.equal(await sendRaw(app.port, [start, body], { hangUp: true }), null);
		await isIdle();
	});

	it('a body longer than its length is not taken whole', async () => {
		const body = JSON.stringify({ tenant: 'acme', docId: 'long.txt', content: { text: 'whole' } });
		const start = head('POST /v1/publish HTTP/1.1', json, `content-length: ${body.length - 5}`);
		const answer = await sendRaw(app.port, [start, body]);
		assert.equal(answer?.status, 400);
		assert.match(answer.body, /"code":"invalid"/);
	});

	for (const [size, what] of [
		[1_000, 'a small'],
		[300_000, 'a large'],
	] as const) {
		it(`${what} upload that is cut half-way leaves nothing`, async () => {
			const start = head(
				'PUT /v1/documents/content?tenant=acme&docId=cut.txt HTTP/1.1',
				'content-type: text/plain',
				`content-length: ${size * 2}`,
			);
			assert.equal(await sendRaw(app.port, [start, Buffer.alloc(size, 'a')], { hangUp: true }), null);
			await isIdle();
			await until(state, (now) => JSON.stringify(now) === JSON.stringify(untouched));
		});

		it(`${what} upload in chunks without an end leaves nothing`, async () => {
			const start = head(
				'PUT /v1/documents/content?tenant=acme&docId=cut.txt HTTP/1.1',
				'content-type: text/plain',
				'transfer-encoding: chunked',
			);
			const chunk = `${size.toString(16)}\r\n${'b'.repeat(size)}\r\n`;
			assert.equal(await sendRaw(app.port, [start, chunk], { hangUp: true }), null);
			await until(state, (now) => JSON.stringify(now) === JSON.stringify(untouched));
		});
	}

	it('an upload above the limit is 413 and leaves no file, declared or not', async () => {
		const tooLarge: Expected = { code: 'too_large', field: 'content', says: /at most 1048576 bytes/ };
		const answer = await call(app.url, {
			method: 'PUT',
			path: '/v1/documents/content?tenant=acme&docId=big.txt',
			body: Buffer.alloc(4_000_000, 'a'),
			headers: { 'content-type': 'text/plain' },
		});
		assertRefusal(answer, tooLarge);
		const piece = `10000\r\n${'c'.repeat(65_536)}\r\n`;
		const start = head(
			'PUT /v1/documents/content?tenant=acme&docId=big.txt HTTP/1.1',
			'content-type: text/plain',
			'transfer-encoding: chunked',
		);
		const chunked = await sendRaw(app.port, [start, ...Array<string>(17).fill(piece)]);
		assertRefusal({ status: chunked?.status ?? 0, text: chunked?.body ?? '' }, tooLarge);
		const base64 = await call(app.url, {
			path: '/v1/publish',
			body: { tenant: 'acme', docId: 'big.txt', content: { text: 'x'.repeat(1_048_577) } },
		});
		assertRefusal(base64, { ...tooLarge, says: /at most 1048576 bytes, got 1048577/ });
	});
});

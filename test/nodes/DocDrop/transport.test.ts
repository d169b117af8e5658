import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { isApiFailure, type ApiFailure } from '../../../nodes/DocDrop/node-errors.ts';
import { createThrottle, type Owner, type Throttle } from '../../../nodes/DocDrop/throttle.ts';
import { createTransport, type ApiRequest, type Transport } from '../../../nodes/DocDrop/transport.ts';
import { startApp, type TestApp } from '../../support/app.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { cut, json, page, serveInTurn, type Handler, type TestServer } from '../../support/http-server.ts';
import { createExecuteContext, type ContextOptions } from '../../support/n8n-context.ts';

const fault = (code: string, retryable: boolean) => ({
	error: { code, message: `${code} happened`, hint: 'Do this.', retryable, requestId: 'request-1' },
});
const busy = json(503, fault('queue_full', true));
const fine = json(200, { ok: true });
const get: ApiRequest = { method: 'GET', path: '/v1/x' };

interface Bench {
	readonly api: Transport;
	/** Waits between tries, ms. */
	readonly slept: readonly number[];
	/** Pauses of the throttle, ms. */
	readonly paused: readonly number[];
	/** Who took a place of the throttle. */
	readonly owners: readonly Owner[];
}

function bench(options: ContextOptions & { random?: number } = {}): Bench {
	const slept: number[] = [];
	const paused: number[] = [];
	const owners: Owner[] = [];
	const clock = {
		...fakeClock(Date.parse('2026-01-01T00:00:00Z')),
		async sleep(ms: number, signal?: AbortSignal) {
			slept.push(ms);
			signal?.throwIfAborted();
		},
	};
	const throttle: Throttle = {
		run: (owner, send) => (owners.push(owner), send()),
		pause: (ms) => void paused.push(ms),
		waiting: () => 0,
	};
	const context = createExecuteContext(options);
	const api = createTransport({ context, throttle, clock, random: () => options.random ?? 0.5 });
	return { api, slept, paused, owners };
}

async function failureOf(promise: Promise<unknown>): Promise<ApiFailure> {
	const error: unknown = await promise.then(
		() => assert.fail('it did not fail'),
		(reason: unknown) => reason,
	);
	if (!isApiFailure(error)) throw error;
	return error;
}

describe('transport', () => {
	let servers: TestServer[] = [];
	afterEach(() => {
		for (const server of servers) server.close();
		servers = [];
	});
	async function serve(...handlers: readonly Handler[]): Promise<TestServer> {
		const server = await serveInTurn(...handlers);
		servers.push(server);
		return server;
	}

	it('sends what was given, below the address, with the key', async () => {
		const { url, asked } = await serve(fine);
		const { api, owners } = bench({
			baseUrl: `${url}/behind/proxy/ `,
			apiKey: ' secret ',
			executionId: '77',
		});
		const docId = 'Grüße & so/100 %+?#.md';
		const query = { docId, seq: 3, takeOver: true, title: undefined };
		assert.deepEqual(await api.request({ method: 'POST', path: '/v1/x', query, body: { a: 'ü' } }), {
			ok: true,
		});
		await api.request({ method: 'PUT', path: '/v1/y', body: Buffer.from([1, 2]) });
		await api.request({
			method: 'PUT',
			path: '/v1/y',
			body: async () => Readable.from([Buffer.from('abc')]),
		});
		const [first, second, third] = asked;
		assert.equal(first?.url.pathname, '/behind/proxy/v1/x');
		assert.deepEqual([...(first?.url.searchParams ?? [])], [['docId', docId], ['seq', '3'], ['takeOver', 'true']]); // prettier-ignore
		assert.equal(first?.headers.authorization, 'Bearer secret');
		assert.equal(first?.headers['content-type'], 'application/json');
		assert.equal(first?.body.toString(), '{"a":"ü"}');
		assert.equal(second?.headers['content-type'], 'application/octet-stream');
		assert.deepEqual([...(second?.body ?? [])], [1, 2]);
		assert.equal(third?.body.toString(), 'abc');
		assert.deepEqual(owners, ['77', '77', '77']);
	});

	it('sends no header for a key that is not set', async () => {
		const { url, asked } = await serve(fine);
		await bench({ baseUrl: url }).api.request(get);
		assert.equal(asked[0]?.headers.authorization, undefined);
	});

	it('tries again what passes, each try in a turn of its own, with the same body', async () => {
		const { url, asked } = await serve(busy, page(502), cut, fine);
		const { api, slept, owners } = bench({ baseUrl: url, executionId: '5' });
		assert.deepEqual(await api.request({ method: 'POST', path: '/v1/x', body: { a: 1 } }), { ok: true });
		assert.deepEqual(asked.map(({ body }) => body.toString()), Array(4).fill('{"a":1}')); // prettier-ignore
		assert.equal(owners.length, 4);
		assert.deepEqual(slept, [1_000, 1_750, 2_875]);
	});

	it('gives up after five tries with what was said last', async () => {
		for (const [random, waits] of [
			[0, [500, 500, 500, 500]],
			[1, [1_500, 4_500, 8_000, 8_000]],
		] as const) {
			const { url, asked } = await serve(page(503), busy);
			const { api, slept } = bench({ baseUrl: url, random });
			const failure = await failureOf(api.request(get));
			assert.equal(failure.code, 'queue_full');
			assert.equal(failure.message, 'queue_full happened');
			assert.equal(failure.hint, 'Do this.');
			assert.equal(failure.status, 503);
			assert.equal(failure.retryable, true);
			assert.equal(failure.requestId, 'request-1');
			assert.equal(asked.length, 5);
			assert.deepEqual(slept, waits);
		}
	});

	it('sends once what another try in a moment cannot mend', async () => {
		for (const [status, code, retryable] of [
			[400, 'invalid', false],
			[401, 'unauthorized', false],
			[402, 'credits_exhausted', true],
			[409, 'owned', false],
			[500, 'internal', true],
			[502, 'index_rejected', false],
			[507, 'disk_full', true],
		] as const) {
			const { url, asked } = await serve(json(status, fault(code, retryable)), fine);
			const failure = await failureOf(bench({ baseUrl: url }).api.request(get));
			assert.deepEqual([failure.code, failure.status, failure.retryable], [code, status, retryable]);
			assert.equal(asked.length, 1, code);
		}
	});

	it('obeys Retry-After, in seconds and as a date, and pauses everyone', async () => {
		const { url } = await serve(
			json(429, fault('rate_limited', true), { 'retry-after': '7' }),
			json(503, fault('queue_full', true), { 'retry-after': 'Thu, 01 Jan 2026 00:00:20 GMT' }),
			json(503, fault('queue_full', true), { 'retry-after': 'Wed, 31 Dec 2025 00:00:00 GMT' }),
			json(503, fault('queue_full', true), { 'retry-after': 'soon' }),
			fine,
		);
		const { api, slept, paused } = bench({ baseUrl: url });
		await api.request(get);
		assert.deepEqual(slept.slice(0, 2), [7_000, 20_000]);
		assert.ok(slept.slice(2).every((ms) => ms <= 8_000));
		assert.deepEqual(paused, [7_000, 20_000, 0, 0]);
	});

	it('obeys the limit of one tenant without holding up what others send', async () => {
		const body = { error: { ...fault('rate_limited', true).error, field: 'tenant' } };
		const { url } = await serve(json(429, body, { 'retry-after': '7' }), fine);
		const { api, slept, paused } = bench({ baseUrl: url });
		await api.request(get);
		assert.deepEqual([slept, paused], [[7_000], []]);
	});

	it('leaves a server alone that asks for more than a minute', async () => {
		const { url, asked } = await serve(json(429, fault('rate_limited', true), { 'retry-after': '61' }), fine);
		const { api, slept, paused } = bench({ baseUrl: url });
		assert.equal((await failureOf(api.request(get))).code, 'rate_limited');
		assert.equal(asked.length, 1);
		assert.deepEqual(slept, []);
		assert.deepEqual(paused, [60_000]);
	});

	it('makes a streamed body anew for each try, and leaves none open', async () => {
		const { url, asked } = await serve(cut, busy, fine);
		const made: Readable[] = [];
		const body = async () => {
			made.push(
				Readable.from(['part one, ', `part two of try ${made.length + 1}`].map((text) => Buffer.from(text))),
			);
			return made.at(-1) as Readable;
		};
		await bench({ baseUrl: url }).api.request({ method: 'PUT', path: '/v1/x', body });
		assert.deepEqual(
			asked.map((one) => one.body.toString()),
			[1, 2, 3].map((tries) => `part one, part two of try ${tries}`),
		);
		assert.ok(made.every(({ destroyed }) => destroyed));
	});

	it('closes a body that nobody reads', async () => {
		const made: Readable[] = [];
		const body = async () => {
			made.push(new Readable({ read() {} }));
			return made.at(-1) as Readable;
		};
		const { api } = bench({ baseUrl: 'http://127.0.0.1:9' });
		assert.equal((await failureOf(api.request({ method: 'PUT', path: '/', body }))).cause, 'ECONNREFUSED');
		assert.equal(made.length, 5);
		assert.ok(made.every(({ destroyed }) => destroyed));
	});

	it('throws what the body itself fails with, as it is', async () => {
		const { url, asked } = await serve(fine);
		const { api } = bench({ baseUrl: url });
		const gone = Object.assign(new Error('gone'), { code: 'ENOENT' });
		const opening = api.request({ method: 'PUT', path: '/', body: () => Promise.reject(gone) });
		await assert.rejects(opening, (error) => error === gone);
		const breaking = api.request({
			method: 'PUT',
			path: '/',
			async body() {
				const stream = new Readable({ read() {} });
				stream.push('half');
				setImmediate(() => stream.destroy(gone));
				return stream;
			},
		});
		await assert.rejects(breaking, (error) => error === gone);
		assert.deepEqual(asked, []);
	});

	it('reads no answer without end', async () => {
		let closed = false;
		const { url } = await serve((_asked, answer) => {
			const piece = Buffer.alloc(1_048_576, 32);
			answer.on('close', () => (closed = true));
			const write = () => {
				while (!closed && answer.write(piece));
			};
			answer.on('drain', write);
			write();
		});
		const failure = await failureOf(bench({ baseUrl: url }).api.request(get));
		assert.deepEqual([failure.code, failure.retryable], ['answer_too_large', false]);
		while (!closed) await new Promise((resolve) => setImmediate(resolve));
	});

	it('waits for no end of an answer for ever', async () => {
		const { url } = await serve((_asked, answer) => answer.writeHead(200).write('{"ok":'), fine);
		const clock = fakeClock();
		const context = createExecuteContext({ baseUrl: url });
		const throttle = createThrottle({ clock, limit: 10, windowMs: 1_000 });
		let isDone = false;
		const answer = createTransport({ context, throttle, clock, random: () => 0 })
			.request(get)
			.finally(() => (isDone = true));
		while (!isDone) await clock.advance(10_000);
		assert.deepEqual(await answer, { ok: true });
		assert.equal(clock.pending(), 0);
	});

	it('follows no redirect, and names where it leads', async () => {
		const elsewhere = await serve(fine);
		const { url, host } = await serve(json(307, {}, { location: `${elsewhere.url}/v1/x` }));
		const failure = await failureOf(bench({ baseUrl: url, apiKey: 'secret' }).api.request(get));
		assert.equal(failure.code, 'redirected');
		assert.ok(failure.message.startsWith(`${host} answered 307`));
		assert.ok(failure.hint.includes(elsewhere.url));
		assert.deepEqual(elsewhere.asked, []);
	});

	it('knows an answer that is not of the API', async () => {
		const { url, host } = await serve(page(200), page(404), json(400, { message: 'no' }));
		const { api } = bench({ baseUrl: url });
		for (const status of [200, 404, 400]) {
			const failure = await failureOf(api.request(get));
			assert.equal(failure.code, 'not_docdrop');
			assert.equal(failure.status, status);
			assert.equal(failure.retryable, true, 'it is no fault of the document');
			assert.ok(failure.message.startsWith(`${host} answered ${status}`));
			assert.equal(failure.message.includes('web page'), status !== 400);
		}
	});

	it('takes an answer without a body', async () => {
		const { url } = await serve((_asked, answer) => answer.writeHead(204).end());
		assert.equal(await bench({ baseUrl: url }).api.request(get), undefined);
	});

	describe('cancelled', () => {
		const reason = new Error('cancelled');
		const isReason = (error: unknown) => error === reason;

		it('while it waits for its turn', async () => {
			const { url, asked } = await serve(fine);
			const clock = fakeClock();
			const cancel = new AbortController();
			const context = createExecuteContext({ baseUrl: url, signal: cancel.signal });
			const throttle = createThrottle({ clock, limit: 1, windowMs: 60_000 });
			const api = createTransport({ context, throttle, clock, random: () => 0 });
			await api.request(get);
			const waiting = api.request(get);
			while (throttle.waiting() === 0) await new Promise((resolve) => setImmediate(resolve));
			cancel.abort(reason);
			await assert.rejects(waiting, isReason);
			assert.equal(throttle.waiting(), 0);
			assert.equal(asked.length, 1);
		});

		it('between two tries', async () => {
			const cancel = new AbortController();
			const { url, asked } = await serve((...answering) => (cancel.abort(reason), busy(...answering)));
			const { api } = bench({ baseUrl: url });
			await assert.rejects(api.request({ ...get, signal: cancel.signal }), isReason);
			assert.equal(asked.length, 1);
		});

		it('in the last try', async () => {
			const cancel = new AbortController();
			const { url } = await serve(busy, busy, busy, busy, () => cancel.abort(reason));
			await assert.rejects(bench({ baseUrl: url, signal: cancel.signal }).api.request(get), isReason);
		});

		it('under way, which closes the connection', async () => {
			const cancel = new AbortController();
			const closed = Promise.withResolvers<void>();
			const { url } = await serve((_asked, answer) => {
				answer.on('close', () => closed.resolve());
				cancel.abort(reason);
			});
			await assert.rejects(bench({ baseUrl: url, signal: cancel.signal }).api.request(get), isReason);
			await closed.promise;
		});

		it('while the answer comes', async () => {
			const cancel = new AbortController();
			const { url } = await serve((_asked, answer) => {
				answer.writeHead(200).write('{', () => setImmediate(() => cancel.abort(reason)));
			});
			await assert.rejects(bench({ baseUrl: url, signal: cancel.signal }).api.request(get), isReason);
		});
	});

	it('names what is wrong with the address, the key and the query, without a request', async () => {
		for (const baseUrl of [
			'127.0.0.1:8765',
			'ftp://host',
			'http://',
			'http://user:secret@host',
			'http://host/?a=1',
			'',
		]) {
			const { api, owners } = bench({ baseUrl });
			const failure = await failureOf(api.request(get));
			assert.equal(failure.code, 'address_invalid', baseUrl);
			assert.ok(!inspect(failure).includes('secret'));
			assert.deepEqual(owners, []);
		}
		for (const apiKey of ['one\ntwo-secret', 'k\u2014secret']) {
			const keyed = await failureOf(bench({ apiKey }).api.request(get));
			assert.deepEqual([keyed.code, keyed.field], ['key_invalid', 'apiKey']);
			assert.ok(!inspect(keyed).includes('secret'));
		}
		const { api } = bench();
		const failure = await failureOf(api.request({ ...get, query: { docId: 'half \ud83d' } }));
		assert.deepEqual([failure.code, failure.field, failure.retryable], ['invalid', 'docId', false]);
	});

	it('keeps nothing of the request in what it throws', async () => {
		const { url } = await serve(cut);
		const { api } = bench({ baseUrl: url, apiKey: 'secret-key' });
		const body = { text: 'secret-content' };
		const failure = await failureOf(api.request({ method: 'POST', path: '/v1/x', body }));
		assert.equal(failure.cause, 'ECONNRESET');
		const shown = inspect(failure, { depth: 20, showHidden: true });
		assert.ok(!shown.includes('secret-key') && !shown.includes('secret-content'));
	});

	describe('with the real API', () => {
		let app: TestApp;
		before(async () => (app = await startApp({ DOCDROP_API_KEYS: 'good-key', DOCDROP_MAX_FILE_MB: '1' })));
		after(() => app.close());

		it('shows the API’s own error', async () => {
			const { api } = bench({ baseUrl: app.url, apiKey: 'good-key' });
			const failure = await failureOf(
				api.request({ method: 'POST', path: '/v1/publish', body: { tenant: 't' } }),
			);
			assert.equal(failure.code, 'invalid');
			assert.equal(failure.status, 400);
			assert.ok(failure.hint.length > 0 && (failure.requestId ?? '').length > 0);
			const unknown = bench({ baseUrl: app.url, apiKey: 'bad-key' });
			assert.equal(
				(await failureOf(unknown.api.request({ method: 'GET', path: '/v1/info' }))).code,
				'unauthorized',
			);
			assert.equal(unknown.owners.length, 1);
		});

		it('hears that a streamed file is too large while it is sent', async () => {
			const { api } = bench({ baseUrl: app.url, apiKey: 'good-key' });
			const piece = Buffer.alloc(65_536, 97);
			const failure = await failureOf(
				api.request({
					method: 'PUT',
					path: '/v1/documents/content',
					query: { tenant: 't', docId: 'large.txt' },
					body: async () => Readable.from(Array(160).fill(piece), { objectMode: false }),
				}),
			);
			assert.equal(failure.code, 'too_large');
		});

		it('may send a change twice: the second is answered unchanged, with a source and without', async () => {
			/** Passes everything on, and cuts the first answer to each publish. */
			const cutFor = new Set<string>();
			const { url } = await serve(async (asked, answer) => {
				const passed = httpRequest(app.url + asked.url.pathname, {
					method: asked.method,
					headers: asked.headers,
				});
				passed.end(asked.body);
				const [response] = (await once(passed, 'response')) as [Readable & { statusCode: number }];
				const text = Buffer.concat(await response.toArray());
				const key = asked.body.toString();
				if (cutFor.has(key)) answer.writeHead(response.statusCode).end(text);
				else answer.destroy();
				cutFor.add(key);
			});
			const { api, slept } = bench({ baseUrl: url, apiKey: 'good-key' });
			const source = { sourceId: '0e8a1c52-8d0d-8c6e-9d1a-3f1f2b7c9e10', epoch: 'epoch-1', seq: 1 };
			for (const [docId, more] of Object.entries({ 'a.txt': { source }, 'b.txt': {} })) {
				const body = { tenant: 't', docId, content: { text: 'Once only.' }, ...more };
				const receipt = await api.request<{ state: string }>({ method: 'POST', path: '/v1/publish', body });
				assert.equal(receipt.state, 'unchanged', docId);
			}
			assert.equal(slept.length, 2);
		});
	});
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import nock from 'nock';
import { createOpenAiEmbedder, type OpenAiSettings } from '../../../api/adapters/embedders/openai.ts';
import { embedderConformance } from '../../conformance/embedder.ts';
import { fakeClock } from '../../support/fake-clock.ts';

// Imported, nock takes over every socket of the process: only the tests of faults want that.
nock.restore();

const DIMENSIONS = 8;

interface Request {
	readonly model: string;
	readonly input: readonly string[];
	readonly encoding_format: string;
	readonly dimensions?: number;
}

/** A vector of some length other than 1 that depends on the text alone. */
function vectorOf(text: string): number[] {
	return Array.from(
		{ length: DIMENSIONS },
		(_, i) => 1 + [...text].reduce((sum, c) => (sum * 31 + (c.codePointAt(0) ?? 0) + i) % 97, 7),
	);
}
const base64 = (numbers: readonly number[]) =>
	Buffer.from(Float32Array.from(numbers).buffer).toString('base64');

/** An embeddings server; `answer` changes what it says to a request. */
async function serve(
	answer?: (body: Request, request: IncomingMessage, response: ServerResponse) => unknown,
) {
	const seen: { body: Request; request: IncomingMessage }[] = [];
	let open = 0;
	let mostOpen = 0;
	const server: Server = createServer((request, response) => {
		void (async () => {
			open += 1;
			mostOpen = Math.max(mostOpen, open);
			const parts: Buffer[] = [];
			for await (const part of request) parts.push(part as Buffer);
			const body = JSON.parse(Buffer.concat(parts).toString()) as Request;
			seen.push({ body, request });
			const said = await answer?.(body, request, response);
			open -= 1;
			if (response.headersSent) return;
			const data = body.input.map((text, index) => ({
				object: 'embedding',
				index,
				embedding: base64(vectorOf(text)),
			}));
			response.setHeader('content-type', 'application/json');
			response.end(JSON.stringify(said ?? { object: 'list', data }));
		})();
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port } = server.address() as AddressInfo;
	return {
		url: `http://127.0.0.1:${port}/v1`,
		seen,
		mostOpen: () => mostOpen,
		async stop() {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}

const settings = (more: Partial<OpenAiSettings> = {}): OpenAiSettings => ({
	url: 'http://embedder.test/v1',
	model: 'test-model',
	dimensions: DIMENSIONS,
	timeoutMs: 5000,
	clock: fakeClock(),
	random: () => 0,
	...more,
});

let shared: Awaited<ReturnType<typeof serve>> | undefined;
embedderConformance('the OpenAI-compatible embedder', {
	async create() {
		shared ??= await serve();
		return createOpenAiEmbedder(settings({ url: shared.url }));
	},
	async dispose() {
		await shared?.stop();
		shared = undefined;
	},
});

describe('the OpenAI-compatible embedder', () => {
	describe('with a server', () => {
		let server: Awaited<ReturnType<typeof serve>>;
		afterEach(() => server.stop());

		it('sends what the API asks for, with the key, over kept connections', async () => {
			server = await serve();
			const embedder = createOpenAiEmbedder(
				settings({ url: `${server.url}/`, apiKey: 'sk-1', batchSize: 1 }),
			);
			for (const text of 'abcdefghij') await embedder.embed([text]);
			const [first] = server.seen;
			assert.equal(first?.request.url, '/v1/embeddings');
			assert.equal(first?.request.headers.authorization, 'Bearer sk-1');
			assert.deepEqual(first?.body, { model: 'test-model', input: ['a'], encoding_format: 'base64' });
			assert.ok(new Set(server.seen.map(({ request }) => request.socket)).size <= 3);
		});

		it('sends the dimensions where the model takes them', async () => {
			server = await serve();
			const { url } = server;
			await createOpenAiEmbedder(settings({ url, model: 'text-embedding-3-small' })).embed(['x']);
			await createOpenAiEmbedder(settings({ url, sendDimensions: true })).embed(['x']);
			await createOpenAiEmbedder(
				settings({ url, model: 'text-embedding-3-small', sendDimensions: false }),
			).embed(['x']);
			assert.deepEqual(
				server.seen.map(({ body }) => body.dimensions),
				[DIMENSIONS, DIMENSIONS, undefined],
			);
		});

		it('cuts batches by texts and by characters, two at a time', async () => {
			const third = Promise.withResolvers<undefined>();
			// The first is alone, because nothing is known of the server yet; the second waits for company.
			server = await serve(() => {
				if (server.seen.length === 3) third.resolve(undefined);
				return server.seen.length === 2 ? third.promise : undefined;
			});
			const embedder = createOpenAiEmbedder(
				settings({ url: server.url, batchSize: 3, maxCharsPerBatch: 100 }),
			);
			const texts = ['a', 'b', 'c', 'd', 'x'.repeat(90), 'y'.repeat(20), 'z'.repeat(500), 'e', ''];
			const vectors = await embedder.embed(texts);
			assert.deepEqual(server.seen.map(({ body }) => body.input.map((text) => text[0]).join('')).sort(), [
				'abc',
				'dx',
				'e',
				'y',
				'z',
			]);
			assert.equal(server.mostOpen(), 2);
			for (const [i, text] of texts.entries()) {
				const expected = text === '' ? 0 : (vectorOf(text)[0] ?? 0) / Math.hypot(...vectorOf(text));
				assert.ok(Math.abs((vectors[i]?.[0] ?? NaN) - expected) < 1e-6);
			}
		});

		it('goes by the index and not by the order', async () => {
			server = await serve((body) => ({
				data: body.input.map((text, index) => ({ index, embedding: base64(vectorOf(text)) })).reverse(),
			}));
			const [a, b] = await createOpenAiEmbedder(settings({ url: server.url })).embed(['a', 'bb']);
			const expected = (text: string) =>
				vectorOf(text).map((value) => Math.fround(value / Math.hypot(...vectorOf(text))));
			for (const [vector, text] of [
				[a, 'a'],
				[b, 'bb'],
			] as const) {
				for (const [i, value] of expected(text).entries())
					assert.ok(Math.abs((vector?.[i] ?? NaN) - value) < 1e-6);
			}
		});

		it('understands JSON numbers, and then asks for less at once', async () => {
			const dimensions = 4096;
			server = await serve((body) => ({
				data: body.input.map((_, index) => ({ index, embedding: new Array<number>(dimensions).fill(0.5) })),
			}));
			const embedder = createOpenAiEmbedder(settings({ url: server.url, dimensions, batchSize: 20 }));
			const texts = Array.from({ length: 100 }, (_, i) => `t${i}`);
			assert.equal((await embedder.embed(texts)).length, 100);
			const sizes = server.seen.map(({ body }) => body.input.length);
			assert.deepEqual(sizes.slice(0, 2), [20, 20]);
			assert.ok(Math.max(...sizes.slice(3)) <= 8, sizes.join());
		});

		for (const [name, answer, message] of [
			['too few vectors', { data: [] }, /0 vectors for 2 texts/],
			[
				'too many',
				{ data: [0, 1, 2].map((index) => ({ index, embedding: vectorOf('x') })) },
				/3 vectors for 2 texts/,
			],
			[
				'one vector of other dimensions',
				{ data: [0, 1].map((index) => ({ index, embedding: index === 0 ? [1, 2, 3] : vectorOf('x') })) },
				/8 numbers.* 3/,
			],
			[
				'a null among the numbers',
				{ data: [0, 1].map((index) => ({ index, embedding: [...vectorOf('x').slice(1), null] })) },
				/finite/,
			],
			['an index twice', { data: [0, 0].map((index) => ({ index, embedding: vectorOf('x') })) }, /index/],
			['a foreign index', { data: [0, 7].map((index) => ({ index, embedding: vectorOf('x') })) }, /index/],
			[
				'no numbers',
				{ data: [0, 1].map((index) => ({ index, embedding: new Array(8).fill('x') })) },
				/finite/,
			],
			['cut floats', { data: [0, 1].map((index) => ({ index, embedding: 'AAAA' })) }, /floats/],
			['null vectors', { data: [0, 1].map((index) => ({ index, embedding: null })) }, /neither/],
		] as const) {
			it(`refuses ${name}`, async () => {
				server = await serve(() => answer);
				await assert.rejects(createOpenAiEmbedder(settings({ url: server.url })).embed(['a', 'b']), {
					code: 'embedder_rejected',
					message,
				});
			});
		}

		it('says of a server whose vectors all have another length that it is another one', async () => {
			server = await serve((body) => ({
				data: body.input.map((_, index) => ({ index, embedding: base64([1, 2, 3]) })),
			}));
			await assert.rejects(createOpenAiEmbedder(settings({ url: server.url })).embed(['a', 'b']), {
				code: 'embedder_mismatch',
				message: /8 numbers.* 3/,
			});
		});

		for (const [name, indexOf] of [
			['none', () => undefined],
			['a textual one', String],
		] as const) {
			it(`believes the order where rows have ${name} for an index`, async () => {
				const texts = ['a', 'bb', 'ccc'];
				server = await serve((body) => ({
					data: body.input.map((text, index) => ({
						index: indexOf(index),
						embedding: base64(vectorOf(text)),
					})),
				}));
				const inOrder = await createOpenAiEmbedder(settings({ url: server.url })).embed(texts);
				for (const [at, text] of texts.entries()) {
					const length = Math.hypot(...vectorOf(text));
					assert.ok(Math.abs((inOrder[at]?.[0] ?? NaN) - (vectorOf(text)[0] ?? 0) / length) < 1e-6);
				}
			});
		}

		it('asks once for base64, then without, and remembers which of them the server takes', async () => {
			server = await serve((body, _request, response) => {
				if (body.encoding_format !== undefined) {
					response.writeHead(400).end('{"error":{"message":"encoding_format must be float"}}');
					return undefined;
				}
				return { data: body.input.map((text, index) => ({ index, embedding: vectorOf(text) })) };
			});
			const embedder = createOpenAiEmbedder(settings({ url: server.url }));
			for (const text of ['a', 'b', 'c']) assert.equal((await embedder.embed([text])).length, 1);
			assert.deepEqual(
				server.seen.map(({ body }) => body.encoding_format),
				['base64', undefined, undefined, undefined],
			);
		});

		it('does not take a refused text for a refused format', async () => {
			server = await serve((body, _request, response) => {
				if (body.input.includes('bad')) response.writeHead(400).end('{"error":{"message":"too long"}}');
				return undefined;
			});
			const embedder = createOpenAiEmbedder(settings({ url: server.url }));
			await assert.rejects(embedder.embed(['bad']), { code: 'embedder_rejected', message: /too long/ });
			await embedder.embed(['good']);
			await assert.rejects(embedder.embed(['bad']), { code: 'embedder_rejected' });
			assert.deepEqual(
				server.seen.map(({ body }) => body.encoding_format),
				['base64', undefined, 'base64', 'base64'],
				'once it has answered, nobody doubts the format',
			);
		});

		it('stops reading an answer that is far too long', async () => {
			let written = 0;
			server = await serve(async (_body, _request, response) => {
				response.writeHead(200);
				const piece = ' '.repeat(1 << 20);
				while (written < 1000 && !response.destroyed) {
					written += 1;
					if (!response.write(piece)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
				}
				response.end();
			});
			await assert.rejects(createOpenAiEmbedder(settings({ url: server.url })).embed(['a']), {
				code: 'embedder_rejected',
				message: /more than/,
			});
			assert.ok(written < 100, String(written));
		});

		it('stops the other batches when one fails', async () => {
			let asked = 0;
			server = await serve((body, _request, response) => {
				asked += 1;
				if (!body.input.includes('bad')) return undefined;
				response.writeHead(400).end('{"error":{"message":"no"}}');
				return undefined;
			});
			const embedder = createOpenAiEmbedder(settings({ url: server.url, batchSize: 1 }));
			const texts = ['bad', ...Array.from({ length: 100 }, (_, i) => `t${i}`)];
			await assert.rejects(embedder.embed(texts), { code: 'embedder_rejected' });
			assert.ok(asked < 50, String(asked));
		});

		it('gives up after its time, by its own clock, even in the middle of an answer', async () => {
			for (const begin of [false, true]) {
				const arrived = Promise.withResolvers<void>();
				server = await serve((_body, _request, response) => {
					if (begin) response.writeHead(200).write('{"data":');
					arrived.resolve();
					return new Promise(() => undefined);
				});
				const clock = fakeClock();
				const call = assert.rejects(
					createOpenAiEmbedder(settings({ url: server.url, clock, timeoutMs: 700 })).embed(['a']),
					{
						code: 'embedder_unavailable',
						message: /700 ms/,
					},
				);
				await arrived.promise;
				await clock.advance(699);
				assert.equal(clock.pending(), 1);
				await clock.advance(1);
				await call;
				if (!begin) await server.stop();
			}
		});

		it('rejects what is open when it is closed', async () => {
			const arrived = Promise.withResolvers<void>();
			server = await serve(() => {
				arrived.resolve();
				return new Promise(() => undefined);
			});
			const embedder = createOpenAiEmbedder(settings({ url: server.url }));
			const call = assert.rejects(embedder.embed(['a']), { code: 'embedder_unavailable' });
			await arrived.promise;
			await embedder.close();
			await call;
		});
	});

	describe('with a server that fails', () => {
		before(() => nock.activate());
		after(() => nock.restore());
		beforeEach(() => nock.disableNetConnect());
		afterEach(() => {
			nock.cleanAll();
			nock.enableNetConnect();
		});
		const post = () => nock('http://embedder.test').post('/v1/embeddings');
		const failure = async (more: Partial<OpenAiSettings> = {}, text = 'some text') => {
			try {
				await createOpenAiEmbedder(settings(more)).embed([text]);
			} catch (error) {
				return error as Error & { code: string; retryAfterMs?: number; peerStatus?: number };
			}
			throw new Error('did not fail');
		};

		for (const [status, code] of [
			[400, 'embedder_rejected'],
			[413, 'embedder_rejected'],
			[422, 'embedder_rejected'],
			[401, 'embedder_forbidden'],
			[403, 'embedder_forbidden'],
			[429, 'embedder_throttled'],
			[408, 'embedder_unavailable'],
			[404, 'embedder_unavailable'],
			[307, 'embedder_unavailable'],
			[500, 'embedder_unavailable'],
			[502, 'embedder_unavailable'],
			[503, 'embedder_unavailable'],
			[529, 'embedder_unavailable'],
		] as const) {
			it(`calls ${status} ${code}`, async () => {
				post().reply(status, 'nope', { location: 'http://elsewhere.test/' });
				const error = await failure();
				assert.equal(error.code, code);
				assert.equal(error.peerStatus, status);
				assert.match(error.message, new RegExp(String(status)));
			});
		}

		it('waits as long as it is told, in seconds or until a date', async () => {
			const clock = fakeClock(Date.parse('2026-03-01T10:00:00Z'));
			for (const [value, ms] of [
				['37', 37_000],
				['0.5', 500],
				['Sun, 01 Mar 2026 10:02:00 GMT', 120_000],
				['Sun, 01 Mar 2026 09:00:00 GMT', 0],
				// Its own time, for want of a better one.
				['soon', 250],
			] as const) {
				post().reply(429, '', { 'retry-after': value });
				assert.equal((await failure({ clock })).retryAfterMs, ms, value);
			}
			post().reply(503, '', { 'retry-after': '5' });
			assert.equal((await failure({ clock })).retryAfterMs, 5000);
		});

		it('calls a server that cannot be reached, or breaks off, unavailable', async () => {
			post().replyWithError('socket hang up');
			assert.equal((await failure()).code, 'embedder_unavailable');
			post().reply(200, '<html>a proxy</html>');
			assert.equal((await failure()).code, 'embedder_unavailable');
			post().reply(200, '{"data":{}}');
			assert.equal((await failure()).code, 'embedder_unavailable');
		});

		it("hands on the server's words of a failure that is waited for, but no part of a key", async () => {
			for (const status of [402, 429, 500]) {
				post().reply(status, { error: { message: 'You exceeded your current quota' } });
				assert.match(
					(await failure()).message,
					new RegExp(`answered ${status}: You exceeded your current quota$`),
				);
			}
			post().reply(200, { error: { message: 'input is too large to process', code: 500 } });
			const error = await failure();
			assert.deepEqual(
				[error.code, /input is too large/.test(error.message)],
				['embedder_unavailable', true],
			);
			post().reply(401, { error: { message: 'Incorrect API key provided: mine****four' } });
			assert.doesNotMatch((await failure()).message, /mine/);
			post().reply(402, { error: { message: 'no credit left for sk-abc1****wxyz' } });
			assert.match((await failure()).message, /no credit left for …$/);
		});

		it("hands on the server's reason, but neither the key nor the text", async () => {
			const reply = (message: string) => post().reply(400, { error: { message } });
			reply('maximum context length is 8192 tokens');
			assert.match(
				(await failure()).message,
				/answered 400: maximum context length is 8192 tokens \(set DOCDROP_CHUNK_TOKENS .*\)$/,
			);
			reply('bad key sk-secret given');
			assert.doesNotMatch((await failure({ apiKey: 'sk-secret' })).message, /secret/);
			reply(`bad input: "${'a private sentence of the document'.slice(2, 30)}"`);
			assert.doesNotMatch(
				(await failure({}, 'This is a private sentence of the document.')).message,
				/private/,
			);
			reply('x'.repeat(5000));
			assert.ok((await failure()).message.length < 300);
		});
	});

	it('changes its fingerprint with the model and the dimensions', () => {
		const prints = [{}, { model: 'b' }, { dimensions: 9 }].map(
			(more) => createOpenAiEmbedder(settings(more)).fingerprint,
		);
		assert.equal(new Set(prints).size, 3);
	});
});

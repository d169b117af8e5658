import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import { installJsonBody } from '../../api/http/json-body.ts';
import { pageBytes } from '../../api/byte-pages.ts';

const bodyLimit = 2 * pageBytes;

describe('bodies of JSON', () => {
	let app: FastifyInstance;
	let url: string;
	const errors: string[] = [];

	before(async () => {
		app = fastify({ bodyLimit });
		installJsonBody(app);
		app.post('/', (request) => request.body);
		app.setErrorHandler((error: Error & { code: string; statusCode?: number }, _request, reply) => {
			errors.push(error.code);
			return reply.code(error.statusCode ?? 400).send({ code: error.code, message: error.message });
		});
		url = await app.listen({ port: 0, host: '127.0.0.1' });
	});
	after(() => app.close());
	beforeEach(() => errors.splice(0));

	const post = async (body: string | ReadableStream<Uint8Array>) => {
		const headers = { 'content-type': 'application/json' };
		const answer = await fetch(url, { method: 'POST', headers, body, duplex: 'half' });
		return await answer.json();
	};
	const ofLength = (length: number, letter: string) => `["${letter.repeat(length - 4)}"]`;
	const chunked = (text: string) =>
		new ReadableStream<Uint8Array>({
			start(controller) {
				controller.enqueue(new TextEncoder().encode(text));
				controller.close();
			},
		});

	it('are each their own, however many come at once, and of whatever length', async () => {
		const lengths = [4, 1_000, 131_071, 131_072, 300_000, pageBytes - 1, pageBytes, pageBytes + 1];
		for (let round = 0; round < 3; round += 1) {
			const sent = lengths.flatMap((length) =>
				['a', 'b', 'c', 'd', 'e'].map((letter) => ofLength(length, letter)),
			);
			const got = await Promise.all(sent.map(post));
			assert.deepEqual(got, sent.map((text) => JSON.parse(text) as unknown)); // prettier-ignore
		}
		const text = ofLength(200_000, 'x');
		assert.deepEqual(await post(chunked(text)), JSON.parse(text));
	});

	it('hold every letter where pieces of a body meet', async () => {
		const text = JSON.stringify(Array.from({ length: 20_000 }, (_, n) => `${n}€𝄞`));
		assert.deepEqual(await post(text), JSON.parse(text));
	});

	it('are refused as too large by what they say, or by what comes', async () => {
		const large = ofLength(bodyLimit + 1, 'x');
		assert.deepEqual(((await post(large)) as { code: string }).code, 'FST_ERR_CTP_BODY_TOO_LARGE');
		const answer = await post(chunked(large)).catch(() => null);
		// A caller who still sends may find the connection ended before it reads the answer.
		if (answer !== null) assert.equal((answer as { code: string }).code, 'FST_ERR_CTP_BODY_TOO_LARGE');
		assert.deepEqual(errors, ['FST_ERR_CTP_BODY_TOO_LARGE', 'FST_ERR_CTP_BODY_TOO_LARGE']);
	});

	it('that end too early leave what comes after them alone', async () => {
		const { port, hostname } = new URL(url);
		const socket = connect(Number(port), hostname);
		const head = `POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 400000\r\n\r\n`;
		socket.write(`${head}["${'z'.repeat(100_000)}`);
		const seen = once(app.server, 'request');
		await seen;
		socket.destroy();
		const text = ofLength(400_000, 'y');
		const got = await Promise.all([post(text), post(text), post(text)]);
		for (const one of got) assert.deepEqual(one, JSON.parse(text));
	});
});

import assert from 'node:assert/strict';
import { httpInMemory } from '../support/http-in-memory.ts';

/** OpenAI's dialect, as its clients speak it; the clients themselves are tried in the real n8n's installation. */
describe('/v1/embeddings and /v1/models', () => {
	let made: Awaited<ReturnType<typeof httpInMemory>>;
	before(async () => {
		made = await httpInMemory();
	});
	after(() => made.close());
	const headers = { host: 'localhost' };
	const embed = async (payload: object) =>
		(await made.http.inject({ method: 'POST', url: '/v1/embeddings', headers, payload })).json();
	const get = async (url: string) => (await made.http.inject({ url, headers })).json();

	it('give the same numbers as floats and as base64, one vector a text, in order', async () => {
		const input = ['walnuts', 'hazels', 'walnuts'];
		const plain = await embed({ model: 'any', input, user: 'me', dimensions: 256 });
		const packed = await embed({ model: 'any', input, encoding_format: 'base64' });
		const unpacked = packed.data.map(({ embedding }: { embedding: string }) => {
			const bytes = Buffer.from(embedding, 'base64');
			return Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(at * 4));
		});
		const vectors = plain.data.map(({ embedding }: { embedding: number[] }) => embedding);
		assert.deepEqual(unpacked, vectors);
		assert.deepEqual(
			plain.data.map(({ index }: { index: number }) => index),
			[0, 1, 2],
		);
		assert.deepEqual(vectors[0], vectors[2]);
		assert.notDeepEqual(vectors[0], vectors[1]);
		assert.equal((await embed({ input: Array(2_048).fill('a') })).data.length, 2_048);
	});

	it('name the model', async () => {
		const model = { id: 'lexical', object: 'model', created: 0, owned_by: 'docdrop' };
		assert.deepEqual(await get('/v1/models'), { object: 'list', data: [model] });
		assert.deepEqual(await get('/v1/models/lexical'), model);
	});

	it('say in the place where clients look that tokens are not taken', async () => {
		const { error } = await embed({ model: 'any', input: [[15339, 1917], [15]] });
		assert.equal(error.code, 'invalid');
		assert.match(error.message, /^input must be a text or an array of texts, got numbers of tokens$/);
		assert.match(error.hint, /check_embedding_ctx_length=False/);
	});
});

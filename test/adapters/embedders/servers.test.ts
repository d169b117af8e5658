import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createOpenAiEmbedder } from '../../../api/adapters/embedders/openai.ts';
import { embedderServer, readConfig, tokenAdvice } from '../../../api/config/index.ts';
import { isDocDropError } from '../../../api/errors.ts';
import { systemClock } from '../../../nodes/watch/clock.ts';

/** Servers that answer as the real ones do, by their sources and documentation (docs/decisions/embedder.md). */
interface Sent {
	readonly model: string;
	readonly input: readonly string[];
	readonly encoding_format?: string;
}
type Said = readonly [status: number, body: unknown];
type Double = (sent: Sent, path: string) => Said;

const dimensions = 4;
const tokensOf = (text: string) => text.split(/\s+/).length;
const numbersOf = (text: string) => [text.length, 1, 2, 3];
const base64 = (numbers: readonly number[]) =>
	Buffer.from(Float32Array.from(numbers).buffer).toString('base64');
const rows = (sent: Sent, encode: (numbers: number[]) => unknown): Said => [
	200,
	{
		...{ object: 'list', model: sent.model },
		data: sent.input.map((text, index) => ({
			object: 'embedding',
			index,
			embedding: encode(numbersOf(text)),
		})),
	},
];
const isLong = ({ input }: Sent, most = 20) => input.find((text) => tokensOf(text) > most);

const doubles = {
	/** Base64 where it is asked for; what is too long is 400, a model that is not there 404. */
	ollama: (sent) => {
		const wrong = (message: string, type: string) => ({ error: { message, type, param: null, code: null } });
		if (sent.model !== 'nomic-embed-text')
			return [404, wrong(`model "${sent.model}" not found, try pulling it first`, 'not_found_error')];
		if (isLong(sent))
			return [400, wrong('the input length exceeds the context length', 'invalid_request_error')];
		return rows(sent, sent.encoding_format === 'base64' ? base64 : (numbers) => numbers);
	},
	/** Numbers whatever is asked for; a wrong path is 200 with an error, as text. */
	lmstudio: (sent, path) => {
		if (path !== '/v1/embeddings') return [200, { error: `Unexpected endpoint or method. (POST ${path})` }];
		if (sent.model === 'none')
			return [400, { error: 'No models loaded. Please load a model in the developer page.' }];
		return rows(sent, (numbers) => numbers);
	},
	/** Base64 where it is asked for; what is wrong is 400. */
	vllm: (sent) => {
		const long = isLong(sent);
		if (sent.model !== 'intfloat/e5-small-v2')
			return [
				404,
				{
					error: { message: `The model \`${sent.model}\` does not exist.`, type: 'NotFoundError', code: 404 },
				},
			];
		if (long !== undefined) {
			const message = `This model's maximum context length is 20 tokens. However, you requested ${tokensOf(long)} tokens in the input for embedding generation. Please reduce the length of the input.`;
			return [400, { error: { message, type: 'BadRequestError', param: null, code: 400 } }];
		}
		return rows(sent, sent.encoding_format === 'base64' ? base64 : (numbers) => numbers);
	},
	/** Numbers; at most 32 texts, and none too long: both are `Validation`. */
	tei: (sent) => {
		const wrong = (message: string, code: number): Said => [code, { message, code, type: 'Validation' }];
		if (sent.input.length > 32)
			return wrong(`batch size ${sent.input.length} > maximum allowed batch size 32`, 422);
		const long = isLong(sent);
		if (long !== undefined)
			return wrong(
				`Input validation error: \`inputs\` must have less than 20 tokens. Given: ${tokensOf(long)}`,
				413,
			);
		return rows(sent, (numbers) => numbers);
	},
} satisfies Record<string, Double>;

describe('servers that speak OpenAI’s dialect', () => {
	let server: Server | null = null;
	afterEach(async () => {
		server?.closeAllConnections();
		await new Promise<void>((resolve) => (server === null ? resolve() : server.close(() => resolve())));
		server = null;
	});
	async function start(answer: Double): Promise<{ readonly url: string; readonly seen: Sent[] }> {
		const seen: Sent[] = [];
		server = createServer((request, response) => {
			void (async () => {
				const parts: Buffer[] = [];
				for await (const part of request) parts.push(part as Buffer);
				const sent = JSON.parse(Buffer.concat(parts).toString()) as Sent;
				seen.push(sent);
				const [status, body] = answer(sent, request.url ?? '');
				response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
			})();
		}).listen(0, '127.0.0.1');
		await once(server, 'listening');
		return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
	}
	/** As a configuration makes it. */
	function embedderAt(name: string, url: string, model: string, more: Record<string, string> = {}) {
		const found = embedderServer(
			readConfig({
				...{ DOCDROP_EMBEDDER: name, DOCDROP_EMBEDDER_URL: url, DOCDROP_EMBEDDER_MODEL: model },
				...{ DOCDROP_EMBEDDER_DIMENSIONS: `${dimensions}`, ...more },
			}),
		);
		assert.ok(found);
		const { batch: batchSize, tokens: _tokens, ...rest } = found;
		return createOpenAiEmbedder({ ...rest, batchSize, timeoutMs: 5_000, clock: systemClock });
	}
	async function refusal(work: Promise<unknown>): Promise<readonly [string, string]> {
		try {
			await work;
		} catch (error) {
			if (isDocDropError(error)) return [error.code, error.message];
			throw error;
		}
		return assert.fail('it was not refused');
	}
	const lengthOf = ([first]: readonly Float32Array[]) => Math.round((first?.[0] ?? 0) / (first?.[1] ?? 1));
	const models = { ollama: 'nomic-embed-text', lmstudio: 'any', vllm: 'intfloat/e5-small-v2', tei: 'any' };

	for (const name of ['ollama', 'lmstudio', 'vllm', 'tei'] as const) {
		it(`${name}: many texts, each with its vector, in requests that it takes`, async () => {
			const { url, seen } = await start(doubles[name]);
			const none = { DOCDROP_EMBEDDER_DOCUMENT_PREFIX: 'none' };
			const embedder = embedderAt(name, `${url}/v1`, models[name], none);
			const texts = Array.from({ length: 100 }, (_, n) => 'x'.repeat(n + 1));
			const vectors = await embedder.embed(texts);
			assert.deepEqual(
				vectors.map((vector) => lengthOf([vector])),
				texts.map(({ length }) => length),
			);
			assert.ok(seen.every(({ input }) => input.length <= (name === 'tei' ? 32 : 128)));
			await embedder.close();
		});
	}

	it('questions and documents have what the model wants before them, or what is set, or nothing', async () => {
		const { url, seen } = await start(doubles.vllm);
		const prefixes = async (more: Record<string, string>) => {
			const embedder = embedderAt('vllm', `${url}/v1`, models.vllm, more);
			await embedder.embed(['text', ' ']);
			await embedder.embed(['asked'], undefined, 'question');
			return [...seen.splice(0).flatMap(({ input }) => input), embedder.fingerprint];
		};
		const [, , own] = await prefixes({});
		assert.deepEqual((await prefixes({})).slice(0, 2), ['passage: text', 'query: asked']);
		const set = { DOCDROP_EMBEDDER_QUERY_PREFIX: 'q ', DOCDROP_EMBEDDER_DOCUMENT_PREFIX: 'none' };
		const [document, question, without] = await prefixes(set);
		assert.deepEqual([document, question], ['text', 'q asked']);
		assert.notEqual(own, without, 'vectors of documents are other ones');
		const [, , other] = await prefixes({ DOCDROP_EMBEDDER_QUERY_PREFIX: 'other ' });
		assert.equal(other, own, 'those of questions are kept nowhere');
	});

	it('say what to set', async () => {
		const long = 'word '.repeat(40);
		const cases = [
			[
				'ollama',
				'nomic-embed-text',
				long,
				'embedder_rejected',
				/exceeds the context length \(set DOCDROP_CHUNK_TOKENS/,
			],
			['ollama', 'none', 'x', 'embedder_unavailable', /404: .*pulling it first \(fetch it with ollama pull/],
			['lmstudio', 'none', 'x', 'embedder_rejected', /No models loaded.* \(load the model in the server/],
			[
				'vllm',
				'intfloat/e5-small-v2',
				long,
				'embedder_rejected',
				/maximum context length is 20.* \(set DOCDROP_CHUNK_TOKENS/,
			],
			['vllm', 'none', 'x', 'embedder_unavailable', /does not exist\. \(load the model in the server/],
			['tei', 'any', long, 'embedder_rejected', /less than 20 tokens.* \(set DOCDROP_CHUNK_TOKENS/],
		] as const;
		for (const [name, model, text, code, message] of cases) {
			const { url } = await start(doubles[name]);
			const found = await refusal(embedderAt(name, `${url}/v1`, model).embed([text]));
			assert.deepEqual([found[0], message.test(found[1])], [code, true], found[1]);
			server?.closeAllConnections();
			server?.close();
		}
		const tei = await start(doubles.tei);
		const many = embedderAt('tei', `${tei.url}/v1`, 'any', { DOCDROP_EMBEDDER_BATCH: '64' });
		assert.match(
			(await refusal(many.embed(Array<string>(64).fill('x'))))[1],
			/set DOCDROP_EMBEDDER_BATCH to 32 or less/,
		);
		server?.closeAllConnections();
		server?.close();
		const studio = await start(doubles.lmstudio);
		assert.match(
			(await refusal(embedderAt('lmstudio', studio.url, 'any').embed(['x'])))[1],
			/without vectors: Unexpected endpoint.* \(DOCDROP_EMBEDDER_URL must end in \/v1\)/,
		);
		const length = { DOCDROP_EMBEDDER_DIMENSIONS: '8' };
		const other = embedderAt('lmstudio', `${studio.url}/v1`, 'any', length);
		assert.match((await refusal(other.embed(['x'])))[1], /set DOCDROP_EMBEDDER_DIMENSIONS=4/);
	});
});

describe('settings of an embedder’s server', () => {
	const read = (env: Record<string, string>) => readConfig({ DOCDROP_EMBEDDER: 'ollama', ...env });
	const serverOf = (env: Record<string, string>) => embedderServer(read(env));

	it('need no more than the name of a well-known model', () => {
		assert.deepEqual(serverOf({ DOCDROP_EMBEDDER_MODEL: 'nomic-embed-text:latest' }), {
			...{ url: 'http://127.0.0.1:11434/v1', model: 'nomic-embed-text:latest', dimensions: 768, batch: 128 },
			...{ queryPrefix: 'search_query: ', documentPrefix: 'search_document: ', tokens: 2_048 },
		});
		for (const [model, length] of [
			['intfloat/multilingual-e5-large', 1_024],
			['text-embedding-nomic-embed-text-v1.5', 768],
			['text-embedding-3-small', 1_536],
			['BAAI/bge-small-en-v1.5', 384],
			['mxbai-embed-large', 1_024],
			['sentence-transformers/all-MiniLM-L6-v2', 384],
		] as const)
			assert.equal(serverOf({ DOCDROP_EMBEDDER_MODEL: model })?.dimensions, length, model);
		assert.equal(serverOf({ DOCDROP_EMBEDDER: 'static' }), null);
	});

	it('name what is missing', () => {
		assert.throws(() => read({}), { field: 'DOCDROP_EMBEDDER_MODEL' });
		assert.throws(() => read({ DOCDROP_EMBEDDER_MODEL: 'mine' }), { field: 'DOCDROP_EMBEDDER_DIMENSIONS' });
		const openai = { DOCDROP_EMBEDDER: 'openai', DOCDROP_EMBEDDER_MODEL: 'text-embedding-3-small' };
		assert.throws(() => read(openai), { field: 'DOCDROP_EMBEDDER_URL' });
		assert.throws(
			() => read({ DOCDROP_EMBEDDER: 'llama' }),
			/one of static, openai, ollama, lmstudio, vllm, tei/,
		);
	});

	it('warn where chunks may be longer than the model reads', () => {
		const advice = (env: Record<string, string>) =>
			tokenAdvice(read({ DOCDROP_EMBEDDER_MODEL: 'multilingual-e5-small', ...env }));
		assert.equal(advice({}), null);
		assert.match(
			advice({ DOCDROP_CHUNK_CHARS: '4000' }) ?? '',
			/reads 512: set DOCDROP_CHUNK_TOKENS to 409 or less/,
		);
		assert.equal(advice({ DOCDROP_CHUNK_TOKENS: '400' }), null);
		assert.match(advice({ DOCDROP_CHUNK_TOKENS: '600' }) ?? '', /may have 600 tokens/);
		assert.equal(tokenAdvice(readConfig({})), null);
	});
});

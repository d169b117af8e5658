import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHttpReranker, type RerankerSettings } from '../../../api/adapters/rerankers/http-reranker.ts';
import { isDocDropError } from '../../../api/errors.ts';
import { systemClock } from '../../../nodes/watch/clock.ts';
import { fakeClock } from '../../support/fake-clock.ts';

/** Against servers that answer as the real ones do, by their sources (docs/decisions/embedder.md). */
interface Sent {
	readonly query: string;
	readonly texts?: readonly string[];
	readonly documents?: readonly string[];
	readonly model?: string;
	readonly top_n?: number;
	readonly truncate?: boolean;
}
type Said = readonly [status: number, body: unknown];

/** The share of the question's words that a text has. */
const scoreOf = (query: string, text: string) => {
	const words = query.split(' ');
	return words.filter((word) => text.includes(word)).length / words.length;
};
/** Best first, as both answer. */
const ranked = (query: string, texts: readonly string[]) =>
	texts.map((text, index) => ({ index, score: scoreOf(query, text) })).sort((a, b) => b.score - a.score);

function tei({ query, texts = [] }: Sent): Said {
	if (texts.length > 32)
		return [
			422,
			{ error: `batch size ${texts.length} > maximum allowed batch size 32`, error_type: 'Validation' },
		];
	return [200, ranked(query, texts)];
}

function cohere({ query, documents = [], model, top_n: most = documents.length }: Sent): Said {
	if (model !== 'rerank-v3.5') return [404, { message: `model '${model}' not found` }];
	const results = ranked(query, documents).slice(0, most);
	return [200, { id: 'x', results: results.map(({ index, score }) => ({ index, relevance_score: score })) }];
}

describe('the reranker over HTTP', () => {
	let server: Server;
	const seen: { path: string; sent: Sent; request: IncomingMessage }[] = [];
	let answer: (sent: Sent) => Said | string | null;
	let url = '';
	before(async () => {
		server = createServer((request, response) => {
			void (async () => {
				const parts: Buffer[] = [];
				for await (const part of request) parts.push(part as Buffer);
				const sent = JSON.parse(Buffer.concat(parts).toString()) as Sent;
				seen.push({ path: request.url ?? '', sent, request });
				const said = answer(sent);
				if (said === null) return;
				if (typeof said === 'string') return void response.end(said);
				response.writeHead(said[0], { 'content-type': 'application/json' }).end(JSON.stringify(said[1]));
			})();
		}).listen(0, '127.0.0.1');
		await once(server, 'listening');
		url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	});
	after(async () => {
		server.closeAllConnections();
		await new Promise((resolve) => server.close(resolve));
	});
	beforeEach(() => void (seen.length = 0));

	const make = (more: Partial<RerankerSettings> = {}) =>
		createHttpReranker({
			...{ form: 'tei', url, model: 'm', top: 50, timeoutMs: 60_000, clock: systemClock },
			...more,
		});
	const { signal } = new AbortController();
	async function refusal(work: Promise<unknown>): Promise<string> {
		try {
			await work;
		} catch (error) {
			if (isDocDropError(error)) return `${error.code}: ${error.message}`;
			throw error;
		}
		return assert.fail('it was not refused');
	}

	it('tei: scores in the order of the texts, in requests of as many as it takes', async () => {
		answer = tei;
		const texts = Array.from({ length: 50 }, (_, n) => (n === 40 ? 'red fox' : n === 7 ? 'a fox' : 'none'));
		const scores = await make({ url: `${url}/` }).rerank('red fox', texts, signal);
		assert.deepEqual([scores.length, scores[40], scores[7], scores[0]], [50, 1, 0.5, 0]);
		assert.deepEqual(seen.map(({ path, sent }) => [path, sent.texts?.length, sent.truncate]).toSorted(), [
			['/rerank', 18, true],
			['/rerank', 32, true],
		]);
	});

	it('cohere: with its model and its key, all texts in one request', async () => {
		answer = cohere;
		const reranker = make({ form: 'cohere', model: 'rerank-v3.5', apiKey: 'sk-1' });
		assert.deepEqual(await reranker.rerank('red fox', ['none', 'red fox', 'a fox'], signal), [0, 1, 0.5]);
		const [one] = seen;
		assert.deepEqual(
			[one?.path, one?.sent.top_n, one?.request.headers.authorization],
			['/v2/rerank', 3, 'Bearer sk-1'],
		);
		const other = make({ form: 'cohere', model: 'none' });
		assert.equal(
			await refusal(other.rerank('q', ['a'], signal)),
			"reranker_unavailable: the reranker answered 404: model 'none' not found",
		);
	});

	it('tells what is wrong with the question from what is wrong with the server, and says neither key nor text', async () => {
		const text = 'a private sentence of the document';
		const cases: readonly (readonly [Said | string, RegExp])[] = [
			[[413, { error: 'too long' }], /^reranker_rejected: .* 413: too long$/],
			[[429, { error: 'Model is overloaded' }], /^reranker_rejected: .* 429: Model is overloaded$/],
			[[422, { error: `bad: ${text}` }], /^reranker_rejected: the reranker answered 422$/],
			[
				[401, { message: 'bad key sk-secret' }],
				/^reranker_unavailable: .* 401 \(see DOCDROP_RERANKER_API_KEY\)$/,
			],
			[[500, {}], /^reranker_unavailable: .* 500$/],
			['<html>', /^reranker_unavailable: .* something other than JSON/],
			['x'.repeat(100_000), /^reranker_unavailable: .* or too much of it/],
			[[200, { error: 'no' }], /without a list of scores/],
			[[200, [{ index: 0, score: 1 }]], /fewer scores than the 2 texts/],
			[
				[
					200,
					[
						{ index: 0, score: 1 },
						{ index: 0, score: 1 },
					],
				],
				/wrong or repeated index/,
			],
			[
				[
					200,
					[
						{ index: 0, score: 1 },
						{ index: 2, score: 1 },
					],
				],
				/wrong or repeated index/,
			],
			[
				[
					200,
					[
						{ index: 0, score: 1 },
						{ index: 1, score: 'high' },
					],
				],
				/a score that is no number/,
			],
		];
		for (const [said, message] of cases) {
			answer = () => said;
			const found = await refusal(make({ apiKey: 'sk-secret' }).rerank('q', [text, 'b'], signal));
			assert.match(found, message);
			assert.doesNotMatch(found, /secret|private/);
		}
	});

	it('waits no longer than its time', async () => {
		const clock = fakeClock();
		const came = Promise.withResolvers<void>();
		answer = () => {
			came.resolve();
			return null;
		};
		const late = refusal(make({ clock, timeoutMs: 2_000 }).rerank('q', Array<string>(40).fill('a'), signal));
		await came.promise;
		await clock.advance(2_001);
		assert.equal(await late, 'reranker_unavailable: the reranker did not answer within 2000 ms');
	});

	it('ends with its caller, and is away where nobody listens', async () => {
		const caller = new AbortController();
		answer = () => {
			caller.abort(new Error('gone'));
			return null;
		};
		await assert.rejects(make().rerank('q', ['a'], caller.signal), /gone/);
		const away = make({ url: 'http://127.0.0.1:9' });
		assert.match(
			await refusal(away.rerank('q', ['a'], signal)),
			/^reranker_unavailable: .* could not be reached$/,
		);
	});
});

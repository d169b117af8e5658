import assert from 'node:assert/strict';
import { DocDropError } from '../../api/errors.ts';
import type { Embedder } from '../../api/ports/embedder.ts';
import { createTelemetry } from '../../api/telemetry.ts';
import { httpInMemory } from '../support/http-in-memory.ts';
import { countingEmbedder } from '../support/pipeline-fixture.ts';
import { until } from '../support/settled.ts';

/** What callers see of work that waits for the embedder, and what it takes to make others wait. */
describe('while something is wrong with the embedder', () => {
	const lexical = countingEmbedder();
	let made: Awaited<ReturnType<typeof httpInMemory>>;
	let embed: Embedder['embed'];
	beforeEach(async () => {
		embed = lexical.embed;
		const embedder: Embedder = { ...lexical, embed: (texts, signal) => embed(texts, signal) };
		const limits = { attempts: 3, retryDelayMs: 1, threshold: 3, halfOpenAfterMs: 20, timeoutMs: 200 };
		made = await httpInMemory(
			{},
			{ embedder, embedderBreaker: { ...limits, name: 'embedder', code: 'embedder_unavailable' } },
		);
	});
	afterEach(() => made.close());

	const send = async (method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object) => {
		const headers = { host: 'localhost' };
		const answer = await made.http.inject({
			method,
			url,
			headers,
			...(payload !== undefined && { payload }),
		});
		return { status: answer.statusCode, body: answer.json() };
	};
	const publish = async (docId: string, text: string): Promise<string> => {
		const { body } = await send('POST', '/v1/publish', {
			tenant: 't',
			docId,
			content: { text },
			coalesced: true,
		});
		return body.jobId;
	};
	const job = async (jobId: string) => (await send('GET', `/v1/jobs/${jobId}`)).body;
	const away = () => Promise.reject(new DocDropError('embedder_unavailable', 'answered 402: no credit'));

	it('a job says at once that it waits and why, and a deletion of its document ends that', async () => {
		embed = away;
		const jobId = await publish('a.txt', 'some text');
		const waiting = await until(
			() => job(jobId),
			({ state }) => state === 'retrying',
		);
		assert.match(waiting.error.message, /answered 402: no credit/);
		const { embedder } = (await send('GET', '/v1/status')).body;
		assert.match(embedder.fault.message, /no credit/);
		assert.equal((await send('GET', '/health/ready')).body.status, 'degraded');
		const { body } = await send('DELETE', '/v1/documents?tenant=t&docId=a.txt');
		await until(
			() => job(body.jobId),
			({ state }) => ['deleted', 'unchanged'].includes(state),
		);
		assert.equal((await job(jobId)).state, 'superseded');
		await until(
			async () => made.pipeline.inWork(),
			(count) => count === 0,
		);
	});

	it('one text that it cannot take holds up neither documents nor searches nor its own deletion', async () => {
		embed = (texts, signal) =>
			texts.some((text) => text.includes('poison')) ? away() : lexical.embed(texts, signal);
		const poison = await Promise.all([1, 2, 3, 4].map((n) => publish(`p${n}.txt`, `poison ${n}`)));
		const others = await Promise.all([1, 2, 3, 4].map((n) => publish(`${n}.txt`, `text ${n}`)));
		for (const jobId of others)
			await until(
				() => job(jobId),
				({ state }) => state === 'published',
			);
		for (const jobId of poison) {
			const { error } = await until(
				() => job(jobId),
				(one) => one.error !== null,
			);
			assert.match(error.message, /no credit/);
		}
		const found = await send('POST', '/v1/search', { tenant: 't', query: 'text' });
		assert.deepEqual([found.status, found.body.hint, found.body.results.length], [200, null, 4]);
		assert.equal(made.pipeline.breakers.embedder.state(), 'closed');
	});

	it('a text that it cannot take is a dead letter with the reason, where others are served again and again', async () => {
		embed = (texts, signal) => (texts.includes('poison') ? away() : lexical.embed(texts, signal));
		const poison = await publish('poison.txt', 'poison');
		let more = 0;
		const { error } = await until(
			async () => {
				await publish(`${(more += 1)}.txt`, `text ${more}`);
				return job(poison);
			},
			({ state }) => state === 'failed',
			30_000,
		);
		assert.deepEqual([error.code, error.message], ['embedder_unavailable', 'answered 402: no credit']);
	});

	it('a text that it cannot take is blamed for nothing while nobody else is served', async () => {
		embed = (texts, signal) => (texts.includes('poison') ? away() : lexical.embed(texts, signal));
		const poison = await publish('poison.txt', 'poison');
		const tries = async () =>
			Number(/retries_total\{code="embedder_unavailable"\} (\d+)/.exec(await made.telemetry.render())?.[1]);
		await until(tries, (count) => count >= 4, 30_000);
		const { state, attempts } = await job(poison);
		assert.deepEqual([['retrying', 'processing'].includes(state), attempts], [true, 0]);
	});

	it('a request of a person that it fails, or is too slow for, pauses nobody', async () => {
		embed = (texts, signal) =>
			texts.includes('slow') ? new Promise(() => {}) : lexical.embed(texts, signal);
		const ask = () => send('POST', '/v1/embeddings', { input: ['slow', 'texts'] });
		for (let n = 0; n < 4; n += 1) assert.equal((await ask()).status, 503);
		assert.equal(made.pipeline.breakers.embedder.state(), 'closed');
		assert.equal((await send('POST', '/v1/embeddings', { input: 'one' })).status, 200);
	});

	it('texts of a person that are too slow together are answered in parts', async () => {
		embed = (texts, signal) => (texts.length > 1 ? new Promise(() => {}) : lexical.embed(texts, signal));
		const { status, body } = await send('POST', '/v1/embeddings', { input: ['many', 'texts'] });
		assert.deepEqual([status, body.data.length], [200, 2]);
		assert.equal(made.pipeline.breakers.embedder.state(), 'closed');
	});

	it('the metrics tell of it until it is over', async () => {
		const line = async () =>
			/^docdrop_peer_fault\{peer="embedder"\} (\d)$/m.exec(await made.telemetry.render())?.[1];
		assert.doesNotMatch(await createTelemetry().render(), /docdrop_peer_fault\{/);
		embed = away;
		await publish('a.txt', 'some text');
		await until(line, (value) => value === '1');
		embed = lexical.embed;
		await until(line, (value) => value === '0');
	});
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { lexicalVector } from '../../support/lexical-vector.ts';
import { createOpenAiEmbedder } from '../../../api/adapters/embedders/openai.ts';
import { systemClock } from '../../../nodes/watch/clock.ts';
import { startPipelineFixture } from '../../support/pipeline-fixture.ts';
import { until } from '../../support/settled.ts';

/** S39: an embedder with limits, through the whole pipeline. The server is a double that keeps to what it says. */
type Verdict = { readonly status: number; readonly headers?: Readonly<Record<string, string>> };

async function serve(judge: (texts: readonly string[]) => Verdict) {
	let open = 0;
	let mostOpenAfterRefusal = 0;
	let lastWasRefused = false;
	const counts = { ok: 0, refused: 0 };
	const server = createServer((request, response) => {
		void (async () => {
			open += 1;
			if (lastWasRefused) mostOpenAfterRefusal = Math.max(mostOpenAfterRefusal, open);
			const parts: Buffer[] = [];
			for await (const part of request) parts.push(part as Buffer);
			const { input } = JSON.parse(Buffer.concat(parts).toString()) as { input: string[] };
			const { status, headers = {} } = judge(input);
			for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
			response.statusCode = status;
			open -= 1;
			lastWasRefused = status === 429;
			counts[status === 429 ? 'refused' : 'ok'] += 1;
			response.end(
				JSON.stringify({
					data: input.map((text, index) => ({ index, embedding: [...lexicalVector(text)] })),
				}),
			);
		})();
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
		counts,
		mostOpenAfterRefusal: () => mostOpenAfterRefusal,
		async stop() {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}

describe('an embedder with limits', () => {
	let server: Awaited<ReturnType<typeof serve>>;
	afterEach(() => server.stop());

	async function run(documents: number) {
		const embedder = createOpenAiEmbedder({
			...{ url: server.url, model: 'm', dimensions: 256, batchSize: 4, timeoutMs: 10_000 },
			clock: systemClock,
			random: () => 0,
		});
		const fixture = startPipelineFixture({ embedder, embedCalls: { maxTexts: 4, maxCalls: 4 } });
		for (let nth = 0; nth < documents; nth += 1) {
			await fixture.submit({ tenant: 't', docId: `${nth}.txt`, content: { text: `text number ${nth}` } });
		}
		const stats = await until(
			() => fixture.docStore.stats(),
			({ pending }) => pending === 0,
			15_000,
		);
		const budget = embedder.budget?.();
		await fixture.stop();
		await embedder.close();
		return { stats, budget };
	}

	it('that answers 429 half the time gets every document in, without a stampede', async () => {
		let nth = 0;
		server = await serve(() =>
			(nth += 1) % 2 === 1 ? { status: 429, headers: { 'retry-after-ms': '5' } } : { status: 200 },
		);
		const { stats, budget } = await run(40);
		assert.deepEqual([stats.documents, stats.failed], [40, 0]);
		assert.ok(server.counts.refused >= 5, `${server.counts.refused} refusals`);
		assert.equal(server.mostOpenAfterRefusal(), 1, 'after a refusal one request is alone');
		assert.ok(server.counts.ok <= 40, 'nothing is embedded twice');
		assert.equal(budget?.refusals, server.counts.refused);
	});

	it('that says what is left is never asked for more', async () => {
		const limit = 3;
		const windowMs = 150;
		let left = limit;
		let windowEnds = 0;
		server = await serve(() => {
			const now = performance.now();
			if (now >= windowEnds) {
				left = limit;
				windowEnds = now + windowMs;
			}
			const isRefused = left === 0;
			if (!isRefused) left -= 1;
			return {
				status: isRefused ? 429 : 200,
				headers: {
					'x-ratelimit-limit-requests': String(limit),
					'x-ratelimit-remaining-requests': String(left),
					'x-ratelimit-reset-requests': `${Math.ceil(windowEnds - now) + 1}ms`,
				},
			};
		});
		const { stats, budget } = await run(40);
		assert.deepEqual([stats.documents, stats.failed], [40, 0]);
		assert.equal(server.counts.refused, 0, 'it waited before it was refused');
		assert.equal(budget?.requests?.limit, limit);
	});
});

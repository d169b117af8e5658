import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readConfig } from '../../api/config/index.ts';
import { startApp } from '../support/app.ts';
import { call } from '../support/call.ts';
import { settled } from '../support/settled.ts';

describe('an app with a reranker', () => {
	let server: Server;
	let isAway = false;
	before(async () => {
		server = createServer((request, response) => {
			void (async () => {
				const parts: Buffer[] = [];
				for await (const part of request) parts.push(part as Buffer);
				const { texts } = JSON.parse(Buffer.concat(parts).toString()) as { texts: string[] };
				response.statusCode = isAway ? 503 : 200;
				response.end(
					JSON.stringify(texts.map((text, index) => ({ index, score: text.includes('best') ? 1 : 0 }))),
				);
			})();
		}).listen(0, '127.0.0.1');
		await once(server, 'listening');
	});
	after(async () => {
		server.closeAllConnections();
		await new Promise((resolve) => server.close(resolve));
	});

	it('asks it, says so, and answers without it', async () => {
		const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
		const env = { DOCDROP_RERANKER: 'tei', DOCDROP_RERANKER_URL: url, DOCDROP_RERANKER_MODEL: 'bge' };
		const app = await startApp(env);
		try {
			const documents = ['otter otter otter', 'the best otter'].map((text, n) => ({
				...{ tenant: 't', docId: `${n}`, content: { text } },
			}));
			await call(app.url, { path: '/v1/ingest/batch', body: { documents, coalesced: true } });
			await settled(app.url);
			const search = async () =>
				(await call(app.url, { path: '/v1/search', body: { tenant: 't', query: 'otter', mode: 'text' } }))
					.json;
			const found = await search();
			assert.deepEqual([found.results[0].docId, found.reranked, found.hint], ['1', true, null]);
			const { reranker } = (await call(app.url, { path: '/v1/status' })).json;
			assert.deepEqual(reranker, { model: 'bge', breaker: 'closed' });
			isAway = true;
			const without = await search();
			assert.deepEqual([without.results.length, without.reranked], [2, false]);
			assert.match(without.hint, /^Not reranked: the reranker answered 503/);
		} finally {
			await app.close();
		}
	});

	it('is told what its settings lack', () => {
		const lacks = (env: Record<string, string>, field: string) =>
			assert.throws(() => readConfig({ DOCDROP_RERANKER: 'tei', ...env }), { field });
		lacks({}, 'DOCDROP_RERANKER_URL');
		lacks({ DOCDROP_RERANKER_URL: 'bge:8080' }, 'DOCDROP_RERANKER_URL');
		lacks({ DOCDROP_RERANKER: 'cohere' }, 'DOCDROP_RERANKER_MODEL');
		lacks({ DOCDROP_RERANKER: 'jina' }, 'DOCDROP_RERANKER');
		assert.equal(readConfig({ DOCDROP_RERANKER: 'cohere', DOCDROP_RERANKER_MODEL: 'm' }).rerankerTop, 50);
	});
});

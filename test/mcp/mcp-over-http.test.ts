import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { limits } from '../../api/contract/limits.ts';
import type { VectorStore } from '../../api/ports/vector-store.ts';
import { createMemoryVectorStore } from '../doubles/memory-vector-store.ts';
import { httpAgent } from '../support/agent.ts';
import { call, type Call } from '../support/call.ts';
import { httpInMemory } from '../support/http-in-memory.ts';
import { until } from '../support/settled.ts';

/** `/mcp` as a route: who gets in, what is taken, and what becomes of a call that nobody waits for. */
describe('/mcp', () => {
	let made: Awaited<ReturnType<typeof httpInMemory>>;
	let url: string;
	let search: VectorStore['search'];
	/** The words of every search that came to the index. */
	const searched: string[] = [];
	async function start(env: Record<string, string> = {}): Promise<void> {
		const memory = createMemoryVectorStore({ dimensions: 256 });
		searched.length = 0;
		search = memory.search;
		const counted: VectorStore['search'] = (query) => {
			searched.push(query.terms.join(' '));
			return search(query);
		};
		made = await httpInMemory(env, { vectorStore: { ...memory, search: counted } });
		url = await made.http.listen({ host: '127.0.0.1', port: 0 });
	}
	afterEach(() => made.close());

	const message = (method: string, params: object = {}) => ({ jsonrpc: '2.0', id: 1, method, params });
	const list = message('tools/list');
	const post = (body: unknown, headers: Record<string, string> = {}) =>
		call(url, { path: '/mcp', body, headers });

	it('answers a plain request in one piece, without a session', async () => {
		await start();
		const { status, json, headers } = await post(list, { accept: 'application/json' });
		assert.deepEqual([status, json.id, json.result.tools.length], [200, 1, 4]);
		assert.match(headers.get('content-type') ?? '', /^application\/json/);
		assert.equal(headers.get('mcp-session-id'), null);
		const initialize = message('initialize', {
			protocolVersion: '2099-01-01',
			capabilities: {},
			clientInfo: { name: 'later', version: '9' },
		});
		const { json: begun } = await post(initialize);
		assert.match(
			begun.result.protocolVersion,
			/^20\d\d-/,
			'a client of later days hears which version is spoken',
		);
		assert.equal(begun.result.serverInfo.name, 'docdrop');
		assert.equal((await post({ jsonrpc: '2.0', method: 'notifications/initialized' })).status, 202);
	});

	it('offers no stream and no end of a session', async () => {
		await start();
		for (const method of ['GET', 'DELETE']) {
			const { status, headers } = await call(url, {
				method,
				path: '/mcp',
				headers: { accept: 'text/event-stream' },
			});
			assert.deepEqual([status, headers.get('allow')], [405, 'POST']);
		}
	});

	it('lets no page of another site in', async () => {
		await start();
		const { host } = new URL(url);
		assert.equal((await post(list, { origin: `http://${host}` })).status, 200);
		for (const origin of [
			'http://evil.example',
			'null',
			`http://${host}.evil.example`,
			'http://127.0.0.1:1',
		]) {
			const { status, json } = await post(list, { origin });
			assert.deepEqual([status, json.error.code, json.error.field], [403, 'forbidden', 'origin'], origin);
		}
		const rebound = await made.http.inject({
			method: 'POST',
			url: '/mcp',
			headers: { host: 'rebound.example' },
			payload: list,
		});
		assert.deepEqual([rebound.statusCode, rebound.json().error.field], [403, 'host']);
	});

	it('asks for the keys of all routes', async () => {
		await start({ DOCDROP_API_KEYS: 'the-key' });
		assert.equal((await post(list)).status, 401);
		assert.equal((await post(list, { authorization: 'Bearer other' })).status, 401);
		assert.equal((await post(list, { 'x-api-key': 'the-key' })).status, 200);
		assert.equal((await post(list, { 'x-api-key': 'the-key', origin: 'http://evil.example' })).status, 403);
		const own = await httpAgent(url, { 'x-api-key': 'the-key' });
		assert.equal((await own.call('status')).documents, 0);
		await own.close();
	});

	it('refuses what is no message', async () => {
		await start();
		const cases: readonly (readonly [Omit<Call, 'path'>, number, RegExp])[] = [
			[{ body: [list, list] }, 400, /body must be object, got an array of 2/],
			[{ body: { jsonrpc: '2.0' } }, 400, /Invalid JSON-RPC message/],
			[{ body: '{' }, 400, /body must be well-formed JSON/],
			[{ body: { hello: 1 } }, 400, /jsonrpc is required/],
			[
				{ body: 'x', headers: { 'content-type': 'text/plain' } },
				415,
				/content-type must be application\/json/,
			],
			[
				{ body: { ...list, params: { x: 'x'.repeat(limits.mcpBytes) } } },
				413,
				/body must be at most 131072 bytes/,
			],
			[
				{ body: list, headers: { 'mcp-protocol-version': '1999-01-01' } },
				400,
				/Unsupported protocol version/,
			],
		];
		for (const [one, status, said] of cases) {
			const answer = await call(url, { path: '/mcp', ...one });
			assert.equal(answer.status, status);
			assert.match(answer.text, said);
			assert.doesNotMatch(answer.text, /node_modules|\.js:/);
		}
		const { json } = await post(message('no/such'));
		assert.equal(json.error.code, -32_601);
	});

	it('counts one message once, whatever it asks inside', async () => {
		await start({ DOCDROP_RATE_LIMIT_MAX: '3', SKIP_RATE_LIMITS_LOCAL: 'false' });
		const search = message('tools/call', { name: 'search', arguments: { query: 'x' } });
		const statuses = [];
		for (let nth = 0; nth < 4; nth += 1) statuses.push((await post(search)).status);
		assert.deepEqual(statuses, [200, 200, 200, 429]);
		assert.equal(searched.length, 3);
		const forged = await call(url, {
			path: '/v1/info',
			headers: { 'x-docdrop-inner': 'a2e7b1c4-0000-4000-8000-000000000000' },
		});
		assert.equal(forged.status, 429, 'nobody outside talks himself out of the limit');
	});

	it('forgets a call whose caller has hung up, and answers the next one after a cancelled one', async () => {
		await start();
		const held = Promise.withResolvers<void>();
		const found = search;
		search = async (query) => {
			await held.promise;
			return found(query);
		};
		const agent = await httpAgent(url);
		const busy = ['one', 'two'].map((query) => agent.call('search', { query, tenant: query }));
		await until(
			async () => searched.length,
			(count) => count === 2,
		);
		const accepted = once(made.http.server, 'connection');
		const socket = connect(Number(new URL(url).port), '127.0.0.1');
		const body = JSON.stringify(message('tools/call', { name: 'search', arguments: { query: 'gone' } }));
		const head = `POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}`;
		const sent = `${head}\r\n\r\n${body}`;
		socket.write(sent);
		const [served] = (await accepted) as [Socket];
		await until(
			async () => served.bytesRead,
			(bytes) => bytes >= sent.length,
		);
		const closed = once(served, 'close');
		socket.destroy();
		await closed;
		const giveUp = new AbortController();
		const canceled = agent.client.callTool({ name: 'search', arguments: { query: 'canceled' } }, undefined, {
			signal: giveUp.signal,
		});
		giveUp.abort('no longer wanted');
		await assert.rejects(canceled, /no longer wanted/);
		held.resolve();
		await Promise.all(busy);
		await agent.call('search', { query: 'last' });
		assert.ok(!searched.includes('gone') && searched.includes('last'), String(searched));
		await agent.close();
	});
});

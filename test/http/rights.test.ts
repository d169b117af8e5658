import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { addKey } from '../../api/config/index.ts';
import { keyRights, type KeyRight } from '../../api/contract/key-rights.ts';
import { routeTable, type RouteRow } from '../../api/http/route-table.ts';
import { httpInMemory } from '../support/http-in-memory.ts';

/** Every route with every kind of key. */
type Made = Awaited<ReturnType<typeof httpInMemory>>;

describe('the rights of a key', () => {
	let made: Made;
	let dir: string;
	const kinds: { key: string; rights: readonly KeyRight[]; tenant: string | null }[] = [];
	before(async () => {
		dir = mkdtempSync(join(tmpdir(), 'docdrop-rights-'));
		const file = join(dir, 'keys.json');
		for (const tenant of [null, 'a']) {
			for (const rights of [
				...keyRights.map((one) => [one]),
				['read', 'write'],
				[...keyRights],
			] as KeyRight[][]) {
				const addedAt = '2026-01-02T03:04:05Z';
				kinds.push({ ...addKey(file, { name: 'n', tenant, rights, addedAt }), rights, tenant });
			}
		}
		made = await httpInMemory({ DOCDROP_KEYRING: file });
	});
	after(async () => {
		await made.close();
		rmSync(dir, { recursive: true });
	});

	const ask = async (name: string, key: string | null, payload?: object) => {
		const [method = '', path = ''] = name.split(' ');
		const answer = await made.http.inject({
			method: method as 'GET',
			url: path.replace(/:\w+/, '019b0000-0000-7000-8000-000000000000'),
			headers: { ...(key !== null && { authorization: `Bearer ${key}` }) },
			...(payload !== undefined && { payload }),
			payloadAsStream: true,
		});
		const { statusCode, headers } = answer;
		const stream = answer.stream();
		// One that goes on until its caller leaves.
		const isEndless = String(headers['content-type']).startsWith('text/event-stream');
		const body = isEndless ? '' : await text(stream);
		stream.destroy();
		return { statusCode, body, json: () => JSON.parse(body) };
	};
	const rows = Object.entries<RouteRow>(routeTable);
	const isHealth = (name: string) => name.includes(' /health/');

	for (const [name, { right }] of rows) {
		it(`${name}: ${isHealth(name) ? 'no key' : right}`, async () => {
			for (const key of [null, 'none-of-them']) {
				const { statusCode } = await ask(name, key);
				if (isHealth(name)) assert.equal(statusCode, 200);
				else assert.equal(statusCode, 401, key ?? 'no key');
			}
			for (const { key, rights, tenant } of kinds) {
				const answer = await ask(name, key);
				const may = right === 'any' || rights.includes(right);
				const isRefused =
					answer.statusCode === 403 && /^the key must have the right/.test(answer.json().error.message);
				assert.equal(isRefused, !may, `${rights.join()} of ${tenant}: ${answer.statusCode} ${answer.body}`);
				assert.notEqual(answer.statusCode, 401);
			}
		});
	}

	it('stand in the description of each route', async () => {
		const { paths } = (await made.http.inject({ url: '/docs/json' })).json();
		for (const [name, { right }] of rows) {
			const [method = '', path = ''] = name.split(' ');
			const { security, description = '' } = paths[path.replace(/:(\w+)/g, '{$1}')][method.toLowerCase()];
			assert.deepEqual(security, isHealth(name) ? [] : [{ bearer: [] }, { key: [] }], name);
			const said = /Asks for a key with the right `(\w+)`\.$/.exec(description)?.[1];
			assert.equal(said ?? 'any', right, name);
		}
	});

	it('say which one is missing, and how a key gets it', async () => {
		const { key = '' } = kinds.find(({ rights, tenant }) => rights.join() === 'read' && tenant === 'a') ?? {};
		const answer = await ask('POST /v1/publish', key, { tenant: 'a', docId: 'd', content: { text: 't' } });
		const { error } = answer.json();
		assert.equal(error.message, 'the key must have the right write, and has read');
		assert.match(error.hint, /docdrop keys add --rights write/);
		assert.equal((await made.docStore.stats()).pending, 0);
	});

	it('hold within the tenant alone, and what spans tenants is none of its', async () => {
		const all = kinds.find(({ rights, tenant }) => rights.length === 3 && tenant === 'a')?.key ?? '';
		for (const name of [
			'GET /v1/status',
			'GET /metrics',
			'GET /v1/credits/all',
			'GET /v1/documents?tenant=b',
		])
			assert.equal((await ask(name, all)).statusCode, 403, name);
		assert.equal((await ask('PUT /v1/credits', all, { tenant: 'a', granted: 1 })).statusCode, 403);
		assert.equal((await ask('GET /v1/documents?tenant=a', all)).statusCode, 200);
	});

	it('are those of the inner requests of an agent too', async () => {
		const { key = '' } = kinds.find(({ rights, tenant }) => rights.join() === 'read' && tenant === 'a') ?? {};
		const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'status', arguments: {} } };
		const answer = await ask('POST /mcp', key, call);
		assert.equal(answer.statusCode, 200);
		assert.equal(answer.json().result.isError ?? false, false, answer.body);
	});
});

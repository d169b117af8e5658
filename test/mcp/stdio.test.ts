import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { agentOf, type Agent } from '../support/agent.ts';
import { httpInMemory } from '../support/http-in-memory.ts';
import { serveInTurn, json } from '../support/http-server.ts';
import { until } from '../support/settled.ts';

/** `docdrop mcp` as a client starts it. */
describe('docdrop mcp', () => {
	const cli = fileURLToPath(new URL('../../api/cli.ts', import.meta.url));
	const dataDir = mkdtempSync(join(tmpdir(), 'docdrop-mcp-'));
	const started = (args: readonly string[]) => ({
		command: process.execPath,
		args: ['--disable-warning=ExperimentalWarning', cli, 'mcp', ...args],
		env: { DOCDROP_DATA_DIR: dataDir, NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '' },
	});
	/** Lets the command find a process at that address, as the server's own note does. */
	const note = (url: string) =>
		writeFileSync(join(dataDir, 'server.json'), JSON.stringify({ pid: process.pid, url, folders: [] }));
	const agents: Agent[] = [];
	async function connect(env: Record<string, string>, ...args: string[]): Promise<Agent> {
		const client = new Client({ name: 'test', version: '0' });
		const { env: own, ...rest } = started(args);
		await client.connect(new StdioClientTransport({ ...rest, env: { ...own, ...env }, stderr: 'ignore' }));
		const agent = await agentOf(client);
		agents.push(agent);
		return agent;
	}
	afterEach(async () => {
		for (const agent of agents.splice(0)) await agent.close();
		rmSync(join(dataDir, 'server.json'), { force: true });
	});
	after(() => rmSync(dataDir, { recursive: true, force: true }));

	it('finds, cites and opens a passage of the running process, which may come later, and of its tenant alone', async () => {
		const agent = await connect({ DOCDROP_API_KEYS: 'anna=a-key,bert=b-key' }, '--tenant', 'anna');
		const away = await agent.refusal('search', { query: 'walnuts' });
		assert.match(away, /^store_unavailable: no process of DocDrop .*Start docdrop watch or docdrop serve/);
		const made = await httpInMemory({ DOCDROP_API_KEYS: 'anna=a-key,bert=b-key' });
		note(await made.http.listen({ host: '127.0.0.1', port: 0 }));
		for (const tenant of ['anna', 'bert'])
			await made.publish({ tenant, docId: 'walnut.md', content: { text: `Walnuts of ${tenant}` } });
		const { passages } = await agent.call('search', { query: 'walnuts' });
		assert.deepEqual(
			passages.map(({ uri, text }: { uri: string; text: string }) => [uri, text]),
			[['docdrop://anna/walnut.md', 'Walnuts of anna']],
		);
		const { chunks } = await agent.call('get_document', { docId: passages[0].docId });
		assert.equal(chunks[0].text, 'Walnuts of anna');
		const { contents } = await agent.client.readResource({ uri: passages[0].uri });
		assert.equal((contents[0] as { text: string }).text, 'Walnuts of anna');
		assert.match(
			await agent.refusal('search', { query: 'walnuts', tenant: 'bert' }),
			/^forbidden: tenant must be anna/,
		);
		assert.match(await agent.refusal('search', {}), /^invalid: query is required/);
		await assert.rejects(agent.client.callTool({ name: 'erase' }), /there is no tool "erase"/);
		await made.close();
	});

	it('ends what was cancelled, and goes on', async () => {
		const held = Promise.withResolvers<void>();
		const api = await serveInTurn(
			json(200, {}),
			(_asked, answer) => void answer.once('close', held.resolve),
			json(200, {}),
			json(200, { results: [], next: null, mode: 'text', hint: 'Half of it.', tookMs: 1 }),
		);
		note(api.url);
		const agent = await connect({});
		const giveUp = new AbortController();
		const canceled = agent.client.callTool({ name: 'search', arguments: { query: 'x' } }, undefined, {
			signal: giveUp.signal,
		});
		await until(
			async () => api.asked.length,
			(count) => count === 2,
		);
		giveUp.abort('no longer wanted');
		await assert.rejects(canceled, /no longer wanted/);
		await held.promise;
		const { hint, passages } = await agent.call('search', { query: 'y' });
		assert.deepEqual([hint, passages], ['Half of it.', []]);
		api.close();
	});

	it('writes nothing but messages, answers all that was asked, and ends with its input', async () => {
		const { command, args, env } = started([]);
		const child = spawn(command, args, { env });
		let out = '';
		child.stdout.on('data', (piece) => (out += String(piece)));
		const ended = new Promise((resolve) => child.on('close', resolve));
		const ask = (id: number, method: string, params: object) =>
			JSON.stringify({ jsonrpc: '2.0', id, method, params });
		const client = {
			protocolVersion: '2025-06-18',
			capabilities: {},
			clientInfo: { name: 'x', version: '0' },
		};
		child.stdin.end(
			[
				ask(1, 'initialize', client),
				'no message',
				'{"jsonrpc":"2.0","method":"notifications/initialized"}',
				ask(2, 'tools/call', { name: 'status', arguments: {} }),
				`${ask(3, 'tools/list', {})}\n`,
			].join('\n'),
		);
		assert.equal(await ended, 0);
		const messages = out
			.trimEnd()
			.split('\n')
			.map((line) => JSON.parse(line) as { jsonrpc: string; id: number });
		assert.deepEqual(messages.map(({ id }) => id).toSorted(), [1, 2, 3]);
		assert.ok(messages.every(({ jsonrpc }) => jsonrpc === '2.0'));
	});
});

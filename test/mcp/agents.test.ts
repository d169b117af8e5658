import assert from 'node:assert/strict';
import type { McpError } from '@modelcontextprotocol/sdk/types.js';
import { limits } from '../../api/contract/limits.ts';
import { httpAgent, type Agent } from '../support/agent.ts';
import { call } from '../support/call.ts';
import { httpInMemory } from '../support/http-in-memory.ts';
import { until } from '../support/settled.ts';

/** The index as an agent meets it over HTTP, by the SDK's own client. */
describe('agents', () => {
	let made: Awaited<ReturnType<typeof httpInMemory>>;
	let url: string;
	let anna: Agent;
	const agents: Agent[] = [];
	const withKey = (key: string) => ({ authorization: `Bearer ${key}` });
	const connect = async (key: string) => {
		const agent = await httpAgent(url, withKey(key));
		agents.push(agent);
		return agent;
	};
	async function publish(tenant: string, docId: string, text: string, more: object = {}): Promise<void> {
		const body = { tenant, docId, content: { text }, coalesced: true, ...more };
		const { json } = await call(url, { path: '/v1/publish', body, headers: withKey('all') });
		await until(
			async () => (await call(url, { path: `/v1/jobs/${json.jobId}`, headers: withKey('all') })).json.state,
			(state) => state === 'published',
		);
	}

	before(async () => {
		made = await httpInMemory({ DOCDROP_API_KEYS: 'anna=a-key,Bert=b-key,all' });
		url = await made.http.listen({ host: '127.0.0.1', port: 0 });
		await publish('anna', 'trees/walnut.md', '# Trees\n\n## Walnut\n\nWalnuts ripen in October.', {
			path: '/garden/trees/walnut.md',
			title: 'On trees',
			metadata: { season: 'autumn' },
		});
		await publish('Bert', 'walnut.md', '# Secrets\n\nWalnuts of Bert are hidden in the barn.');
		anna = await connect('a-key');
	});
	after(async () => {
		for (const agent of agents) await agent.close();
		await made.close();
	});

	it('find a passage, cite it and open its document', async () => {
		const { passages, mode } = await anna.call('search', { query: 'when do walnuts ripen' });
		const { score, ...cited } = passages[0];
		assert.deepEqual(cited, {
			uri: 'docdrop://anna/trees%2Fwalnut.md',
			docId: 'trees/walnut.md',
			path: '/garden/trees/walnut.md',
			title: 'On trees',
			heading: 'On trees > Trees > Walnut',
			text: passages[0].text,
		});
		assert.equal(mode, 'hybrid');
		assert.ok(score > 0);
		assert.match(cited.text, /Walnuts ripen in October/);
		const opened = await anna.call('get_document', { docId: cited.docId });
		assert.deepEqual(
			[opened.tenant, opened.state, opened.title, opened.metadata, opened.published.chunks, opened.next],
			['anna', 'published', 'On trees', { season: 'autumn' }, 1, undefined],
		);
		assert.match(opened.chunks[0].text, /Walnuts ripen in October/);
		const { contents } = await anna.client.readResource({ uri: cited.uri });
		assert.deepEqual(
			contents.map((one) => ({ ...one, text: 'text' in one && one.text.includes('ripen in October') })),
			[{ uri: cited.uri, mimeType: 'text/plain', text: true }],
		);
	});

	it('see the tenant of their key alone, whatever they name', async () => {
		const bert = await connect('b-key');
		for (const [agent, own, other] of [
			[anna, 'anna', 'Bert'],
			[bert, 'Bert', 'anna'],
		] as const) {
			const { tenant, passages } = await agent.call('search', { query: 'walnuts' });
			assert.equal(tenant, own);
			assert.deepEqual([...new Set(passages.map((one: { uri: string }) => one.uri.split('/')[2]))], [own]);
			for (const [name, args] of [
				['search', { query: 'walnuts' }],
				['get_document', { docId: 'walnut.md' }],
				['list_documents', {}],
				['status', {}],
			] as const) {
				const text = await agent.refusal(name, { ...args, tenant: other });
				assert.match(text, new RegExp(`^forbidden: tenant must be ${own}`));
			}
			const { resources } = await agent.client.listResources();
			assert.deepEqual(
				resources.map(({ uri }) => uri.split('/')[2]),
				[own],
			);
			const uri = other === 'Bert' ? 'docdrop://Bert/walnut.md' : 'docdrop://anna/trees%2Fwalnut.md';
			await assert.rejects(agent.client.readResource({ uri }), /no other can be read/);
			const status = await agent.call('status');
			assert.deepEqual([status.tenant, status.tenants, status.documents], [own, [own], 1]);
		}
		const { contents } = await bert.client.readResource({ uri: 'docdrop://bert/walnut.md' });
		assert.ok(contents[0] !== undefined && 'text' in contents[0], 'clients write a host in lower case');
	});

	it('with a key of all tenants name one, or ask the default', async () => {
		const any = await connect('all');
		const status = await any.call('status', { tenant: 'anna' });
		assert.deepEqual([status.documents, status.indexed, status.tenants], [1, 1, ['Bert', 'anna']]);
		assert.deepEqual((await any.call('list_documents')).documents, []);
		const { passages } = await any.call('search', { query: 'walnuts', tenant: 'Bert' });
		assert.match(passages[0].text, /in the barn/);
	});

	it('are told what to do where they are wrong', async () => {
		for (const [name, args, said] of [
			['search', {}, /^invalid: query is required/],
			['search', { query: 'x', limit: 0 }, /^invalid: limit must be .*1/],
			['search', { query: 'x', querry: 'y' }, /^invalid: querry is not a known field/],
			['search', { query: ' ' }, /^invalid: query must be more than blanks/],
			['search', { query: 'x'.repeat(9_000) }, /^invalid: query must .*8192/],
			['get_document', {}, /^invalid: docId is required/],
			['get_document', { docId: ['a'] }, /^invalid: docId must be one text/],
			['get_document', { docId: 'gone.md' }, /^not_found: .*Take the docId from search/],
			['get_document', { docId: 'trees/walnut.md', after: '5' }, /^invalid: after must be what/],
			['list_documents', { state: 'lost' }, /^invalid: state must be one of published/],
			['list_documents', { limit: 1_000 }, /^invalid: limit must/],
			['list_documents', { filter: '{' }, /^invalid: filter must be the JSON of an object/],
			['list_documents', { filter: '{"version":1}' }, /^invalid: filter\/version cannot be filtered by/],
			['status', { tenant: 7 }, /^forbidden: tenant must be anna/],
		] as const) {
			const text = await anna.refusal(name, args);
			assert.match(text, said);
			assert.doesNotMatch(text, /\/tmp|\.ts:|at .*\(/);
		}
		await assert.rejects(
			anna.client.callTool({ name: 'delete_document', arguments: {} }),
			(error: McpError) =>
				error.code === -32_602 && /no tool "delete_document"; there are search/.test(error.message),
		);
		await assert.rejects(
			anna.client.readResource({ uri: 'docdrop://anna/none.md' }),
			(error: McpError) => error.code === -32_002,
		);
		for (const uri of ['file:///etc/passwd', 'docdrop://anna', 'docdrop://anna/%E0%A4%A'])
			await assert.rejects(anna.client.readResource({ uri }), /uri must be of the form docdrop:/);
	});

	it('may say null for what they leave out, and numbers as text', async () => {
		const { passages } = await anna.call('search', {
			query: 'walnuts',
			limit: '1',
			docId: null,
			tenant: null,
		});
		assert.equal(passages.length, 1);
		assert.match(
			await anna.refusal('search', { query: 'x', limit: 'many' }),
			/^invalid: limit must .*got "many"/,
		);
		assert.match(
			await anna.refusal('search', { query: 'x', limit: '1.5' }),
			/^invalid: limit must .*got "1.5"/,
		);
	});

	it('that ask at the same time, under the same numbers, each get their own answer', async () => {
		const bert = await connect('b-key');
		const asked = Array.from({ length: 20 }, (_, n) => [
			n % 2 === 0 ? anna : bert,
			n % 2 === 0 ? 'anna' : 'Bert',
		]);
		const answers = await Promise.all(
			(asked as [Agent, string][]).map(async ([agent, own]) => [
				await agent.call('search', { query: 'walnuts' }),
				own,
			]),
		);
		for (const [{ tenant, passages }, own] of answers) assert.deepEqual([tenant, passages.length], [own, 1]);
	});

	it('hear nothing of a defect, and the log does', async () => {
		const real = made.docStore.progress;
		try {
			made.docStore.progress = () => Promise.reject(new Error('at /secret/place'));
			assert.match(await anna.refusal('status'), /^internal: internal error. This is a defect/);
		} finally {
			made.docStore.progress = real;
		}
	});

	it('search with a filter, as JSON or as it is, page by page and with what stands around', async () => {
		for (const [docId, author] of [
			['by/ana.md', 'Ana'],
			['by/ben.md', 'Ben'],
		] as const)
			await publish('anna', docId, `# One\n\nPlums\n\n# Two\n\nQuinces of ${author}\n\n# Three\n\nPears`, {
				metadata: { author },
			});
		const docIds = ({ passages }: { passages: { docId: string }[] }) => [
			...new Set(passages.map((one) => one.docId)),
		];
		const filter = { author: 'Ana' };
		for (const given of [filter, JSON.stringify(filter)])
			assert.deepEqual(docIds(await anna.call('search', { query: 'quinces', filter: given })), ['by/ana.md']);
		assert.match(
			await anna.refusal('search', { query: 'x', filter: '{' }),
			/^invalid: filter must be the JSON of an/,
		);
		assert.match(
			await anna.refusal('search', { query: 'x', filter: { a: { near: 1 } } }),
			/^invalid: filter/,
		);
		const grouped = await anna.call('search', { query: 'quinces', groupByDocument: true, limit: 1 });
		assert.deepEqual([grouped.passages.length, grouped.next], [1, 1]);
		const { passages } = await anna.call('search', { query: 'quinces of ana', filter, context: 1, limit: 1 });
		assert.deepEqual(
			[passages[0].before, passages[0].after].map((texts) => texts.join('').replace(/\s+/g, ' ')),
			['One Plums', 'Three Pears'],
		);
		const sure = await anna.call('search', { query: 'quinces', minScore: 1 });
		assert.deepEqual(sure.passages, []);
	});

	it('read a long document and a long list page by page, in answers that a client takes', async () => {
		const words = Array.from({ length: 900 }, (_, n) => `word${n} `.repeat(12)).join('\n\n');
		await publish('Bert', 'long/all.txt', words);
		const bert = await connect('b-key');
		const texts: string[] = [];
		for (let after: string | undefined = ''; after !== undefined;) {
			const page = await bert.call('get_document', {
				docId: 'long/all.txt',
				limit: 500,
				...(after !== '' && { after }),
			});
			const pageTexts = page.chunks.map(({ text }: { text: string }) => text);
			assert.ok(pageTexts.join('').length <= limits.agentChars);
			assert.equal(page.chunks[0].index, texts.length);
			texts.push(...pageTexts);
			after = page.next;
		}
		assert.ok(texts.join('').length > 2 * limits.agentChars);
		assert.deepEqual(texts.join(' ').match(/word\d+/g), words.match(/word\d+/g));
		const { contents } = await bert.client.readResource({ uri: 'docdrop://Bert/long%2Fall.txt' });
		assert.match((contents[0] as { text: string }).text, /goes on with after: "20\.[^"]+"\]$/);
		const found = await bert.call('search', { query: 'word1 word2 word3', limit: 100 });
		assert.ok(found.passages.length < 100);
		assert.match(found.hint, /^The others did not fit/);
		assert.equal(found.next, found.passages.length);
		const more = await bert.call('search', { query: 'word1 word2 word3', limit: 1, offset: found.next });
		assert.ok(!found.passages.some(({ text }: { text: string }) => text === more.passages[0].text));
		const first = await bert.call('list_documents', { limit: 1 });
		const second = await bert.call('list_documents', { limit: 1, after: first.next });
		assert.deepEqual(
			[...first.documents, ...second.documents].map(({ docId }) => docId),
			['long/all.txt', 'walnut.md'],
		);
		const folder = await bert.call('list_documents', { prefix: 'long/', state: 'published' });
		assert.deepEqual([folder.documents.length, folder.next], [1, undefined]);
		for (const filter of ['{"docId":["walnut.md"]}', { docId: ['walnut.md'] }]) {
			const like = await bert.call('list_documents', { filter });
			assert.deepEqual(
				like.documents.map(({ docId }: { docId: string }) => docId),
				['walnut.md'],
			);
		}
	});

	it('are shown tools that only read, under names and in schemas that every client takes', async () => {
		const { tools } = await anna.client.listTools();
		assert.deepEqual(
			tools.map(({ name }) => name),
			['search', 'get_document', 'list_documents', 'status'],
		);
		const portable = /^(type|description|enum|minimum|maximum|properties|required|items)$/;
		const look = (schema: Record<string, unknown>, at: string): void => {
			assert.equal(typeof schema['type'], 'string', at);
			for (const [name, value] of Object.entries(schema)) {
				assert.match(name, portable, at);
				if (name === 'items') look(value as never, `${at}[]`);
				if (name !== 'properties') continue;
				for (const [field, one] of Object.entries(value as object)) look(one, `${at}.${field}`);
			}
		};
		for (const { name, inputSchema, outputSchema, annotations, description } of tools) {
			assert.match(name, /^[a-z_]{1,40}$/);
			assert.equal(annotations?.readOnlyHint, true);
			assert.ok((description ?? '').length < 1_000);
			look(inputSchema, `${name} in`);
			look(outputSchema as never, `${name} out`);
		}
		const { resourceTemplates } = await anna.client.listResourceTemplates();
		assert.deepEqual(
			resourceTemplates.map(({ uriTemplate }) => uriTemplate),
			['docdrop://{tenant}/{docId}'],
		);
	});
});

import assert from 'node:assert/strict';
import { DocDrop } from '../../../nodes/DocDrop/DocDrop.node.ts';
import { startApp, type TestApp } from '../../support/app.ts';
import { call } from '../../support/call.ts';
import { createListContext } from '../../support/n8n-context.ts';
import { settled } from '../../support/settled.ts';
import { items, runNode } from './harness.ts';

describe('documents: get, get many, search, and lists to choose from', () => {
	let api: TestApp;
	before(async () => {
		api = await startApp();
		const documents = [
			...Array.from({ length: 120 }, (_, index) => ({
				tenant: 'acme',
				docId: `list/${String(index).padStart(3, '0')}.md`,
				content: { text: `# Page ${index}\n\nWord${index} is on this page.` },
				path: `list/${index}.md`,
			})),
			{
				tenant: 'acme',
				docId: 'vacation.md',
				content: { text: '# Vacation\n\nThirty days of vacation a year.' },
			},
			{ tenant: 'beta', docId: 'other.md', content: { text: 'Nobody of acme may see vacation here.' } },
		];
		await call(api.url, { path: '/v1/ingest/batch', body: { documents, coalesced: true } });
		await settled(api.url);
	});
	after(() => api.close());

	const ask = (operation: string, parameters: Record<string, unknown>, sent: readonly object[] = [{}]) =>
		runNode({
			baseUrl: api.url,
			parameters: { resource: 'document', operation, tenant: 'acme', ...parameters },
			items: items(sent),
		});

	it('gets one document for each item', async () => {
		const sent = [{ page: 'vacation.md' }, { page: 'list/007.md' }];
		const run = await ask('get', { docId: '={{ $json.page }}' }, sent);
		assert.deepEqual(
			run.output.map(({ json, pairedItem }) => [json['docId'], json['state'], pairedItem]),
			[
				['vacation.md', 'published', { item: 0 }],
				['list/007.md', 'published', { item: 1 }],
			],
		);
	});

	it('says that there is none', async () => {
		await assert.rejects(ask('get', { docId: 'none.md' }), { name: 'NodeApiError', httpCode: '404' });
	});

	it('lists up to a limit, or all', async () => {
		const some = await ask('getMany', { limit: 7 });
		assert.equal(some.json.length, 7);
		assert.deepEqual(some.output[6]?.pairedItem, { item: 0 });
		const all = await ask('getMany', { returnAll: true });
		assert.equal(all.json.length, 121);
		assert.equal(new Set(all.json.map(({ docId }) => docId)).size, 121);
	});

	it('filters by prefix and state', async () => {
		const found = await ask('getMany', {
			returnAll: true,
			filters: { prefix: 'list/00', state: 'published' },
		});
		assert.equal(found.json.length, 10);
		const filters = { filter: '{"docId": {"prefix": "list/0"}, "not": {"docId": {"prefix": "list/00"}}}' };
		const like = await ask('getMany', { returnAll: true, filters });
		assert.equal(like.json.length, 90);
		const none = await ask('getMany', { returnAll: true, filters: { state: 'failed' } });
		assert.equal(none.json.length, 0);
	});

	const passageFields = ['docId', 'title', 'path', 'heading', 'page', 'text', 'score'];

	it('searches, and gives one item a passage with what an answer needs and no more', async () => {
		const run = await ask('search', { query: 'days of vacation', limit: 3 });
		assert.equal(run.json.length, 3);
		assert.deepEqual(Object.keys(run.json[0]), ['query', ...passageFields]);
		assert.equal(run.json[0].query, 'days of vacation');
		assert.equal(run.json[0].docId, 'vacation.md');
		assert.match(run.json[0].text, /Thirty days/);
	});

	it('searches for five by default, and pairs passages with their question', async () => {
		const run = await ask('search', { query: '={{ $json.q }}' }, [{ q: 'page' }, { q: 'vacation' }]);
		assert.deepEqual(
			run.output.map(({ json, pairedItem }) => [json['query'], pairedItem]),
			[
				...Array.from({ length: 5 }, () => ['page', { item: 0 }]),
				...Array.from({ length: 5 }, () => ['vacation', { item: 1 }]),
			],
		);
	});

	it('gives one item a question where that is wanted', async () => {
		const run = await ask('search', { query: '={{ $json.q }}', options: { onePerPassage: false } }, [
			{ q: 'page' },
			{ q: 'vacation' },
		]);
		assert.deepEqual(
			run.json.map(({ query, results }) => [query, results.length]),
			[
				['page', 5],
				['vacation', 5],
			],
		);
		assert.deepEqual(Object.keys(run.json[0].results[0]), passageFields);
	});

	it('answers a model that calls it as a tool with one item, by what the model filled in', async () => {
		const run = await runNode({
			baseUrl: api.url,
			parameters: {
				resource: 'document',
				operation: 'search',
				tenant: 'acme',
				query: "={{ $fromAI('Query', ``, 'string') }}",
				limit: "={{ $fromAI('Limit', ``, 'number') }}",
			},
			node: { type: 'n8n-nodes-docdrop.docDropTool' },
			items: items([{ query: { Query: 'days of vacation', Limit: 2 } }]),
		});
		assert.equal(run.json.length, 1);
		assert.equal(run.json[0].query, 'days of vacation');
		assert.equal(run.json[0].results.length, 2);
	});

	it('finds nothing without an error where the tenant is known', async () => {
		assert.deepEqual((await ask('search', { query: 'zzzz', options: { mode: 'text' } })).json, []);
	});

	it('searches what is like the filter, and gives with a passage what else was asked for', async () => {
		const options = {
			filter: '{"docId": {"prefix": "list/00"}}',
			...{ context: 1, explain: true, highlight: true, groupByDocument: true, facets: ' mimeType, title,' },
		};
		const { json } = await ask('search', { query: 'page', limit: 20, options });
		assert.equal(json.length, 10);
		for (const item of json) {
			assert.match(item.docId, /^list\/00/);
			assert.deepEqual(Object.keys(item), [
				...['query', ...passageFields],
				...['context', 'highlights', 'explain', 'facets'],
			]);
		}
		assert.deepEqual(Object.keys(json[0].facets), ['mimeType', 'title']);
		const paged = { ...options, filter: { docId: { prefix: 'list/00' } }, offset: 8, onePerPassage: false };
		const [answer] = (await ask('search', { query: 'page', limit: 1, options: paged })).json;
		assert.deepEqual([answer.results[0].docId, answer.next], [json[8].docId, 9]);
		const least = { minScore: 1, filter: '{}', facets: '', mode: 'text' };
		const { json: best } = await ask('search', { query: 'page', limit: 100, options: least });
		assert.ok(best.length < 121 && best.every(({ score }) => score >= 1));
	});

	it('names what is wrong with a filter', async () => {
		const search = (filter: unknown) => ask('search', { query: 'page', options: { filter } });
		await assert.rejects(search('{"a":'), { message: 'Filter is not well-formed JSON' });
		await assert.rejects(search('[1]'), { message: 'Filter is not a JSON object' });
		await assert.rejects(search({ a: { like: 'x' } }), { message: /filter\/a\/like is not an operator/ });
	});

	it('searches by words in one document', async () => {
		const run = await ask('search', { query: 'page', options: { mode: 'text', docId: 'list/003.md' } });
		assert.deepEqual([...new Set(run.json.map(({ docId }) => docId))], ['list/003.md']);
	});

	it('asks for a query', async () => {
		await assert.rejects(ask('search', { query: "={{ ' ' }}" }), { message: 'Query is empty' });
	});

	describe('lists to choose from', () => {
		const { listSearch } = new DocDrop().methods;
		const context = (tenant: string | undefined) =>
			createListContext({
				baseUrl: api.url,
				parameters: { resource: 'document', operation: 'get', ...(tenant !== undefined && { tenant }) },
			});

		it('documents of the tenant, page by page', async () => {
			const first = await listSearch.searchDocuments.call(context('acme'));
			assert.equal(first.results.length, 100);
			assert.equal(first.results[0]?.value, 'list/000.md');
			assert.equal(first.results[0]?.description, 'published');
			const second = await listSearch.searchDocuments.call(context('acme'), undefined, first.paginationToken);
			assert.equal(second.results.length, 21);
			assert.equal(second.paginationToken, undefined);
		});

		it('documents that begin as the person typed', async () => {
			const { results } = await listSearch.searchDocuments.call(context('acme'), 'vac');
			assert.deepEqual(
				results.map(({ value }) => value),
				['vacation.md'],
			);
		});

		it('no documents while no tenant is known', async () => {
			for (const tenant of [undefined, '', '={{ $json.tenant }}']) {
				assert.deepEqual(await listSearch.searchDocuments.call(context(tenant)), { results: [] });
			}
		});

		it('tenants', async () => {
			const { results } = await listSearch.searchTenants.call(context(''));
			assert.deepEqual(results, [
				{ name: 'acme', value: 'acme' },
				{ name: 'beta', value: 'beta' },
			]);
			const found = await listSearch.searchTenants.call(context(''), 'ET');
			assert.deepEqual(
				found.results.map(({ value }) => value),
				['beta'],
			);
		});
	});
});

import assert from 'node:assert/strict';
import { createDocumentLimiter } from '../../api/pipeline/accept/document-limiter.ts';
import type { PipelineDeps } from '../../api/pipeline/index.ts';
import type { DocumentFilter } from '../../api/ports/doc-views.ts';
import { createMemoryDocStore } from '../doubles/memory-doc-store.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { httpInMemory } from '../support/http-in-memory.ts';
import { until } from '../support/settled.ts';

describe('changes by filter over HTTP', () => {
	const keys = { all: 'all-of-them-0123456789', other: 'only-other-0123456789' };
	let made: Awaited<ReturnType<typeof httpInMemory>>;
	const start = async (parts: Partial<PipelineDeps> = {}) => {
		made = await httpInMemory({ DOCDROP_API_KEYS: `${keys.all},other=${keys.other}` }, parts);
	};
	afterEach(() => made.close());

	async function ask(method: 'POST' | 'PATCH' | 'GET', url: string, payload?: object, key = keys.all) {
		const answer = await made.http.inject({
			...{ method, url, headers: { 'x-api-key': key } },
			...(payload !== undefined && { payload }),
		});
		return { status: answer.statusCode, json: answer.json() };
	}
	const post = (way: 'delete' | 'patch', payload: object, key = keys.all) =>
		ask('POST', `/v1/documents/${way}`, { tenant: 't', ...payload }, key);
	const put = (docId: string, metadata: object = {}, more: object = {}) => ({
		...{ tenant: 't', docId, content: { text: `text of ${docId}` }, metadata },
		...more,
	});
	async function send(...documents: readonly object[]): Promise<void> {
		for (let at = 0; at < documents.length; at += 500) {
			const { json } = await ask('POST', '/v1/ingest/batch', { documents: documents.slice(at, at + 500) });
			assert.equal(json.errors, false);
		}
	}
	const settled = () =>
		until(
			async () => (await made.docStore.stats()).pending,
			(pending) => pending === 0,
			60_000,
		);
	const names = async (state: 'published' | 'deleted' = 'published') =>
		(await made.docStore.documents({ tenant: 't', state, limit: 2_000 })).map(({ docId }) => docId);
	const figures = ({ json }: { json: Record<string, unknown> }) =>
		['matched', 'accepted', 'unchanged', 'failed', 'next'].map((name) => json[name]);

	it('deletes what is like the filter, and says how many', async () => {
		await start();
		await send(put('a', { team: 'red' }), put('b', { team: 'blue' }), put('c', { team: 'red' }), put('d'));
		await settled();
		const filter = { team: 'red' };
		assert.deepEqual(figures(await post('delete', { filter, dryRun: true })), [2, 0, 0, 0, null]);
		assert.equal((await names()).length, 4, 'nothing was changed');
		assert.deepEqual(figures(await post('delete', { filter })), [2, 2, 0, 0, null]);
		await settled();
		assert.deepEqual(
			[await names(), await names('deleted')],
			[
				['b', 'd'],
				['a', 'c'],
			],
		);
		assert.deepEqual(figures(await post('delete', { filter: { docId: { prefix: 'a' } } })), [
			0,
			0,
			0,
			0,
			null,
		]);
	});

	it('patches what is like the filter, which it may be no more afterwards', async () => {
		await start();
		await send(put('a', { team: 'red', n: 1 }), put('b', { team: 'blue' }), put('c', { team: 'red' }));
		await settled();
		const asked = { filter: { team: 'red' }, metadata: { team: 'green', n: null } };
		assert.deepEqual(figures(await post('patch', asked)), [2, 2, 0, 0, null]);
		await settled();
		const query = `/v1/documents?tenant=t&filter=${encodeURIComponent(JSON.stringify({ team: 'green' }))}`;
		const { documents } = (await ask('GET', query)).json;
		assert.deepEqual(
			documents.map(({ docId, metadata }: { docId: string; metadata: object }) => [docId, metadata]),
			['a', 'c'].map((docId) => [docId, { team: 'green' }]),
		);
		assert.deepEqual(figures(await post('patch', asked)), [0, 0, 0, 0, null]);
		const hits = (await ask('POST', '/v1/search', { tenant: 't', query: 'text', filter: { team: 'green' } }))
			.json;
		assert.equal(hits.results.length, 2, 'the index has it too');
	});

	it('goes on from request to request, and each is bounded', async () => {
		await start({ worker: null });
		await send(...Array.from({ length: 1_203 }, (_, n) => put(`f${String(n).padStart(4, '0')}`, { n })));
		const filter = { n: { gte: 2 } };
		const first = await post('patch', { filter, metadata: { seen: true } });
		assert.deepEqual(figures(first), [1_000, 1_000, 0, 0, 'f1001']);
		const second = await post('patch', { filter, metadata: { seen: true }, after: first.json.next });
		assert.deepEqual(figures(second), [201, 201, 0, 0, null]);
		assert.deepEqual(figures(await post('patch', { filter, metadata: { seen: true }, limit: 3 })), [
			...[3, 0, 3, 0],
			'f0004',
		]);
	});

	it('wants a filter that names something, and a patch that does', async () => {
		await start();
		await send(put('a'));
		for (const [field, way, asked] of [
			['filter', 'delete', {}],
			['filter', 'delete', { filter: {} }],
			['filter', 'delete', { filter: 'x' }],
			['filter/and', 'delete', { filter: { and: [] } }],
			['filter/a"b', 'delete', { filter: { 'a"b': 1 } }],
			['filter/version', 'delete', { filter: { version: 1 } }],
			['metadata', 'patch', { filter: { a: 1 } }],
			['metadata', 'patch', { filter: { a: 1 }, metadata: {} }],
			['limit', 'delete', { filter: { a: 1 }, limit: 1_001 }],
		] as const) {
			const { status, json } = await post(way, asked);
			assert.deepEqual([status, json.error.code, json.error.field], [400, 'invalid', field]);
		}
		await settled();
		assert.deepEqual(await names(), ['a']);
	});

	it('names what was refused for what it is, and takes the others', async () => {
		await start();
		const source = { sourceId: 'folder-1', epoch: 'e1' };
		const owned = Array.from({ length: 25 }, (_, n) => put(`o${n}`, {}, { source: { ...source, seq: n } }));
		await send(put('a'), ...owned);
		await settled();
		const filter = { publishedAt: { exists: true } };
		const answer = await post('delete', { filter });
		assert.deepEqual(figures(answer), [26, 1, 0, 25, null]);
		assert.equal(answer.json.failures.length, 20);
		assert.deepEqual([answer.json.failures[0].docId, answer.json.failures[0].error.code], ['o0', 'owned']);
		await settled();
		assert.deepEqual(figures(await post('delete', { filter, takeOver: true })), [25, 25, 0, 0, null]);
	});

	it('stops where no more is taken now, and says from where to go on', async () => {
		const clock = fakeClock();
		const settings = { total: 0, eachTenant: 4_000, tenants: new Map() };
		await start({ limiter: createDocumentLimiter({ clock, settings, isContinued: false }) });
		await send(...Array.from({ length: 390 }, (_, n) => put(`f${String(n).padStart(3, '0')}`)));
		await settled();
		const filter = { docId: { prefix: 'f' } };
		const { json } = await post('delete', { filter });
		assert.deepEqual([json.accepted, json.stopped.code, json.next], [10, 'rate_limited', 'f009']);
		const again = await post('delete', { filter, after: json.next });
		assert.deepEqual([again.status, again.json.error.code], [429, 'rate_limited'], 'nothing was taken of it');
	});

	it('leaves alone what is like the filter no more when its turn comes', async () => {
		const docStore = createMemoryDocStore();
		let before = async () => {};
		const slow = {
			...docStore,
			async documents(filter: DocumentFilter) {
				const found = await docStore.documents(filter);
				await before();
				return found;
			},
		};
		await start({ docStore: slow });
		await send(put('a', { draft: true }), put('b', { draft: true }));
		await settled();
		before = async () => {
			before = async () => {};
			await send(put('a', { draft: false }));
		};
		assert.deepEqual(figures(await post('delete', { filter: { draft: true } })), [1, 1, 0, 0, null]);
		await settled();
		assert.deepEqual(await names(), ['a']);
	});

	it('one document: a receipt, and 404 where there is none; each tenant its own', async () => {
		await start();
		await send(put('a', { n: 1 }));
		await settled();
		const patch = (payload: object, key = keys.all) =>
			ask('PATCH', '/v1/documents', { tenant: 't', docId: 'a', metadata: { n: 2 }, ...payload }, key);
		const first = await patch({});
		assert.deepEqual([first.status, first.json.state], [202, 'accepted']);
		assert.deepEqual([(await patch({})).status, (await patch({ docId: 'b' })).status], [200, 404]);
		const published = await ask('POST', '/v1/publish', {
			...{ op: 'patch', tenant: 't', docId: 'b', metadata: { n: 2 } },
		});
		assert.deepEqual([published.status, published.json.error.code], [404, 'not_found']);
		for (const answer of [
			await patch({}, keys.other),
			await post('patch', { filter: { n: 1 }, metadata: { n: 2 } }, keys.other),
			await post('delete', { filter: { n: 1 } }, keys.other),
		])
			assert.deepEqual([answer.status, answer.json.error.code], [403, 'forbidden']);
		assert.deepEqual(
			(await post('delete', { tenant: 'other', filter: { n: { exists: true } } }, keys.other)).json.matched,
			0,
		);
		const { json } = await ask('POST', '/v1/ingest/batch', {
			documents: [{ op: 'patch', tenant: 't', docId: 'a', metadata: { n: 3 } }, put('c')],
		});
		assert.equal(json.accepted, 2, 'in a batch as well');
		await settled();
		assert.deepEqual(
			(await made.points('t', 'a')).map(({ fields }) => fields.extra),
			[{ n: 3 }],
		);
		const preview = await ask('POST', '/v1/preview', { op: 'patch', tenant: 't', docId: 'a', metadata: {} });
		assert.deepEqual([preview.status, preview.json.error.field], [400, 'op']);
	});
});

import assert from 'node:assert/strict';
import { createMemoryVectorStore } from '../doubles/memory-vector-store.ts';
import { DocDropError } from '../../api/errors.ts';
import { httpInMemory } from '../support/http-in-memory.ts';
import { until } from '../support/settled.ts';

/** Outages and bounds: the truth is told, and nothing that was accepted is dropped. */
type Made = Awaited<ReturnType<typeof httpInMemory>>;

describe('health and bounds', () => {
	let made: Made;
	afterEach(() => made.close());
	const get = async (url: string) => {
		const answer = await made.http.inject({ url, headers: { host: 'localhost' } });
		return { status: answer.statusCode, headers: answer.headers, body: answer.body };
	};
	const ready = async () => {
		const { status, body } = await get('/health/ready');
		return { code: status, ...JSON.parse(body) };
	};
	const publish = async (docId: string, text: string) => {
		const answer = await made.http.inject({
			method: 'POST',
			url: '/v1/publish',
			headers: { host: 'localhost' },
			payload: { tenant: 't', docId, content: { text }, coalesced: true },
		});
		return { status: answer.statusCode, headers: answer.headers, json: answer.json() };
	};

	it('is ok, then degraded while the index is away, then ok, and all lands', async () => {
		const store = createMemoryVectorStore({ dimensions: 256 });
		let isAway = true;
		let calls = 0;
		const asked = () => {
			calls += 1;
			if (isAway) throw new DocDropError('index_unavailable', 'the vector index does not answer');
		};
		const vectorStore: typeof store = {
			...store,
			put: async (...args) => (asked(), store.put(...args)),
			remove: async (...args) => (asked(), store.remove(...args)),
		};
		made = await httpInMemory({}, { vectorStore });
		assert.deepEqual(await ready(), {
			code: 200,
			status: 'ok',
			accepting: true,
			index: 'closed',
			embedder: 'closed',
			pending: 0,
		});
		assert.equal((await publish('a.txt', 'waits')).status, 202);
		const degraded = await until(ready, (now) => now.status === 'degraded');
		assert.deepEqual([degraded.code, degraded.accepting, degraded.pending], [200, true, 1]);
		assert.notEqual(degraded.index, 'closed');
		assert.match((await get('/metrics')).body, /^docdrop_breaker_open\{peer="index"\} 1$/m);
		assert.equal((await publish('b.txt', 'is still accepted')).status, 202);
		isAway = false;
		await until(ready, (now) => now.status === 'ok' && now.pending === 0);
		assert.equal(await store.count('t'), 2);
		assert.ok(calls < 50, `${calls} calls while it was away`);
	});

	it('says so when only searches find the index away, and tells their callers when to come again', async () => {
		const store = createMemoryVectorStore({ dimensions: 256 });
		const away = () =>
			Promise.reject(new DocDropError('index_unavailable', 'the vector index does not answer'));
		made = await httpInMemory({}, { vectorStore: { ...store, search: away } });
		const search = () =>
			made.http.inject({
				method: 'POST',
				url: '/v1/search',
				headers: { host: 'localhost' },
				payload: { tenant: 't', query: 'words' },
			});
		const refused = await until(search, ({ body }) => body.includes('calls to it are paused'));
		assert.deepEqual([refused.statusCode, refused.json().error.code], [503, 'index_unavailable']);
		assert.ok(Number(refused.headers['retry-after']) >= 1);
		assert.deepEqual([(await ready()).status, (await ready()).index], ['degraded', 'open']);
		const metrics = (await get('/metrics')).body;
		assert.match(metrics, /^docdrop_breaker_open\{peer="index"\} 1$/m);
		assert.equal((await publish('a.txt', 'is published all the same')).status, 202);
		await until(ready, (now) => now.pending === 0);
		assert.equal(await store.count('t'), 1);
	});

	it('counts the calls to each peer, from scrape to scrape', async () => {
		made = await httpInMemory();
		const calls = async (peer: string) => {
			const { body } = await get('/metrics');
			assert.match(body, /^# TYPE docdrop_peer_attempts_total counter$/m);
			assert.match(body, /^# TYPE docdrop_peer_probes_total counter$/m);
			return Number(
				new RegExp(`^docdrop_peer_attempts_total\\{peer="${peer}"\\} (\\d+)$`, 'm').exec(body)?.[1],
			);
		};
		assert.deepEqual([await calls('index'), await calls('embedder')], [0, 0]);
		await publish('a.txt', 'one');
		await until(ready, (now) => now.pending === 0);
		await made.pipeline.search({ tenant: 't', query: 'one' });
		assert.deepEqual([await calls('index'), await calls('embedder')], [2, 2], 'a write and a search');
		assert.equal(await calls('index'), 2);
	});

	it('is unavailable at the bound: 503 with Retry-After, but what waits already may change', async () => {
		made = await httpInMemory(
			{ DOCDROP_MAX_PENDING: '3' },
			{
				worker: null,
				accept: {
					windowMs: 0,
					maxWaitMs: 0,
					maxPending: 3,
					maxPendingBytes: 1_000_000,
					maxFileBytes: 1_000,
					maxBufferedBytes: 1_000,
					streamable: [],
					fingerprintOf: () => 'f',
					mimeTypes: ['text/plain'],
					refusedTypes: new Map(),
					mimeTypeOf: () => 'text/plain',
				},
			},
		);
		for (const id of ['1', '2', '3']) assert.equal((await publish(id, 'x')).status, 202);
		const full = await publish('4', 'x');
		assert.deepEqual(
			[full.status, full.json.error.code, full.json.error.retryable],
			[503, 'queue_full', true],
		);
		assert.ok(Number(full.headers['retry-after']) >= 1);
		assert.deepEqual((await ready()).code, 503);
		assert.deepEqual((await ready()).status, 'unavailable');
		assert.equal((await get('/health/live')).status, 200);
		const changed = await publish('2', 'newer');
		assert.deepEqual([changed.status, changed.json.state], [202, 'accepted']);
		assert.ok(changed.json.superseded);
		const batch = await made.http.inject({
			method: 'POST',
			url: '/v1/ingest/batch',
			headers: { host: 'localhost' },
			payload: {
				documents: ['3', '5', '1'].map((docId) => ({ tenant: 't', docId, content: { text: 'newest' } })),
			},
		});
		assert.deepEqual(
			batch.json().results.map((item: { status: number }) => item.status),
			[202, 503, 202],
		);
		assert.ok(Number(batch.headers['retry-after']) >= 1);
		const { json } = await publish('6', 'x');
		assert.equal(json.error.code, 'queue_full');
		const stats = await made.docStore.stats();
		assert.deepEqual([stats.pending, await made.docStore.document('t', '5')], [3, null]);
	});

	it('is unavailable while it stops', async () => {
		made = await httpInMemory();
		made.beginStopping();
		assert.deepEqual([(await ready()).code, (await ready()).accepting], [503, false]);
	});

	it('is unavailable when the store does not answer, and says nothing of why', async () => {
		made = await httpInMemory();
		const away = () =>
			Promise.reject(new DocDropError('store_unavailable', 'the state store did not answer'));
		const { stats, accept, document, marker } = made.docStore;
		Object.assign(made.docStore, { stats: away, accept: away, document: away, marker: away });
		assert.equal((await ready()).code, 503);
		assert.equal((await get('/health/live')).status, 503);
		const refused = await publish('a.txt', 'x');
		assert.deepEqual([refused.status, refused.json.error.code], [503, 'store_unavailable']);
		assert.ok(Number(refused.headers['retry-after']) >= 1);
		Object.assign(made.docStore, {
			stats,
			accept,
			marker,
			document: () => Promise.reject(new Error('EIO /var/lib/x')),
		});
		const answer = await get('/v1/documents/state?tenant=t&docId=a');
		assert.equal(answer.status, 500);
		assert.doesNotMatch(answer.body, /EIO|var/);
		assert.equal(JSON.parse(answer.body).error.code, 'internal');
		Object.assign(made.docStore, { document });
	});
});

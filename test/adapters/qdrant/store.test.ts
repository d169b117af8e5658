import assert from 'node:assert/strict';
import { createQdrantStore } from '../../../api/adapters/qdrant/qdrant-store.ts';
import { parseFilter } from '../../../api/domain/index.ts';
import { systemClock } from '../../../nodes/watch/clock.ts';
import { all, collection, dimensions, docWrite, idOf, point, rig, type Rig } from './fixture.ts';
import { docFields } from '../../support/doc-fields.ts';

describe('the Qdrant store', () => {
	let ctx: Rig;
	const upserts = () => ctx.double.requests.filter((r) => r.method === 'PUT' && r.path.endsWith('/points'));
	const stored = (name: string) => ctx.double.points(collection).get(idOf(name));

	afterEach(() => ctx.dispose());

	describe('opening', () => {
		it('makes the collection, and the payload indexes before any data', async () => {
			ctx = await rig({ modelFingerprint: 'lexical-1' });
			await ctx.store.open();
			const response = await fetch(`${ctx.double.url}/collections/${collection}`);
			const { result } = (await response.json()) as { result: { config: object; payload_schema: object } };
			assert.deepEqual(result.config, {
				params: { vectors: { size: 4, distance: 'Cosine' }, sparse_vectors: { bm25: { modifier: 'idf' } } },
				metadata: { docdrop_model: 'lexical-1' },
			});
			assert.deepEqual(result.payload_schema, {
				'metadata.tenant': { data_type: 'keyword', params: { type: 'keyword', is_tenant: true }, points: 0 },
				'metadata.docId': { data_type: 'keyword', params: { type: 'keyword', prefix: true }, points: 0 },
				'metadata.version': { data_type: 'integer', params: { type: 'integer' }, points: 0 },
				'metadata.path': { data_type: 'keyword', params: { type: 'keyword', prefix: true }, points: 0 },
				'metadata.mimeType': { data_type: 'keyword', params: { type: 'keyword', prefix: true }, points: 0 },
				'metadata.publishedAt': { data_type: 'datetime', params: { type: 'datetime' }, points: 0 },
			});
			assert.equal(
				ctx.double.requests.filter((r) => r.path.endsWith('/index') && r.query === '?wait=true').length,
				3,
			);
		});

		it('makes an index for each name of metadata that is to have one, and refuses one of another kind', async () => {
			const indexedMetadata = new Map([
				['author', 'text'],
				['fiscal year', 'number'],
				['due', 'date'],
				['done', 'flag'],
			] as const);
			ctx = await rig({ indexedMetadata });
			await ctx.store.open();
			const response = await fetch(`${ctx.double.url}/collections/${collection}`);
			const { result } = (await response.json()) as { result: { payload_schema: object } };
			const kinds = Object.entries(result.payload_schema as Record<string, { data_type: string }>);
			assert.deepEqual(kinds.map(([key, { data_type }]) => `${key} ${data_type}`).slice(-4), [
				'metadata.author keyword',
				'metadata."fiscal year" float',
				'metadata.due datetime',
				'metadata.done bool',
			]);
			const other = createQdrantStore({
				...{ url: ctx.double.url, collection, dimensions: 4, clock: systemClock },
				indexedMetadata: new Map([['author', 'number']]),
			});
			await assert.rejects(other.open(), {
				code: 'index_mismatch',
				message: /index of author must be float, it is keyword/,
			});
			await other.close();
		});

		it('asks no server for the beginning of a text that does not know it', async () => {
			ctx = await rig({}, { version: '1.18.2' });
			await ctx.store.open();
			const ask = (given: unknown) => {
				const filter = parseFilter(given);
				assert.ok(filter !== null);
				return ctx.store.search({ tenant: 'acme', vector: null, terms: ['word'], limit: 5, filter });
			};
			const asked = ctx.double.requests.length;
			await assert.rejects(ask({ or: [{ a: 1 }, { not: { path: { prefix: 'x' } } }] }), {
				code: 'index_rejected',
				field: 'filter',
				message: /needs Qdrant 1\.19 or later, it is 1\.18\.2/,
			});
			assert.equal(ctx.double.requests.length, asked);
			await ask({ a: 1 });
		});

		it('makes only what is missing when it is called again', async () => {
			ctx = await rig();
			await ctx.store.open();
			await fetch(`${ctx.double.url}/collections/${collection}/index/metadata.docId`, { method: 'DELETE' });
			const before = ctx.double.requests.length;
			await ctx.store.open();
			const puts = ctx.double.requests.slice(before).filter((r) => r.method === 'PUT');
			assert.deepEqual(
				puts.map((r) => r.path),
				[`/collections/${collection}/index`],
			);
		});

		it('tells the version, and warns of one before 1.16 only', async () => {
			for (const [version, warns] of [
				['1.15.9', true],
				['1.16.0', false],
				['2.0.0', false],
				['1.42.0-dev', false],
			] as const) {
				ctx = await rig({}, { version });
				assert.equal(ctx.store.info(), null);
				await ctx.store.open();
				assert.equal(ctx.store.info()?.version, version);
				assert.equal(ctx.store.info()?.warning !== null, warns, version);
				if (version !== '1.42.0-dev') await ctx.dispose();
			}
		});

		const shapes: [string, object, RegExp][] = [
			['size', { vectors: { size: 5, distance: 'Cosine' } }, /vector size must be 4, it is 5/],
			['distance', { vectors: { size: 4, distance: 'Dot' } }, /distance must be Cosine, it is Dot/],
			['sparse vector', { vectors: { size: 4, distance: 'Cosine' } }, /sparse vector bm25 .* missing/],
			[
				'modifier',
				{ vectors: { size: 4, distance: 'Cosine' }, sparse_vectors: { bm25: {} } },
				/sparse vector bm25 .* it is none/,
			],
			[
				'model',
				{
					vectors: { size: 4, distance: 'Cosine' },
					sparse_vectors: { bm25: { modifier: 'idf' } },
					metadata: { docdrop_model: 'other' },
				},
				/model must be lexical-1, it is other/,
			],
		];
		for (const [what, body, message] of shapes) {
			it(`refuses a collection of another ${what}, and changes nothing`, async () => {
				ctx = await rig({ modelFingerprint: 'lexical-1' });
				const made = await fetch(`${ctx.double.url}/collections/${collection}`, {
					method: 'PUT',
					body: JSON.stringify(body),
				});
				assert.equal(made.status, 200);
				const before = ctx.double.requests.length;
				await assert.rejects(ctx.store.open(), { code: 'index_mismatch', message });
				assert.ok(ctx.double.requests.slice(before).every((r) => r.method === 'GET'));
			});
		}

		it('refuses a payload index of another type', async () => {
			ctx = await rig();
			await ctx.store.open();
			await fetch(`${ctx.double.url}/collections/${collection}/index`, {
				method: 'PUT',
				body: JSON.stringify({ field_name: 'metadata.version', field_schema: 'keyword' }),
			});
			await assert.rejects(ctx.store.open(), {
				code: 'index_mismatch',
				message: /metadata.version must be integer/,
			});
		});

		it('takes a collection that another process makes at the same moment', async () => {
			ctx = await rig();
			const other = createQdrantStore({ url: ctx.double.url, collection, dimensions, clock: systemClock });
			await Promise.all([ctx.store.open(), other.open(), ctx.store.open()]);
			await other.close();
			assert.equal(await ctx.store.count(null), 0);
		});
	});

	describe('what it writes', () => {
		it("has the payload that n8n and LangChain read, without nulls, ours before the caller's", async () => {
			ctx = await rig();
			await ctx.store.open();
			const extra = { team: 'blue', empty: null, docId: 'forged', deep: { n: [1, null] } };
			const one = point('one', { heading: 'A > B', page: 3 });
			const fields = docFields({ title: null, version: 2 ** 32 + 1, extra });
			const { title: _title, extra: _extra, ...own } = fields;
			await ctx.store.put([docWrite('d1', [one], { fields })]);
			assert.deepEqual(stored('one')?.payload, {
				content: 'text of one',
				metadata: {
					...own,
					team: 'blue',
					deep: { n: [1, null] },
					tenant: 'acme',
					docId: 'd1',
					path: 'a/b.md',
					heading: 'A > B',
					page: 3,
					order: 'o-one',
					contentSha256: 'f'.repeat(64),
					version: 2 ** 32 + 1,
					mimeType: 'text/markdown',
					publishedAt: '2026-11-22T10:00:00.000Z',
				},
			});
		});

		it('waits for every write, and takes no answer but "completed" for one', async () => {
			ctx = await rig();
			await ctx.store.open();
			for (const status of ['acknowledged', 'wait_timeout'] as const) {
				ctx.double.faults.writeStatus = status;
				await assert.rejects(ctx.store.put([docWrite('d1', [point('one')])]), {
					code: 'index_unavailable',
					message: new RegExp(status),
				});
				await assert.rejects(ctx.store.put([docWrite('d1', [], { kept: [idOf('one')] })]), {
					code: 'index_unavailable',
				});
				await assert.rejects(ctx.store.remove('acme', [idOf('one')]), { code: 'index_unavailable' });
			}
			const writes = ctx.double.requests.filter((r) => /\/points(\/batch|\/delete)?$/.test(r.path));
			assert.ok(writes.length === 6 && writes.every((r) => r.query === '?wait=true'));
		});

		it('cuts requests by points and by bytes, and sends a few at a time', async () => {
			ctx = await rig({ maxPointsPerRequest: 10, maxBytesPerRequest: 8_000 });
			await ctx.store.open();
			ctx.double.faults.delayMs = 5;
			const many = Array.from({ length: 95 }, (_, n) => point(`p${n}`));
			await ctx.store.put([docWrite('d1', many)]);
			assert.deepEqual(
				upserts()
					.map((r) => r.items)
					.sort(),
				[10, 10, 10, 10, 10, 10, 10, 10, 10, 5].sort(),
			);
			const large = Array.from({ length: 5 }, (_, n) => point(`l${n}`, { content: 'ä'.repeat(1_700) }));
			await ctx.store.put([docWrite('d2', [...large, point('huge', { content: 'x'.repeat(20_000) })])]);
			const cut = upserts().slice(10);
			assert.deepEqual(cut.map((r) => r.items).sort(), [1, 1, 2, 2]);
			assert.ok(cut.filter((r) => r.items === 2).every((r) => r.bytes <= 8_100));
			assert.ok([2, 3].includes(ctx.double.mostAtOnce()), 'two at first, then perhaps one more');
			assert.equal(await ctx.store.count('acme'), 101);
		});

		it('sends every new point before it touches a kept one', async () => {
			ctx = await rig({ maxPointsPerRequest: 2 });
			await ctx.store.open();
			await ctx.store.put([docWrite('d1', [point('a'), point('b')])]);
			const start = ctx.double.requests.length;
			await ctx.store.put([
				docWrite('d1', [point('c'), point('d'), point('e')], { kept: [idOf('a'), idOf('b')] }),
				docWrite('d2', [point('f')]),
			]);
			const paths = ctx.double.requests.slice(start).map((r) => r.path.split('/points')[1]);
			assert.deepEqual(paths, ['', '', '/batch']);
		});

		it('refreshes kept points in one request for many documents: fields, dropped names, order keys', async () => {
			ctx = await rig();
			await ctx.store.open();
			const odd = { 'a.b': 1, 'with "quotes" and \\': 2, stays: 3, goes: 4 };
			await ctx.store.put([
				docWrite('d1', [point('a'), point('b')], { fields: docFields({ extra: odd }) }),
				docWrite('d2', [point('c')]),
			]);
			const start = ctx.double.requests.length;
			const next = docFields({ title: null, path: 'new.md', version: 2 ** 33, extra: { stays: 5 } });
			await ctx.store.put([
				docWrite('d1', [], {
					fields: next,
					kept: [idOf('a'), idOf('b')],
					reordered: [{ id: idOf('b'), order: 'z' }],
					droppedExtra: ['a.b', 'with "quotes" and \\', 'goes'],
				}),
				docWrite('d2', [], { fields: next, kept: [idOf('c')] }),
			]);
			assert.deepEqual(
				ctx.double.requests.slice(start).map((r) => [r.path.split('/points')[1], r.items]),
				[['/batch', 3]],
			);
			const found = new Map((await all(ctx.store.scan('acme'))).map((p) => [p.id, p]));
			assert.deepEqual(found.get(idOf('a'))?.fields, next);
			assert.deepEqual(found.get(idOf('c'))?.fields, next);
			assert.deepEqual([found.get(idOf('a'))?.order, found.get(idOf('b'))?.order], ['o-a', 'z']);
			assert.equal(found.get(idOf('b'))?.content, 'text of b');
		});

		it('leaves the points of other tenants and documents alone, whatever ids it is given', async () => {
			ctx = await rig();
			await ctx.store.open();
			await ctx.store.put([docWrite('d1', [point('theirs')], { tenant: 'other' })]);
			await ctx.store.put([docWrite('d2', [point('mine')])]);
			const before = structuredClone([stored('theirs')?.payload, stored('mine')?.payload]);
			await ctx.store.put([docWrite('d1', [point('theirs', { content: 'stolen' })])]);
			await ctx.store.put([
				docWrite('d1', [], {
					fields: docFields({ title: 'stolen' }),
					kept: [idOf('theirs'), idOf('mine'), idOf('nobody')],
					reordered: [{ id: idOf('theirs'), order: 'stolen' }],
				}),
			]);
			await ctx.store.remove('acme', [idOf('theirs'), idOf('nobody')]);
			assert.deepEqual([stored('theirs')?.payload, stored('mine')?.payload], before);
			assert.deepEqual(
				[...(await ctx.store.vectors('acme', [idOf('theirs'), idOf('mine')])).keys()],
				[idOf('mine')],
			);
			await ctx.store.remove('acme', [idOf('mine')]);
			assert.equal(await ctx.store.count(null), 1);
		});

		it('rounds vectors to seven decimals, and reads them back with or without a sparse one beside', async () => {
			ctx = await rig();
			await ctx.store.open();
			const unit = Float32Array.from([1 / 3, 2 / 3, 2 / 3, 0]);
			await ctx.store.put([
				docWrite('d1', [point('a', { vector: unit }), point('b', { vector: unit, terms: '' })]),
			]);
			assert.equal(stored('b')?.sparse, null);
			assert.ok(stored('a')?.sparse);
			const back = await ctx.store.vectors('acme', [idOf('a'), idOf('b'), idOf('c')]);
			assert.equal(back.size, 2);
			for (const vector of back.values()) {
				assert.ok(vector instanceof Float32Array && vector.length === dimensions);
				vector.forEach((v, at) => assert.ok(Math.abs(v - unit[at]!) < 1e-6));
			}
		});

		it('refuses a vector of another length before it sends anything', async () => {
			ctx = await rig();
			await ctx.store.open();
			const start = ctx.double.requests.length;
			const write = docWrite('d1', [point('a'), point('b', { vector: new Float32Array(3) })]);
			await assert.rejects(ctx.store.put([write]), { code: 'index_rejected' });
			assert.equal(ctx.double.requests.length, start);
		});
	});

	describe('what it reads', () => {
		it('asks for both lists and for what each word weighs in one request, and leaves out the one without a query', async () => {
			ctx = await rig();
			await ctx.store.open();
			const b = point('b', { vector: Float32Array.from([0.6, 0.8, 0, 0]), terms: 'rare rare common' });
			await ctx.store.put([docWrite('d1', [point('a'), b]), docWrite('d2', [point('c', { terms: '' })])]);
			const start = ctx.double.requests.length;
			const vector = Float32Array.from([0, 1, 0, 0]);
			const both = await ctx.store.search({
				tenant: 'acme',
				vector,
				terms: ['rare', 'rare', 'nowhere'],
				limit: 10,
			});
			assert.deepEqual(
				ctx.double.requests.slice(start).map((r) => [r.path.split('/points')[1], r.items]),
				[['/query/batch', 4]],
			);
			assert.deepEqual(both.dense.map((hit) => hit.id)[0], idOf('b'));
			assert.equal(both.dense.length, 3);
			assert.ok(Math.abs(both.dense[0]!.score - 0.8) < 1e-6);
			assert.deepEqual(
				both.sparse.map((hit) => hit.id),
				[idOf('b')],
			);
			assert.equal(both.sparse[0]?.content, 'text of b');
			const dense = await ctx.store.search({ tenant: 'acme', vector, terms: [], limit: 1 });
			assert.deepEqual([dense.dense.length, dense.sparse.length], [1, 0]);
			const sparse = await ctx.store.search({ tenant: 'acme', vector: null, terms: ['common'], limit: 9 });
			assert.deepEqual([sparse.dense.length, sparse.sparse.length], [0, 2]);
			const count = ctx.double.requests.length;
			const none = await ctx.store.search({ tenant: 'acme', vector: null, terms: [''], limit: 9 });
			assert.deepEqual(none, { dense: [], sparse: [] });
			assert.equal(ctx.double.requests.length, count);
		});

		it('keeps to the tenant and the document, and orders equal scores by id', async () => {
			ctx = await rig();
			await ctx.store.open();
			const same = (names: string[]) => names.map((name) => point(name, { terms: 'common' }));
			await ctx.store.put([docWrite('d1', same(['a', 'b', 'c', 'd'])), docWrite('d2', same(['e', 'f']))]);
			await ctx.store.put([docWrite('d1', same(['x']), { tenant: 'other' })]);
			const vector = Float32Array.from([1, 0, 0, 0]);
			const query = { tenant: 'acme', vector, terms: ['common'], limit: 100 };
			const ids = ['a', 'b', 'c', 'd', 'e', 'f'].map(idOf).sort();
			const everywhere = await ctx.store.search(query);
			assert.deepEqual(
				everywhere.dense.map((hit) => hit.id),
				ids,
			);
			assert.deepEqual(
				everywhere.sparse.map((hit) => hit.id),
				ids,
			);
			const within = await ctx.store.search({ ...query, docId: 'd2' });
			assert.deepEqual(
				within.dense.map((hit) => hit.docId),
				['d2', 'd2'],
			);
			assert.deepEqual(
				within.sparse.map((hit) => hit.docId),
				['d2', 'd2'],
			);
		});

		it('finds points whose terms were written before there were stems', async () => {
			ctx = await rig();
			await ctx.store.open();
			await ctx.store.put([
				docWrite('d1', [
					point('old', { terms: 'library' }),
					point('new', { terms: 'librari' }),
					point('none'),
				]),
			]);
			const query = { tenant: 'acme', vector: null, limit: 9 };
			const { sparse } = await ctx.store.search({ ...query, terms: ['librari'], earlier: ['library'] });
			assert.deepEqual(sparse.map(({ id }) => id).sort(), [idOf('new'), idOf('old')].sort());
			assert.ok(sparse.every(({ score }) => score > 0 && score <= 1));
		});

		it('asks again only where its limit cuts through equal scores', async () => {
			ctx = await rig();
			await ctx.store.open();
			const better = point('better', { vector: Float32Array.from([1, 0, 0, 0]) });
			const equal = Array.from({ length: 30 }, (_, n) =>
				point(`e${n}`, { vector: Float32Array.from([0, 1, 0, 0]) }),
			);
			await ctx.store.put([docWrite('d1', [better, ...equal])]);
			const vector = Float32Array.from([1, 0, 0, 0]);
			const order = [better.id, ...equal.map((p) => p.id).sort()];
			for (const [limit, requests] of [
				[1, 1],
				[2, 3],
				[8, 2],
				[30, 2],
				[31, 1],
				[1_000, 1],
			] as const) {
				const before = ctx.double.requests.length;
				const { dense } = await ctx.store.search({ tenant: 'acme', vector, terms: [], limit });
				assert.deepEqual(
					dense.map((hit) => hit.id),
					order.slice(0, limit),
				);
				assert.equal(ctx.double.requests.length - before, requests, `limit ${limit}`);
			}
		});

		it('scans page after page by id, one tenant or all', async () => {
			ctx = await rig();
			await ctx.store.open();
			const mine = Array.from({ length: 1_100 }, (_, n) => point(`p${n}`, { terms: '' }));
			await ctx.store.put([docWrite('d1', mine)]);
			await ctx.store.put([docWrite('d1', [point('theirs')], { tenant: 'other' })]);
			const ids = (await all(ctx.store.scan('acme'))).map((p) => p.id);
			assert.deepEqual(ids, mine.map((p) => p.id).sort());
			assert.equal((await all(ctx.store.scan(null))).length, 1_101);
			assert.deepEqual(
				[await ctx.store.count('acme'), await ctx.store.count(null), await ctx.store.count('no')],
				[1_100, 1_101, 0],
			);
			assert.ok(ctx.double.connections() <= 8, 'connections are kept and reused');
		});

		it('reads points of other programs without failing', async () => {
			ctx = await rig();
			await ctx.store.open();
			const points = [
				{ id: 7, vector: [1, 0, 0, 0], payload: { content: 'x', metadata: 'text' } },
				{ id: idOf('n'), vector: [1, 0, 0, 0] },
			];
			const url = `${ctx.double.url}/collections/${collection}/points?wait=true`;
			assert.equal((await fetch(url, { method: 'PUT', body: JSON.stringify({ points }) })).status, 200);
			const found = await all(ctx.store.scan(null));
			assert.deepEqual(
				found.map((p) => [p.id, p.tenant, p.content]),
				[
					['7', '', 'x'],
					[idOf('n'), '', ''],
				],
			);
		});
	});
});

/**
 * What the adapter takes for granted of a Qdrant server, beyond the port's promises: run against the double in
 * every test run, and against a real server by real.qdrant.ts. Where the two differ, the double is wrong.
 */
import assert from 'node:assert/strict';
import type { QdrantStore } from '../../../api/adapters/qdrant/qdrant-store.ts';
import { all, dimensions, docWrite, idOf, point } from './fixture.ts';
import { docFields } from '../../support/doc-fields.ts';

export interface Server {
	readonly store: QdrantStore;
	/** Another store on the same collection, which demands other dimensions. */
	readonly misfit: QdrantStore;
	/** A raw request below `/collections/NAME`; the parsed answer. */
	raw(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>;
	dispose(): Promise<void>;
}

export function testQdrantBehaviour(name: string, make: () => Promise<Server>): void {
	describe(`${name}, as the adapter expects it`, () => {
		let server: Server;
		beforeEach(async () => {
			server = await make();
			await server.store.open();
		});
		afterEach(() => server.dispose());

		it('keeps the shape and the payload indexes that open asked for', async () => {
			const { body } = await server.raw('GET', '');
			const { config, payload_schema } = (body as { result: Record<string, Record<string, unknown>> }).result;
			const { vectors, sparse_vectors } = config?.['params'] as Record<string, Record<string, unknown>>;
			assert.deepEqual([vectors?.['size'], vectors?.['distance']], [dimensions, 'Cosine']);
			assert.equal((sparse_vectors?.['bm25'] as { modifier: string }).modifier, 'idf');
			const kinds = Object.entries(payload_schema ?? {}).map(([field, index]) => {
				const { data_type, params } = index as { data_type: string; params?: { is_tenant?: boolean } };
				return [field, data_type, params?.is_tenant ?? false];
			});
			assert.deepEqual(kinds.sort(), [
				['metadata.docId', 'keyword', false],
				['metadata.mimeType', 'keyword', false],
				['metadata.path', 'keyword', false],
				['metadata.publishedAt', 'datetime', false],
				['metadata.tenant', 'keyword', true],
				['metadata.version', 'integer', false],
			]);
			await server.store.open();
			await assert.rejects(server.misfit.open(), { code: 'index_mismatch' });
			const info = server.store.info();
			assert.match(info?.version ?? '', /^\d+\.\d+/);
			assert.equal(info?.warning, null);
		});

		it('merges a document into kept points, and removes a name whose value is null, however it is spelt', async () => {
			const odd = {
				'a.b': 1,
				'with "quotes" and \\': 2,
				'a[0]': 3,
				' ': 4,
				stays: { deep: [null, 1] },
				goes: 'x',
			};
			const mine = [point('a', { heading: 'A > B', page: 2 }), point('b')];
			await server.store.put([docWrite('d', mine, { fields: docFields({ extra: odd }) })]);
			const next = docFields({
				title: null,
				path: null,
				version: 2 ** 40,
				extra: { stays: { other: true } },
			});
			const { stays, ...dropped } = odd;
			assert.ok(stays);
			const write = docWrite('d', [], {
				fields: next,
				kept: [idOf('a'), idOf('b'), idOf('not there')],
				reordered: [{ id: idOf('b'), order: 'z' }],
				droppedExtra: Object.keys(dropped),
			});
			await server.store.put([write]);
			await server.store.put([write]);
			const found = new Map((await all(server.store.scan('acme'))).map((p) => [p.id, p]));
			assert.equal(found.size, 2);
			const { id, content, heading, page, order } = mine[0]!;
			const doc = { tenant: 'acme', docId: 'd', fields: next };
			assert.deepEqual(found.get(id), { id, content, heading, page, order, ...doc });
			assert.equal(found.get(idOf('b'))?.order, 'z');
		});

		it('gives back the unnamed vector, alone or beside a sparse one, to seven decimals', async () => {
			const unit = Float32Array.from([1 / 3, -2 / 3, 2 / 3, 0]);
			const pair = [point('a', { vector: unit }), point('b', { vector: unit, terms: '' })];
			await server.store.put([docWrite('d', pair)]);
			const found = await server.store.vectors('acme', [idOf('a'), idOf('b'), idOf('c')]);
			assert.deepEqual([...found.keys()].sort(), [idOf('a'), idOf('b')].sort());
			for (const vector of found.values()) {
				vector.forEach((v, at) => assert.ok(Math.abs(v - unit[at]!) < 1e-6, `${v}`));
			}
			const zero = point('zero', { vector: new Float32Array(dimensions) });
			await server.store.put([docWrite('d', [zero])]);
			assert.deepEqual([...(await server.store.vectors('acme', [zero.id])).values()], [zero.vector]);
		});

		it('guards an upsert by the tenant of what is there', async () => {
			await server.store.put([docWrite('d', [point('x')], { tenant: 'other' })]);
			await server.store.put([docWrite('d', [point('x', { content: 'stolen' }), point('y')])]);
			const found = await all(server.store.scan(null));
			assert.deepEqual(found.map((p) => [p.tenant, p.content]).sort(), [
				['acme', 'text of y'],
				['other', 'text of x'],
			]);
		});

		it('ranks by rarity, in the named sparse vector and within the filter', async () => {
			const texts: Record<string, string> = { a: 'rare common', b: 'common common', c: 'common', d: '' };
			const points = Object.entries(texts).map(([key, terms]) => point(key, { terms }));
			await server.store.put([docWrite('d1', points.slice(0, 2)), docWrite('d2', points.slice(2))]);
			const hits = async (terms: string[], docId?: string) => {
				const query = {
					tenant: 'acme',
					vector: null,
					terms,
					limit: 10,
					...(docId !== undefined && { docId }),
				};
				return (await server.store.search(query)).sparse.map((hit) => hit.id);
			};
			assert.deepEqual(await hits(['rare', 'common']), [idOf('a'), idOf('b'), idOf('c')]);
			assert.deepEqual(await hits(['common']), [idOf('b'), idOf('c'), idOf('a')]);
			assert.deepEqual(await hits(['common'], 'd2'), [idOf('c')]);
			assert.deepEqual(await hits(['absent']), []);
		});

		it('pages through everything by id, over many requests', async () => {
			const points = Array.from({ length: 1_300 }, (_, n) =>
				point(`p${n}`, { content: `größe ${n} 検索 \u{1f600}` }),
			);
			await server.store.put([docWrite('d', points)]);
			const found = await all(server.store.scan('acme'));
			assert.deepEqual(
				found.map((p) => p.id),
				points.map((p) => p.id).sort(),
			);
			assert.ok(found.every((p) => p.content.endsWith('検索 \u{1f600}')));
			const gone = points.slice(0, 1_250).map((p) => p.id);
			await server.store.remove('acme', gone);
			await server.store.remove('acme', gone);
			assert.equal(await server.store.count(null), 50);
		});

		it('refuses what is no text, and says that it is the content', async () => {
			const lone = docWrite('d', [point('a', { content: 'half \ud83d' })]);
			await assert.rejects(server.store.put([lone]), { code: 'index_rejected' });
			const infinite = docWrite('d', [point('a', { vector: new Float32Array(dimensions).fill(NaN) })]);
			await assert.rejects(server.store.put([infinite]), { code: 'index_rejected' });
			assert.equal(await server.store.count(null), 0);
		});

		it('names a collection that is gone', async () => {
			assert.equal((await server.raw('DELETE', '')).status, 200);
			const away = { code: 'index_unavailable', message: /collection does not exist/ };
			await assert.rejects(server.store.put([docWrite('d', [point('a')])]), away);
			await assert.rejects(server.store.count(null), away);
			await assert.rejects(server.store.ping(), away);
			await server.store.open();
			await server.store.ping();
		});
	});
}

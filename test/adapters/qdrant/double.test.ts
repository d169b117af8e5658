import assert from 'node:assert/strict';
import { startQdrantDouble, type QdrantDouble } from '../../doubles/qdrant.ts';
import { idOf } from './fixture.ts';

/** The double proves something about the adapter only as far as it refuses what Qdrant refuses. */
describe('the Qdrant double', () => {
	let double: QdrantDouble;
	const call = async (method: string, path: string, body?: unknown) => {
		const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
		const response = await fetch(double.url + path, init);
		const answer = (await response.json()) as { status: { error?: string } | 'ok'; result?: unknown };
		return { status: response.status, answer };
	};
	const one = { id: idOf('a'), vector: [1, 0], payload: { content: 'x' } };
	const must = [{ key: 'content', match: { value: 'x' } }];

	before(async () => {
		double = await startQdrantDouble();
		const shape = { vectors: { size: 2, distance: 'Cosine' }, sparse_vectors: { bm25: { modifier: 'idf' } } };
		assert.equal((await call('PUT', '/collections/c', shape)).status, 200);
		assert.equal((await call('PUT', '/collections/c/points?wait=true', { points: [one] })).status, 200);
	});
	after(() => double.close());

	const sparse = (indices: number[], values: number[]) => ({ '': [1, 0], bm25: { indices, values } });
	const refusals: [string, number, string, string, unknown][] = [
		['a missing collection', 404, 'PUT', '/collections/no/points', { points: [one] }],
		['a collection that exists', 409, 'PUT', '/collections/c', { vectors: { size: 2, distance: 'Cosine' } }],
		['an unknown route', 404, 'POST', '/collections/c/points/search', {}],
		['an unknown query parameter', 400, 'PUT', '/collections/c/points?wiat=true', { points: [one] }],
		['an unknown field', 400, 'PUT', '/collections/c/points', { points: [one], upsert: true }],
		['an unknown field of a point', 400, 'PUT', '/collections/c/points', { points: [{ ...one, name: 1 }] }],
		['a missing field', 400, 'PUT', '/collections/c/points', { points: [{ id: one.id }] }],
		['an id that is no UUID', 400, 'PUT', '/collections/c/points', { points: [{ ...one, id: 'doc-1' }] }],
		['a negative id', 400, 'PUT', '/collections/c/points', { points: [{ ...one, id: -1 }] }],
		['another dimension', 400, 'PUT', '/collections/c/points', { points: [{ ...one, vector: [1, 0, 0] }] }],
		[
			'a typed array as it serialises',
			400,
			'PUT',
			'/collections/c/points',
			{ points: [{ ...one, vector: new Float32Array(2) }] },
		],
		['a null in a vector', 400, 'PUT', '/collections/c/points', { points: [{ ...one, vector: [1, NaN] }] }],
		[
			'an unknown vector',
			400,
			'PUT',
			'/collections/c/points',
			{ points: [{ ...one, vector: { x: [1, 0] } }] },
		],
		[
			'a sparse index twice',
			422,
			'PUT',
			'/collections/c/points',
			{ points: [{ ...one, vector: sparse([1, 1], [1, 1]) }] },
		],
		[
			'a sparse index beyond 32 bits',
			400,
			'PUT',
			'/collections/c/points',
			{ points: [{ ...one, vector: sparse([2 ** 32], [1]) }] },
		],
		[
			'more sparse indices than values',
			422,
			'PUT',
			'/collections/c/points',
			{ points: [{ ...one, vector: sparse([1, 2], [1]) }] },
		],
		['an unknown clause', 400, 'POST', '/collections/c/points/count', { filter: { musst: must } }],
		[
			'an unknown condition',
			400,
			'POST',
			'/collections/c/points/count',
			{ filter: { must: [{ keys: 'x' }] } },
		],
		[
			'an invalid path',
			400,
			'POST',
			'/collections/c/points/count',
			{ filter: { must: [{ key: 'a b', match: { value: 1 } }] } },
		],
		['a delete of everything', 400, 'POST', '/collections/c/points/delete', {}],
		['an unknown operation', 400, 'POST', '/collections/c/points/batch', { operations: [{ insert: {} }] }],
		[
			'a payload of a point by an id that is not there',
			404,
			'POST',
			'/collections/c/points/payload',
			{ payload: {}, points: [idOf('no')] },
		],
		['a limit of 0', 400, 'POST', '/collections/c/points/scroll', { limit: 0 }],
		['a query of another dimension', 400, 'POST', '/collections/c/points/query', { query: [1] }],
		[
			'a sparse query without a name',
			400,
			'POST',
			'/collections/c/points/query',
			{ query: { indices: [1], values: [1] } },
		],
	];
	for (const [what, status, method, path, body] of refusals) {
		it(`refuses ${what}`, async () => {
			const { status: found, answer } = await call(method, path, body);
			assert.equal(found, status, JSON.stringify(answer));
			assert.ok(typeof answer.status === 'object' && typeof answer.status.error === 'string');
			assert.deepEqual([...double.points('c').keys()], [one.id], 'and changes nothing');
		});
	}

	it('refuses half of a surrogate pair and broken JSON', async () => {
		const lone = { ...one, payload: { content: '\ud83d' } };
		assert.equal((await call('PUT', '/collections/c/points', { points: [lone] })).status, 400);
		const response = await fetch(`${double.url}/collections/c/points`, { method: 'PUT', body: '{' });
		assert.equal(response.status, 400);
	});

	it('is well', async () => {
		for (const path of ['/healthz', '/readyz']) assert.equal((await fetch(double.url + path)).status, 200);
		assert.equal(((await (await fetch(double.url)).json()) as { version: string }).version, '1.19.0');
	});

	it('scores terms by their rarity in the whole collection, and finds only points that have one', async () => {
		const name = '/collections/idf';
		await call('PUT', name, {
			vectors: { size: 1, distance: 'Dot' },
			sparse_vectors: { bm25: { modifier: 'idf' } },
		});
		const points = [1, 2, 3, 4].map((id) => ({
			id,
			vector: { '': [1], bm25: { indices: id === 1 ? [7, 9] : [7], values: id === 1 ? [1, 2] : [1] } },
		}));
		await call('PUT', `${name}/points`, { points: [...points, { id: 5, vector: [1] }] });
		const query = { query: { indices: [9, 8], values: [1, 1] }, using: 'bm25' };
		const { answer } = await call('POST', `${name}/points/query`, query);
		const hits = (answer.result as { points: { id: number; score: number }[] }).points;
		assert.deepEqual(
			hits.map((hit) => hit.id),
			[1],
		);
		// ln((n - df + 0.5) / (df + 0.5) + 1) with n = 4 points that have terms, df = 1; times 2.
		assert.ok(Math.abs(hits[0]!.score - 2 * Math.log(3.5 / 1.5 + 1)) < 1e-6);
	});

	it('gives the fields of a payload that a list names', async () => {
		const payload = { content: 'x', metadata: { tenant: 't', docId: 'd' } };
		await call('PUT', '/collections/c/points?wait=true', {
			points: [{ ...one, id: idOf('listed'), payload }],
		});
		const read = async (with_payload: unknown) =>
			(await call('POST', '/collections/c/points', { ids: [idOf('listed')], with_payload })).answer.result;
		const found = (wanted: object) => [{ id: idOf('listed'), payload: wanted }];
		assert.deepEqual(await read(['content']), found({ content: 'x' }));
		assert.deepEqual(await read(['metadata.docId', 'none']), found({ metadata: { docId: 'd' } }));
		assert.equal((await call('POST', '/collections/c/points', { ids: [], with_payload: [1] })).status, 400);
		await call('POST', '/collections/c/points/delete?wait=true', { points: [idOf('listed')] });
	});
});

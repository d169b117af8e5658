import assert from 'node:assert/strict';
import { checkEmbedder } from '../../api/app/embedder-change.ts';

describe('the check of the embedder', () => {
	function setUp(marker: Record<string, string> | null, points = 1) {
		const state = { marker: marker === null ? null : JSON.stringify(marker), removed: [] as string[] };
		const deps = {
			docStore: {
				marker: async () => state.marker,
				setMarker: async (_: string, value: string | null) => void (state.marker = value),
				tenants: async () => [],
				documents: async () => [],
			},
			vectorStore: { kind: 'qdrant' as const, count: async () => points },
			spools: {
				list: async () => [{ tenant: 't', docId: 'large.txt' }],
				remove: async (_: string, docId: string) => void state.removed.push(docId),
			},
			logger: { warn() {} },
		};
		const check = (fingerprint: string) => checkEmbedder({ indexName: 'docdrop', fingerprint }, true, deps);
		return { state, check };
	}

	it('drops the checkpoints of large documents with a new embedder, and keeps them with the same', async () => {
		const { state, check } = setUp({ docdrop: 'a', other: 'b' }, 0);
		await check('a');
		assert.deepEqual(state.removed, []);
		await check('c');
		assert.deepEqual(state.removed, ['large.txt']);
		assert.deepEqual(JSON.parse(state.marker ?? ''), { docdrop: 'c', other: 'b' });
	});

	it('takes a collection without points, and a store without documents', async () => {
		await assert.rejects(setUp({ docdrop: 'a' }, 1).check('b'), { code: 'index_mismatch' });
		await setUp({ docdrop: 'a' }, 0).check('b');
		const { state, check } = setUp(null);
		await check('b');
		assert.deepEqual(JSON.parse(state.marker ?? ''), { docdrop: 'b' });
	});
});

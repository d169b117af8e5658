import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { createMemoryVectorStore } from '../doubles/memory-vector-store.ts';
import { refuseOtherShards, shardNames } from '../../api/adapters/sharded/names.ts';
import { createShardedStore } from '../../api/adapters/sharded/sharded-store.ts';
import { createSqliteVecStore } from '../../api/adapters/sqlite-vec/index.ts';
import { shardOf } from '../../api/domain/shard.ts';
import type { DocWrite, Hit } from '../../api/ports/vector-store.ts';
import { testVectorStore } from '../conformance/vector-store.ts';
import { docWrite, point } from './qdrant/fixture.ts';

const checkShards = async () => {};
const memoryOf = (count: number, dimensions: number) =>
	createShardedStore({
		shards: Array.from({ length: count }, () => createMemoryVectorStore({ dimensions })),
		checkShards,
	});

testVectorStore('three shards in memory', async (dimensions) => {
	const store = memoryOf(3, dimensions);
	return { store, hasParts: true, dispose: () => store.close() };
});

testVectorStore('three shards of sqlite-vec', async (dimensions) => {
	const folder = await mkdtemp(join(tmpdir(), 'docdrop-'));
	const make = (size: number) =>
		createShardedStore({
			shards: shardNames('vectors', 3).map((name) =>
				createSqliteVecStore({ file: join(folder, `${name}.db`), dimensions: size }),
			),
			checkShards,
		});
	let store = make(dimensions);
	return {
		store,
		hasParts: true,
		async reopen(size = dimensions) {
			await store.close();
			return (store = make(size));
		},
		async dispose() {
			await store.close();
			await rm(folder, { recursive: true });
		},
	};
});

describe('shards', () => {
	it('are named so that one alone is the index as it was, and another number is refused by name', () => {
		assert.deepEqual(shardNames('vectors', 1), ['vectors']);
		assert.deepEqual(shardNames('docs', 2), ['docs-1-of-2', 'docs-2-of-2']);
		refuseOtherShards('docs', 1, ['docs', 'docs-2', 'docs-1-of', 'other-1-of-2', 'docs-x-1-of-2']);
		refuseOtherShards('docs', 2, ['docs-1-of-2', 'docs-2-of-2', 'vectors']);
		for (const [shards, existing] of [
			[1, 'docs-1-of-2'],
			[2, 'docs'],
			[3, 'docs-2-of-2'],
		] as const) {
			assert.throws(() => refuseOtherShards('docs', shards, [existing]), {
				code: 'index_mismatch',
				message: new RegExp(`when the index ${existing} was made; it is ${shards}$`),
			});
		}
	});

	it('share the documents about evenly, each always in the same place', () => {
		const counts = [0, 0, 0];
		for (let n = 0; n < 3_000; n += 1) counts[shardOf(`folder/file-${n}.md`, 3)]! += 1;
		assert.ok(
			counts.every((count) => count > 900 && count < 1_100),
			counts.join(),
		);
		assert.deepEqual(
			['a', 'b', 'folder/ü.md', ''].map((docId) => [shardOf(docId, 3), shardOf(docId, 1)]),
			[shardOf('a', 3), shardOf('b', 3), shardOf('folder/ü.md', 3), shardOf('', 3)].map((at) => [at, 0]),
		);
	});

	it('hand on as it is what has one place, so that what was packed ahead is known again', async () => {
		const seen: unknown[] = [];
		const shards = Array.from({ length: 3 }, (_, at) => ({
			...createMemoryVectorStore({ dimensions: 4 }),
			pack: (writes: readonly DocWrite[]) => void seen.push(['pack', at, writes]),
			put: async (writes: readonly DocWrite[]) => void seen.push(['put', at, writes]),
		}));
		const store = createShardedStore({ shards, checkShards });
		const at = shardOf('a', 3);
		const writes = [docWrite('a', []), docWrite('a', [])];
		store.pack?.(writes);
		await store.put(writes);
		assert.deepEqual(seen, [['pack', at, writes], ['put', at, writes]]); // prettier-ignore
		assert.ok((seen as unknown[][]).every((call) => call[2] === writes));
	});

	it('give the same results as one store: the dense list in the same order, of the words the same set', async () => {
		const word = fc.constantFrom('alpha', 'beta', 'gamma', 'delta');
		const document = fc.array(
			fc.record({ words: fc.array(word, { minLength: 1, maxLength: 5 }), angle: fc.nat(90) }),
			{ minLength: 1, maxLength: 3 },
		);
		await fc.assert(
			fc.asyncProperty(
				fc.array(document, { minLength: 1, maxLength: 12 }),
				word,
				async (documents, asked) => {
					const writes = documents.map((chunks, n): DocWrite =>
						docWrite(
							`${n}.md`,
							chunks.map(({ words, angle }, at) => {
								const radians = (angle * Math.PI) / 180;
								const vector = Float32Array.from([Math.cos(radians), Math.sin(radians), 0, 0]);
								return point(`${n}-${at}`, { terms: words.join(' '), vector });
							}),
						),
					);
					const stores = [createMemoryVectorStore({ dimensions: 4 }), memoryOf(3, 4)] as const;
					for (const store of stores) {
						await store.open();
						await store.put(writes);
					}
					const query = {
						tenant: 'acme',
						vector: Float32Array.from([1, 0, 0, 0]),
						terms: [asked],
						limit: 50,
					};
					const [one, sharded] = await Promise.all(stores.map((store) => store.search(query)));
					const ids = (hits: readonly Hit[] = []) => hits.map(({ id }) => id);
					assert.deepEqual(ids(sharded?.dense), ids(one?.dense));
					assert.deepEqual(ids(sharded?.sparse).toSorted(), ids(one?.sparse).toSorted());
					const few = await stores[1].search({ ...query, limit: 3 });
					assert.deepEqual(ids(few.dense), ids(one?.dense).slice(0, 3));
				},
			),
			{ numRuns: 40 },
		);
	});
});

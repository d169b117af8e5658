/** The vector index that a configuration chooses, in as many shards. Only open-adapters.ts calls this. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createQdrantStore } from '../adapters/qdrant/index.ts';
import { createShardedStore, refuseOtherShards, shardNames } from '../adapters/sharded/index.ts';
import { createSqliteVecStore } from '../adapters/sqlite-vec/index.ts';
import type { Config } from '../config/index.ts';
import { isDocDropError } from '../errors.ts';
import type { Clock, Embedder, VectorStore } from '../ports/index.ts';

export function createVectorStore(
	config: Config,
	dataDir: string,
	embedder: Embedder,
	clock: Clock,
	/** See SqliteVecOptions. */
	replaceable: readonly string[],
): VectorStore {
	const { dimensions, fingerprint } = embedder;
	const { shards } = config;
	if (config.qdrantUrl === '') {
		const store = (name: string) =>
			createSqliteVecStore({
				...{ file: join(dataDir, `${name}.db`), dimensions, fingerprint, replaceable },
				...{ readers: config.indexReaders, vectorBytes: Math.floor(config.indexMemoryBytes / shards) },
			});
		return createShardedStore({
			shards: shardNames('vectors', shards).map(store),
			async checkShards() {
				const files = await readdir(dataDir);
				const names = files.filter((file) => file.endsWith('.db')).map((file) => file.slice(0, -3));
				refuseOtherShards('vectors', shards, names);
			},
		});
	}
	const options = {
		url: config.qdrantUrl,
		...(config.qdrantKey !== '' && { apiKey: config.qdrantKey }),
		dimensions,
		timeoutMs: config.qdrantTimeoutMs,
		writesInFlight: config.qdrantWrites,
		connections: config.qdrantConnections,
		indexedMetadata: config.indexedMetadata,
		clock,
	};
	const stores = shardNames(config.qdrantCollection, shards).map((collection) =>
		createQdrantStore({ ...options, collection }),
	);
	return createShardedStore({
		shards: stores,
		async checkShards() {
			// A key for this one collection may not see the others; what it cannot do at all, opening finds.
			const existing = await stores[0]?.collections().catch((error: unknown) => {
				if (isDocDropError(error) && error.code === 'index_forbidden') return [];
				throw error;
			});
			refuseOtherShards(config.qdrantCollection, shards, existing ?? []);
		},
	});
}

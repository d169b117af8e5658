/** Opens the adapters that a configuration chooses, each in the order of what it needs. Only app.ts calls this. */
import { join } from 'node:path';
import { createLexicalEmbedder, createOpenAiEmbedder } from '../adapters/embedders/index.ts';
import { openVectorCache } from '../adapters/vector-cache/index.ts';
import { createExtractorPool, openTikaExtractor } from '../adapters/extractors/index.ts';
import { createSpools } from '../adapters/spool/index.ts';
import { openSqliteDocStore } from '../adapters/sqlite/index.ts';
import { chunkSettings, refusedTypes, type Config } from '../config/index.ts';
import { mimeTypes } from '../contract/file-types.ts';
import type { Clock, Embedder, Extractor } from '../ports/index.ts';
import { createVectorStore } from './vector-store-choice.ts';
import { onlyWanted } from './wanted-types.ts';

export type Adapters = Awaited<ReturnType<typeof openAdapters>>;

/** What must be closed, the last opened first; filled as things open, so that a start that fails closes them too. */
export type Closers = (() => Promise<unknown>)[];

/** Of the vector cache, bytes: some thousand vectors, for what comes again within one onboarding. */
const vectorsInMemory = 16 * 1_048_576;

interface OpenDeps {
	readonly clock: Clock;
	readonly closers: Closers;
	readonly onStoreLost: (cause: unknown) => void;
	readonly onCacheLost: (cause: unknown) => void;
}

export async function openAdapters(
	config: Config,
	dataDir: string,
	{ clock, closers, onStoreLost, onCacheLost }: OpenDeps,
) {
	const opened = <T extends { readonly close: () => Promise<unknown> }>(adapter: T): T => {
		closers.unshift(() => adapter.close());
		return adapter;
	};
	// The document store first: its lock says whether this process may touch the folder at all.
	const docStore = opened(
		await openSqliteDocStore({
			...{ dir: dataDir, weights: config.tenantWeights, maxFailedBytes: config.maxFailedBytes },
			onLost: onStoreLost,
		}),
	);
	const embedder = opened(createEmbedder(config, clock));
	const extractor = opened(await openExtractor(config, clock));
	const vectorStore = opened(createVectorStore(config, dataDir, embedder, clock));
	const spools = createSpools({
		dir: join(dataDir, 'spool'),
		dimensions: embedder.dimensions,
		maxBytes: config.maxSpoolBytes,
	});
	const vectorCache =
		config.embedder === 'openai' && config.vectorCacheBytes > 0
			? opened(
					openVectorCache({
						dir: join(dataDir, 'vector-cache'),
						maxBytes: config.vectorCacheBytes,
						maxMemoryBytes: Math.min(config.vectorCacheBytes, vectorsInMemory),
						...{ clock, onLost: onCacheLost },
					}),
				)
			: null;
	return { docStore, embedder, extractor, vectorStore, vectorCache, spools };
}

async function openExtractor(config: Config, clock: Clock): Promise<Extractor> {
	const workers = Math.max(1, config.workers);
	const refused = refusedTypes(config);
	const pool = createExtractorPool({
		...{ workers, clock, unwanted: settingsByType(refused) },
		chunking: chunkSettings(config),
	});
	if (config.tikaUrl === '') return onlyWanted(pool, refused);
	const settings = { url: config.tikaUrl, timeoutMs: config.tikaTimeoutMs, refusedTypes: refused };
	return onlyWanted(await openTikaExtractor(pool, { ...settings, calls: workers, clock }), refused);
}

/** Of the types that can be read and are not wanted. */
const settingsByType = (refused: ReturnType<typeof refusedTypes>): Readonly<Record<string, string>> =>
	Object.fromEntries(
		mimeTypes.flatMap((type) => {
			const setting = refused.get(type);
			return setting === undefined ? [] : [[type, setting]];
		}),
	);

function createEmbedder(config: Config, clock: Clock): Embedder {
	if (config.embedder !== 'openai') return createLexicalEmbedder({ threads: Math.max(1, config.workers) });
	return createOpenAiEmbedder({
		url: config.embedderUrl,
		...(config.embedderKey !== '' && { apiKey: config.embedderKey }),
		model: config.embedderModel,
		dimensions: config.embedderDimensions,
		batchSize: config.embedderBatch,
		timeoutMs: config.embedderTimeoutMs,
		clock,
	});
}

/** Opens the adapters that a configuration chooses, each in the order of what it needs. Only app.ts calls this. */
import { join } from 'node:path';
import { builtInTable, createOpenAiEmbedder, createStaticEmbedder } from '../adapters/embedders/index.ts';
import { createHttpReranker } from '../adapters/rerankers/index.ts';
import { openVectorCache } from '../adapters/vector-cache/index.ts';
import { checkOcr, createExtractorPool, openTikaExtractor } from '../adapters/extractors/index.ts';
import { createSpools } from '../adapters/spool/index.ts';
import { openSqliteDocStore } from '../adapters/sqlite/index.ts';
import { chunkSettings, embedderServer, refusedTypes, type Config } from '../config/index.ts';
import { readTypes } from '../contract/file-types.ts';
import type { Clock, Embedder, Extractor, Reranker } from '../ports/index.ts';
import { builtInFingerprints } from './embedder-change.ts';
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
	const embedder = opened(await openEmbedder(config, clock));
	const extractor = opened(await openExtractor(config, clock));
	// What the store knows nothing of could not be written again.
	const isKnown = (await docStore.tenants({ after: '', limit: 1 })).length > 0;
	const replaceable = isKnown && config.embedder === 'static' ? builtInFingerprints : [];
	const vectorStore = opened(createVectorStore(config, dataDir, embedder, clock, replaceable));
	const spools = createSpools({
		dir: join(dataDir, 'spool'),
		dimensions: embedder.dimensions,
		maxBytes: config.maxSpoolBytes,
	});
	const vectorCache =
		config.embedder !== 'static' && config.vectorCacheBytes > 0
			? opened(
					openVectorCache({
						dir: join(dataDir, 'vector-cache'),
						maxBytes: config.vectorCacheBytes,
						maxMemoryBytes: Math.min(config.vectorCacheBytes, vectorsInMemory),
						...{ clock, onLost: onCacheLost },
					}),
				)
			: null;
	return {
		docStore,
		embedder,
		extractor,
		vectorStore,
		vectorCache,
		spools,
		reranker: openReranker(config, clock),
	};
}

const cohereUrl = 'https://api.cohere.com';

/** Null: nobody is asked. */
function openReranker(config: Config, clock: Clock): Reranker | null {
	const { reranker: form, rerankerUrl, rerankerKey: apiKey, rerankerModel: model, rerankerTop: top } = config;
	if (form === 'none') return null;
	const url = rerankerUrl || cohereUrl;
	return createHttpReranker({
		form,
		url,
		model,
		top,
		timeoutMs: config.rerankerTimeoutMs,
		clock,
		...(apiKey !== '' && { apiKey }),
	});
}

async function openExtractor(config: Config, clock: Clock): Promise<Extractor> {
	const workers = Math.max(1, config.workers);
	const dataDir = config.ocrData === '' ? null : config.ocrData;
	const ocr = config.ocr.length === 0 ? undefined : await checkOcr({ languages: config.ocr, dataDir });
	const refused = refusedTypes(config);
	const pool = createExtractorPool({
		...{ workers, ocr, clock, unwanted: settingsByType(refused) },
		chunking: chunkSettings(config),
	});
	if (config.tikaUrl === '') return onlyWanted(pool, refused);
	const settings = { url: config.tikaUrl, timeoutMs: config.tikaTimeoutMs, refusedTypes: refused };
	return onlyWanted(await openTikaExtractor(pool, { ...settings, calls: workers, clock }), refused);
}

/** Of the types that can be read and are not wanted. */
const settingsByType = (refused: ReturnType<typeof refusedTypes>): Readonly<Record<string, string>> =>
	Object.fromEntries(
		readTypes(true).flatMap((type) => {
			const setting = refused.get(type);
			return setting === undefined ? [] : [[type, setting]];
		}),
	);

async function openEmbedder(config: Config, clock: Clock): Promise<Embedder> {
	const server = embedderServer(config);
	if (server === null) return createStaticEmbedder(await builtInTable());
	const { url, model, dimensions, batch: batchSize, queryPrefix, documentPrefix } = server;
	return createOpenAiEmbedder({
		...{ url, model, dimensions, batchSize, queryPrefix, documentPrefix },
		...(config.embedderKey !== '' && { apiKey: config.embedderKey }),
		timeoutMs: config.embedderTimeoutMs,
		clock,
	});
}

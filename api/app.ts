import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { createLexicalEmbedder, createOpenAiEmbedder } from './adapters/embedders/index.ts';
import { createExtractorPool } from './adapters/extractors/index.ts';
import { createQdrantStore } from './adapters/qdrant/index.ts';
import { createShardedStore, refuseOtherShards, shardNames } from './adapters/sharded/index.ts';
import { createSpools } from './adapters/spool/index.ts';
import { createSqliteVecStore } from './adapters/sqlite-vec/index.ts';
import { openSqliteDocStore } from './adapters/sqlite/index.ts';
import { systemClock } from '../nodes/watch/clock.ts';
import type { Config } from './config/index.ts';
import { mimeTypeOf } from './contract/file-types.ts';
import { isDocDropError } from './errors.ts';
import { createHttp, type FollowedSource } from './http/index.ts';
import { crashAt, noCrash, wasAway } from './pipeline/faults/index.ts';
import { createDocumentLimiter } from './pipeline/accept/index.ts';
import { startPipeline, type Pipeline } from './pipeline/index.ts';
import { anchoredTime } from './domain/index.ts';
import type { Clock, DocStore, Embedder, VectorStore } from './ports/index.ts';
import { createTelemetry } from './telemetry.ts';
import { packedFile } from './adapters/thread/index.ts';
import { version } from './version.ts';

/** The composition root: the one place that chooses adapters and puts the parts together. */
export interface App {
	readonly http: FastifyInstance;
	readonly pipeline: Pipeline;
	readonly docStore: DocStore;
	readonly vectorStore: VectorStore;
	/** A followed folder shows up in /v1/status, answers for its files, and can be released. */
	readonly follow: (source: FollowedSource) => void;
	/** Starts what the first document would wait a second for: a process that reads, a thread that embeds. */
	readonly warmUp: () => Promise<void>;
	/** Finishes what is in work (at most `graceMs`), closes everything. What is left goes on at the next start. */
	readonly close: (graceMs?: number) => Promise<void>;
}

/** An index that is away must not keep the process from accepting: the start waits no longer for it. */
const indexPatienceMs = 2_000;
/** At which a bulk write closes. */
const batchBytes = 8 * 1_048_576;
/** In an extractor process and on their way to it: two of its messages of eight files (adapters/extractors/pool.ts). */
const filesPerReader = 16;

export async function createApp(config: Config, logger: FastifyBaseLogger): Promise<App> {
	const clock = systemClock;
	const telemetry = createTelemetry();
	const dataDir = resolve(config.dataDir);
	mkdirSync(dataDir, { recursive: true, mode: 0o700 });

	// The document store first: its lock says whether this process may touch the folder at all.
	const docStore = await openSqliteDocStore({ dir: dataDir, weights: config.tenantWeights });
	const closers: (() => Promise<unknown>)[] = [() => docStore.close()];
	try {
		const embedder =
			config.embedder === 'openai'
				? createOpenAiEmbedder({
						url: config.embedderUrl,
						...(config.embedderKey !== '' && { apiKey: config.embedderKey }),
						model: config.embedderModel,
						dimensions: config.embedderDimensions,
						batchSize: config.embedderBatch,
						timeoutMs: config.embedderTimeoutMs,
						clock,
					})
				: createLexicalEmbedder({ threads: Math.max(1, config.workers) });
		closers.unshift(() => embedder.close());
		const extractor = createExtractorPool({
			workers: Math.max(1, config.workers),
			chunking: { maxChars: config.chunkChars, overlapChars: config.chunkOverlap },
			clock,
		});
		closers.unshift(() => extractor.close());
		const vectorStore = createVectorStore(config, dataDir, embedder, clock);
		closers.unshift(() => vectorStore.close());
		const checking = checkIndex(vectorStore, logger);
		// What it finds after the start is found again at the first use, and waited for there.
		checking.catch(() => {});
		// `after` and not `sleep`: what is left of it must not keep a command alive that has long had its answer.
		const patience = Promise.withResolvers<void>();
		clock.after(indexPatienceMs, patience.resolve);
		const isOpen = await Promise.race([checking, patience.promise.then(() => false)]);

		const highestTime = await docStore.highestTime();
		const now = anchoredTime(clock, highestTime);
		const away = [
			...(!isOpen && (await wasAway('index', docStore, now())) ? (['index'] as const) : []),
			...((await wasAway('embedder', docStore, now())) ? (['embedder'] as const) : []),
		];
		const breakerOf = <P extends 'index' | 'embedder'>(peer: P, name: string, requestMs: number) => ({
			...{ attempts: 3, retryDelayMs: 100, threshold: 5, halfOpenAfterMs: 1_000 },
			...{ name, code: `${peer}_unavailable` as const, timeoutMs: requestMs * 2 },
			onChange: (state: string) => logger.warn({ peer, state }, 'a breaker changed its state'),
		});
		const pipeline = startPipeline({
			docStore,
			vectorStore,
			extractor,
			spools: createSpools({
				dir: join(dataDir, 'spool'),
				dimensions: embedder.dimensions,
				maxBytes: config.maxSpoolBytes,
			}),
			embedder,
			clock,
			now,
			random: () => randomBytes(4).readUInt32BE() / 2 ** 32,
			crashPoint: config.crashAt === '' ? noCrash : crashAt(config.crashAt),
			log: logger,
			telemetry,
			weightOf: (tenant) => config.tenantWeights.get(tenant) ?? 1,
			indexBreaker: breakerOf('index', 'vector index', config.qdrantTimeoutMs),
			embedderBreaker: breakerOf('embedder', 'embedder', config.embedderTimeoutMs),
			accept: {
				windowMs: config.windowMs,
				maxWaitMs: config.maxWaitMs,
				maxPending: config.maxPending,
				maxPendingBytes: config.maxPendingBytes,
				maxFileBytes: config.maxFileBytes,
				maxBufferedBytes: config.maxBufferedBytes,
				streamable: extractor.streamable,
				fingerprint: `${extractor.fingerprint}|${embedder.fingerprint}`,
				mimeTypes: extractor.mimeTypes,
				mimeTypeOf,
			},
			limiter: createDocumentLimiter({
				clock,
				settings: {
					total: config.documentsPerMinute,
					...config.tenantDocumentsPerMinute,
				},
				isContinued: highestTime > 0,
			}),
			worker:
				config.workers === 0
					? null
					: {
							maxDocuments: config.maxInWork,
							maxBytes: config.maxInWorkBytes,
							maxReading: config.workers * filesPerReader,
							leaseMs: config.leaseMs,
							stallMs: config.stallMs,
							maxAttempts: config.maxAttempts,
							shards: config.shards,
							batch: { points: config.batchPoints, bytes: batchBytes, ageMs: config.batchAgeMs },
						},
			away,
			indexCheck: { everyMs: config.indexCheckMs, lateMs: config.qdrantTimeoutMs * 4 },
			// A call of a server's is one request: where one is refused, no other one is paid for twice.
			embedCalls: {
				maxTexts: config.embedder === 'openai' ? config.embedderBatch : 256,
				maxCalls: config.embedderCalls,
			},
			healthLimits: { pending: config.alertPending, errors: config.alertErrorShare },
			brakeShare: config.massDeleteShare,
			retention: { tombstoneMs: config.tombstoneMs, jobMs: config.jobMs },
		});

		let isStopping = false;
		const sources: FollowedSource[] = [];
		const docs = packedFile('static');
		const http = await createHttp({
			config,
			version,
			pipeline,
			docStore,
			vectorStore,
			embedder,
			extractor,
			telemetry,
			clock,
			now,
			logger,
			docsDir: docs === null ? null : fileURLToPath(docs),
			isStopping: () => isStopping,
			sources: () => sources,
		});
		return {
			http,
			pipeline,
			docStore,
			vectorStore,
			follow: (source) => void sources.push(source),
			async warmUp() {
				if (config.workers === 0) return;
				const content = Buffer.from('warm');
				await Promise.allSettled([
					extractor.extract({ content, mimeType: 'text/plain' }),
					// A server's embedder is warm, or costs money.
					config.embedder === 'openai' ? null : embedder.embed(['warm']),
				]);
			},
			async close(graceMs = 10_000) {
				isStopping = true;
				await http.close();
				await pipeline.stop(graceMs);
				for (const close of closers) await close();
			},
		};
	} catch (error) {
		for (const close of closers) await close().catch(() => {});
		throw error;
	}
}

function createVectorStore(config: Config, dataDir: string, embedder: Embedder, clock: Clock): VectorStore {
	const { dimensions, fingerprint } = embedder;
	const { shards } = config;
	if (config.qdrantUrl === '') {
		const store = (name: string) =>
			createSqliteVecStore({ file: join(dataDir, `${name}.db`), dimensions, fingerprint });
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

/** A wrong index stops the start: waiting would not mend it. One that does not answer is waited for later. */
async function checkIndex(store: VectorStore, logger: FastifyBaseLogger): Promise<boolean> {
	try {
		await store.open();
		return true;
	} catch (error) {
		if (
			!isDocDropError(error) ||
			!['index_unavailable', 'index_throttled', 'index_forbidden'].includes(error.code)
		)
			throw error;
		logger.warn({ code: error.code }, 'the vector index does not answer; changes are accepted and wait');
		return false;
	}
}

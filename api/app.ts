import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { packedFile } from './adapters/thread/index.ts';
import { createBackups } from './app/backups.ts';
import { checkDataFolder } from './app/data-folder-place.ts';
import { followKeys } from './app/access-keys.ts';
import { openCertificate } from './app/certificate.ts';
import { checkEmbedder } from './app/embedder-change.ts';
import { awaitIndex, peersAway } from './app/await-peers.ts';
import { openAdapters, type Adapters, type Closers } from './app/open-adapters.ts';
import { watchModel } from './app/model-canary.ts';
import { oweAudit } from './app/restored.ts';
import { pipelineSettings } from './app/pipeline-settings.ts';
import { systemClock } from '../nodes/watch/clock.ts';
import { tokenAdvice, type Config } from './config/index.ts';
import { createHttp, type FollowedSource } from './http/index.ts';
import { crashAt, noCrash } from './pipeline/faults/index.ts';
import { createDocumentLimiter } from './pipeline/accept/index.ts';
import { type AuditedFolder, startPipeline, type Pipeline } from './pipeline/index.ts';
import { anchoredTime, tombstonesFrom } from './domain/index.ts';
import type { DocStore, VectorStore } from './ports/index.ts';
import { createTelemetry } from './telemetry.ts';
import { version } from './version.ts';

/** A followed folder, as it is shown and as it is audited. */
type Source = FollowedSource & AuditedFolder;

/** The composition root: the one place that chooses adapters and puts the parts together. */
export interface App {
	readonly http: FastifyInstance;
	readonly pipeline: Pipeline;
	readonly docStore: DocStore;
	readonly vectorStore: VectorStore;
	/** Resolves with the cause when the document store's thread has ended: this process can take nothing more. */
	readonly lost: Promise<unknown>;
	/** A followed folder shows up in /v1/status, answers for its files, and can be released. */
	readonly follow: (source: Source) => void;
	/** Reads the keyring anew, where there is one. */
	readonly reloadKeys: () => Promise<void>;
	/** Starts what the first document would wait a second for: a process that reads, a thread that embeds. */
	readonly warmUp: () => Promise<void>;
	/** Finishes what is in work (at most `graceMs`), closes everything. What is left goes on at the next start. */
	readonly close: (graceMs?: number) => Promise<void>;
}

export async function createApp(config: Config, logger: FastifyBaseLogger): Promise<App> {
	const clock = systemClock;
	const telemetry = createTelemetry();
	const dataDir = resolve(config.dataDir);
	mkdirSync(dataDir, { recursive: true, mode: 0o700 });
	await checkDataFolder(dataDir, config.networkData);
	const closers: Closers = [];
	const lost = Promise.withResolvers<unknown>();
	try {
		const opened = await openAdapters(config, dataDir, {
			...{ clock, closers },
			onStoreLost: lost.resolve,
			onCacheLost: (cause) => logger.warn({ err: cause }, 'vectors are kept no longer, until the next start'),
		});
		const { docStore, vectorStore } = opened;
		const embedder =
			config.embedder !== 'static'
				? await watchModel(opened.embedder, docStore, logger, config.workers > 0)
				: opened.embedder;
		const advice = tokenAdvice(config);
		if (advice !== null) logger.warn({ model: embedder.model }, advice);
		const adapters: Adapters = { ...opened, embedder };
		const isIndexOpen = await awaitIndex(vectorStore, clock, logger);
		const indexName = config.qdrantUrl === '' ? 'vectors' : config.qdrantCollection;
		const { fingerprint } = opened.embedder;
		await checkEmbedder({ indexName, fingerprint }, isIndexOpen, { ...opened, logger });
		const highestTime = await docStore.highestTime();
		const now = anchoredTime(clock, highestTime);
		if (now() < highestTime) {
			logger.warn(
				{ highestTime, now: now() },
				'the data folder was written by a clock far ahead; its times are brought back',
			);
			await docStore.leaveFuture(now());
		}
		await oweAudit(dataDir, docStore, now);
		const backups = createBackups({ dataDir, docStore, vectorStore, version, clock, logger });
		const sources: Source[] = [];
		// What waits from before must not take the processor from a start that everybody waits for.
		const made = Promise.withResolvers<void>();
		const pipeline = startPipeline({
			...adapters,
			...pipelineSettings(config, adapters, logger),
			retention: {
				...{ tombstoneMs: config.tombstoneMs, jobMs: config.jobMs },
				tombstonesFrom: tombstonesFrom(now(), highestTime),
			},
			...{ clock, now, telemetry, log: logger },
			random: () => randomBytes(4).readUInt32BE() / 2 ** 32,
			crashPoint: config.crashAt === '' ? noCrash : crashAt(config.crashAt),
			limiter: createDocumentLimiter({
				clock,
				settings: { total: config.documentsPerMinute, ...config.tenantDocumentsPerMinute },
				isContinued: highestTime > 0,
			}),
			away: await peersAway(docStore, now, isIndexOpen),
			...{ begins: made.promise, folders: () => sources },
		});
		let isStopping = false;
		const keys = await followKeys(config, { clock, log: logger });
		closers.push(async () => keys.close());
		const certificate = openCertificate(config, { clock, log: logger });
		const docs = packedFile('static');
		const page = packedFile('page/');
		const http = await createHttp({
			...{ config, version, pipeline, ...adapters, telemetry, clock, now, logger, keys, certificate },
			backups,
			docsDir: docs === null ? null : fileURLToPath(docs),
			pageDir: page === null ? null : fileURLToPath(page),
			isStopping: () => isStopping,
			sources: () => sources,
		});
		const followed = await certificate?.follow(http);
		closers.push(async () => followed?.close());
		made.resolve();
		return {
			...{ http, pipeline, docStore, vectorStore, lost: lost.promise },
			follow: (source) => void sources.push(source),
			reloadKeys: keys.reload,
			warmUp: () => warmUp(config, adapters),
			async close(graceMs = 10_000) {
				isStopping = true;
				await http.close();
				await pipeline.stop(graceMs);
				await backups.close();
				for (const close of closers) await close();
			},
		};
	} catch (error) {
		for (const close of closers) await close().catch(() => {});
		throw error;
	}
}

/** For the thread of the embedder: it answers a short text without it. */
const longEnough = 'warm '.repeat(1_000);

async function warmUp(config: Config, { extractor, embedder }: Adapters): Promise<void> {
	if (config.workers === 0) return;
	const content = Buffer.from('warm');
	await Promise.allSettled([
		extractor.extract({ content, mimeType: 'text/plain' }),
		// A server's embedder is warm, or costs money.
		config.embedder === 'static' ? embedder.embed([longEnough]) : null,
	]);
}

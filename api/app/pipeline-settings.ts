/** A configuration in the terms of the pipeline. Only app.ts calls this. */
import { LONGEST_OCR_MS } from '../adapters/extractors/index.ts';
import { embedderServer, refusedTypes, type Config } from '../config/index.ts';
import { mimeTypeOf } from '../contract/file-types.ts';
import type { Peer } from '../pipeline/faults/index.ts';
import type { PipelineDeps } from '../pipeline/index.ts';
import type { Adapters } from './open-adapters.ts';

/** At which a bulk write closes. */
const batchBytes = 8 * 1_048_576;
/** In an extractor process and on their way to it: two of its messages of eight files (adapters/extractors/pool.ts). */
const filesPerReader = 16;

export const pipelineSettings = (config: Config, adapters: Adapters, log: PipelineDeps['log']) =>
	({
		accept: acceptSettings(config, adapters),
		indexBreaker: breakerSettings('index', 'vector index', config.qdrantTimeoutMs, log),
		embedderBreaker: breakerSettings('embedder', 'embedder', config.embedderTimeoutMs, log),
		reranker: adapters.reranker && {
			reranker: adapters.reranker,
			breaker: {
				...{ attempts: 1, retryDelayMs: 100, threshold: 3, halfOpenAfterMs: 1_000 },
				...{ name: 'reranker', code: 'reranker_unavailable', timeoutMs: config.rerankerTimeoutMs * 2 },
				onChange: (state) => log.warn({ peer: 'reranker', state }, 'a breaker changed its state'),
			},
		},
		weightOf: (tenant) => config.tenantWeights.get(tenant) ?? 1,
		worker: config.workers === 0 ? null : workerSettings(config),
		indexCheck: {
			everyMs: config.indexCheckMs,
			lateMs: config.qdrantTimeoutMs * 4,
			auditEveryMs: config.auditMs,
		},
		// A call of a server's is one request: where one is refused, no other one is paid for twice.
		embedCalls: {
			maxTexts: embedderServer(config)?.batch ?? 256,
			maxCalls: config.embedderCalls,
		},
		admission: {
			waitMs: config.admissionWaitMs,
			previews: config.maxPreviews,
			searches: config.qdrantUrl === '' ? config.indexReaders : config.qdrantConnections,
			searchMs: config.searchMs,
			embeddingsMs: config.embeddingsMs,
		},
		healthLimits: { pending: config.alertPending, errors: config.alertErrorShare },
		brakeShare: config.massDeleteShare,
	}) satisfies Partial<PipelineDeps>;

const workerSettings = (config: Config) => ({
	maxDocuments: config.maxInWork,
	maxBytes: config.maxInWorkBytes,
	maxReading: config.workers * filesPerReader,
	leaseMs: config.leaseMs,
	// Those before a document in its process may each be read by text recognition.
	stallMs: config.stallMs + (config.ocr.length === 0 ? 0 : filesPerReader * LONGEST_OCR_MS),
	maxAttempts: config.maxAttempts,
	shards: config.shards,
	batch: { points: config.batchPoints, bytes: batchBytes, ageMs: config.batchAgeMs },
});

const acceptSettings = (config: Config, { extractor, embedder }: Adapters) => ({
	windowMs: config.windowMs,
	maxWaitMs: config.maxWaitMs,
	maxPending: config.maxPending,
	maxPendingBytes: config.maxPendingBytes,
	maxFileBytes: config.maxFileBytes,
	maxBufferedBytes: config.maxBufferedBytes,
	streamable: extractor.streamable,
	fingerprintOf: (mimeType: string) => `${extractor.fingerprintOf(mimeType)}|${embedder.fingerprint}`,
	mimeTypes: extractor.mimeTypes,
	takesOthers: config.tikaUrl !== '',
	refusedTypes: refusedTypes(config),
	mimeTypeOf,
});

const breakerSettings = <P extends Peer>(
	peer: P,
	name: string,
	requestMs: number,
	log: PipelineDeps['log'],
) => ({
	...{ attempts: 3, retryDelayMs: 100, threshold: 5, halfOpenAfterMs: 1_000 },
	...{ name, code: `${peer}_unavailable` as const, timeoutMs: requestMs * 2 },
	onChange: (state: string) => log.warn({ peer, state }, 'a breaker changed its state'),
});

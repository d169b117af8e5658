import assert from 'node:assert/strict';
import { lexicalVector } from './lexical-vector.ts';
import { createInProcessExtractor } from '../../api/adapters/extractors/in-process.ts';
import { mimeTypeOf } from '../../api/contract/file-types.ts';
import { createMemoryDocStore } from '../doubles/memory-doc-store.ts';
import { createMemoryVectorStore } from '../doubles/memory-vector-store.ts';
import { createQdrantStore } from '../../api/adapters/qdrant/qdrant-store.ts';
import { systemClock } from '../../nodes/watch/clock.ts';
import type { DocumentInput, Receipt } from '../../api/contract/document-schema.ts';
import { isDocDropError } from '../../api/errors.ts';
import { noCrash } from '../../api/pipeline/faults/crash-points.ts';
import { startPipeline, type PipelineDeps } from '../../api/pipeline/index.ts';
import type { Job } from '../../api/ports/doc-views.ts';
import type { Embedder } from '../../api/ports/embedder.ts';
import type { StoredPoint } from '../../api/ports/vector-store.ts';
import { createTelemetry, type Log } from '../../api/telemetry.ts';
import { until } from './settled.ts';
import { noSpools } from './no-spools.ts';

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** The lexical embedder on the main thread; `texts` is everything that it was asked to embed. */
export function countingEmbedder(): Embedder & { readonly texts: string[] } {
	const texts: string[] = [];
	return {
		texts,
		model: 'lexical',
		dimensions: 256,
		fingerprint: 'lexical-test',
		async embed(wanted, signal) {
			signal?.throwIfAborted();
			texts.push(...wanted);
			return wanted.map(lexicalVector);
		},
		close: async () => {},
	};
}

/** Qdrant's adapter for vectors of that embedder, against a double. */
export const qdrantAt = (url: string, collection: string) =>
	createQdrantStore({ url, collection, dimensions: 256, clock: systemClock, timeoutMs: 2_000 });

/** The whole pipeline in memory, with windows of no length. Parts can be replaced. */
export function startPipelineFixture(parts: Partial<PipelineDeps> = {}) {
	const embedder = countingEmbedder();
	const docStore = parts.docStore ?? createMemoryDocStore();
	const vectorStore = parts.vectorStore ?? createMemoryVectorStore({ dimensions: 256 });
	const extractor = createInProcessExtractor({ chunking: { maxChars: 400, overlapChars: 0 } });
	const telemetry = createTelemetry();
	const breaker = { attempts: 1, retryDelayMs: 1, threshold: 3, halfOpenAfterMs: 20, timeoutMs: 5_000 };
	const settings: PipelineDeps = {
		spools: noSpools,
		vectorCache: null,
		reranker: null,
		docStore,
		vectorStore,
		extractor,
		embedder,
		clock: systemClock,
		now: () => Math.round(systemClock.now()),
		random: () => 0,
		crashPoint: noCrash,
		log: silentLog,
		telemetry,
		indexBreaker: { ...breaker, name: 'vector index', code: 'index_unavailable' },
		embedderBreaker: { ...breaker, name: 'embedder', code: 'embedder_unavailable' },
		accept: {
			windowMs: 0,
			maxWaitMs: 0,
			maxPending: 2_000,
			maxPendingBytes: 10_000_000,
			maxFileBytes: 1_000_000,
			maxBufferedBytes: 1_000_000,
			streamable: [],
			fingerprintOf: (mimeType) => `${extractor.fingerprintOf(mimeType)}|${embedder.fingerprint}`,
			mimeTypes: extractor.mimeTypes,
			mimeTypeOf,
			refusedTypes: new Map(),
		},
		limiter: null,
		worker: {
			maxDocuments: 16,
			maxBytes: 1_000_000,
			maxReading: 32,
			stallMs: 900_000,
			leaseMs: 60_000,
			maxAttempts: 2,
			batch: { points: 64, bytes: 1_000_000, ageMs: 5 },
		},
		away: [],
		indexCheck: null,
		folders: () => [],
		embedCalls: { maxTexts: 32, maxCalls: 2 },
		admission: { waitMs: 1_000, previews: 2, searches: 2, searchMs: 5_000, embeddingsMs: 5_000 },
		healthLimits: { pending: 10_000, errors: 0.1 },
		brakeShare: 0.2,
		retention: { tombstoneMs: 86_400_000, jobMs: 86_400_000, tombstonesFrom: 0 },
		...parts,
	};
	const pipeline = startPipeline(settings);

	async function submit(document: DocumentInput): Promise<Receipt> {
		const [result] = await pipeline.accept([pipeline.normalise(document)], { skipWindow: true });
		assert.ok(result !== undefined && !isDocDropError(result), 'the document was not refused');
		return result;
	}
	const finals = ['published', 'deleted', 'unchanged', 'superseded', 'stale', 'failed', 'canceled'];

	async function ended(jobId: string): Promise<Job> {
		const job = await until(
			() => docStore.job(jobId),
			(one) => one !== null && finals.includes(one.state),
		);
		assert.ok(job !== null);
		return job;
	}

	return {
		settings,
		pipeline,
		docStore,
		vectorStore,
		extractor,
		embedder,
		telemetry,
		submit,
		/** Waits for the final receipt. */
		ended,
		/** Submits and waits for the final receipt. */
		publish: async (document: DocumentInput): Promise<Job> => ended((await submit(document)).jobId),
		/** What the index really holds of a document, in the document's order. */
		async points(tenant: string, docId: string): Promise<StoredPoint[]> {
			const found: StoredPoint[] = [];
			for await (const point of vectorStore.scan(tenant)) if (point.docId === docId) found.push(point);
			return found.toSorted((a, b) => (a.order < b.order ? -1 : 1));
		},
		async stop(): Promise<void> {
			await pipeline.stop(1_000);
			await docStore.close();
		},
	};
}

export type PipelineFixture = ReturnType<typeof startPipelineFixture>;

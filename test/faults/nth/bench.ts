import { join } from 'node:path';
import { builtInTable, createStaticEmbedder } from '../../../api/adapters/embedders/index.ts';
import { createInProcessExtractor } from '../../../api/adapters/extractors/in-process.ts';
import { mimeTypeOf } from '../../../api/contract/file-types.ts';
import { createExtractorPool } from '../../../api/adapters/extractors/pool.ts';
import { createQdrantStore } from '../../../api/adapters/qdrant/qdrant-store.ts';
import { createSpools } from '../../../api/adapters/spool/files.ts';
import { createSqliteVecStore } from '../../../api/adapters/sqlite-vec/index.ts';
import { openSqliteDocStore } from '../../../api/adapters/sqlite/sqlite-doc-store.ts';
import { systemClock } from '../../../nodes/watch/clock.ts';
import { anchoredTime } from '../../../api/domain/store-time.ts';
import type { Clock } from '../../../api/ports/time.ts';
import type { Embedder } from '../../../api/ports/embedder.ts';
import type { Extractor } from '../../../api/ports/extractor.ts';
import type { Log } from '../../../api/telemetry.ts';
import { startQdrantDouble, type QdrantDouble } from '../../doubles/qdrant.ts';
import { startPipelineFixture } from '../../support/pipeline-fixture.ts';
import type { Gate } from './gate.ts';
import { gatedDocStore, gatedEmbedder, gatedExtractor, gatedSpools, gatedVectorStore } from './ports.ts';
import { remembering } from './remembering.ts';

/** What runs share: processes and threads that keep nothing from one to the next. */
export interface Bench {
	readonly extractor: Extractor;
	/** For the verdict. */
	readonly judging: Extractor;
	readonly embedder: Embedder;
	readonly double: QdrantDouble;
	close(): Promise<void>;
}

export type IndexKind = 'sqlite-vec' | 'qdrant';
export type Parts = Awaited<ReturnType<typeof openParts>>;

const chunking = { maxChars: 300, overlapChars: 0 };

export async function createBench(): Promise<Bench> {
	const extractor = remembering(createExtractorPool({ workers: 1, chunking, clock: systemClock }));
	const judging = remembering(createInProcessExtractor({ chunking }));
	const embedder = createStaticEmbedder(await builtInTable());
	const double = await startQdrantDouble();
	return {
		extractor,
		judging,
		embedder,
		double,
		async close() {
			await extractor.close();
			await embedder.close();
			await double.close();
		},
	};
}

/** The real stores in a folder of their own, and the pipeline over them, which reaches them through the gate alone. */
export async function openParts(
	bench: Bench,
	{
		index,
		dataDir,
		collection,
		gate,
		clock,
		log,
	}: {
		readonly index: IndexKind;
		readonly dataDir: string;
		readonly collection: string;
		readonly gate: Gate;
		readonly clock: Clock;
		readonly log: Log;
	},
) {
	const { dimensions, fingerprint } = bench.embedder;
	const docStore = await openSqliteDocStore({ dir: dataDir });
	const vectorStore =
		index === 'sqlite-vec'
			? createSqliteVecStore({ file: join(dataDir, 'vectors.db'), dimensions, fingerprint })
			: createQdrantStore({ url: bench.double.url, collection, dimensions, clock: systemClock });
	const spools = createSpools({ dir: join(dataDir, 'spool'), dimensions, maxBytes: 1e9 });
	const extractor = gatedExtractor(gate, bench.extractor);
	const embedder = gatedEmbedder(gate, bench.embedder);
	const breaker = { attempts: 1, retryDelayMs: 1, threshold: 3, halfOpenAfterMs: 1_000, timeoutMs: 60_000 };
	const { pipeline } = startPipelineFixture({
		docStore: gatedDocStore(gate, docStore),
		vectorStore: gatedVectorStore(gate, vectorStore),
		extractor,
		spools: gatedSpools(gate, spools),
		embedder,
		clock,
		now: anchoredTime(clock, 0),
		random: () => 0.5,
		log,
		indexBreaker: { ...breaker, name: 'vector index', code: 'index_unavailable' },
		embedderBreaker: { ...breaker, name: 'embedder', code: 'embedder_unavailable' },
		accept: {
			windowMs: 20,
			maxWaitMs: 200,
			maxPending: 1_000,
			maxPendingBytes: 1e9,
			maxFileBytes: 1e9,
			maxBufferedBytes: 1e9,
			streamable: extractor.streamable,
			fingerprintOf: (mimeType) => `${extractor.fingerprintOf(mimeType)}|${embedder.fingerprint}`,
			mimeTypes: extractor.mimeTypes,
			mimeTypeOf,
			refusedTypes: new Map(),
		},
		worker: {
			maxDocuments: 16,
			maxBytes: 64_000_000,
			maxReading: 16,
			stallMs: 900_000,
			leaseMs: 10_000,
			maxAttempts: 3,
			batch: { points: 64, bytes: 1_000_000, ageMs: 5 },
		},
		indexCheck: { everyMs: 20_000, auditEveryMs: 0, lateMs: 20_000 },
		embedCalls: { maxTexts: 256, maxCalls: 2 },
		retention: { tombstoneMs: 1e9, jobMs: 1e9, tombstonesFrom: 0 },
	});
	return { docStore, vectorStore, spools, pipeline };
}

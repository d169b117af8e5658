import { createBlame } from '../../api/pipeline/faults/blame.ts';
import { createJobNotes } from '../../api/pipeline/faults/job-notes.ts';
import { systemClock } from '../../nodes/watch/clock.ts';
import { openSqliteDocStore } from '../../api/adapters/sqlite/sqlite-doc-store.ts';
import { readConfig } from '../../api/config/index.ts';
import { createBreaker } from '../../api/pipeline/faults/breaker.ts';
import { createContention } from '../../api/pipeline/publish/contention.ts';
import { noCrash } from '../../api/pipeline/faults/crash-points.ts';
import { createLane } from '../../api/pipeline/publish/lane.ts';
import { type LaneItem } from '../../api/pipeline/prepare/lane-handover.ts';
import { canonicalJson } from '../../api/domain/meta.ts';
import { createGate } from '../../api/pipeline/prepare/fair-queue.ts';
import { prepare } from '../../api/pipeline/prepare/prepare.ts';
import type { DocStore } from '../../api/ports/doc-store.ts';
import type { Claimed } from '../../api/ports/work-claims.ts';
import type { VectorStore } from '../../api/ports/vector-store.ts';
import { createTelemetry, type Log } from '../../api/telemetry.ts';
import { changeOf } from '../support/leased-documents.ts';
import { noBreaker } from '../support/no-breaker.ts';
import type { Bench } from './bench.ts';
import type { ReadyDocument } from './publish-documents.ts';
import { noSpools } from '../support/no-spools.ts';

/**
 * The publish step as the product takes it: a tenant's lane over a real document store on disk, with the
 * settings of a fresh installation. Acceptance, claim and preparation come before the time that is measured.
 */
const megabyte = 1_048_576;
const { batchPoints, batchAgeMs, maxInWork } = readConfig({});
const batchLimits = { points: batchPoints, bytes: 8 * megabyte, ageMs: batchAgeMs };

const log: Log = { debug() {}, info() {}, warn() {}, error: console.error };
const now = () => Math.round(systemClock.now());

export async function openLaneBench(bench: Bench, vectorStore: VectorStore) {
	const docStore = await openSqliteDocStore({ dir: await bench.temp() });
	bench.onEnd(() => docStore.close());
	const telemetry = createTelemetry();
	let round = 0;
	/** Publishes the documents to a tenant of their own; seconds. */
	return async (documents: readonly ReadyDocument[]): Promise<number> => {
		round += 1;
		const tenant = `round-${round}`;
		const items = await prepared(docStore, tenant, documents);
		const stopping = new AbortController();
		// A lane waits for a server that is gone without limit.
		bench.onEnd(() => stopping.abort(new Error('the benchmark has ended')));
		const done = Promise.withResolvers<void>();
		let open = items.length;
		let next = 0;
		const lane = createLane(tenant, {
			spools: noSpools,
			docStore,
			vectorStore,
			breaker: createBreaker({
				name: 'vector index',
				code: 'index_unavailable',
				clock: systemClock,
				timeoutMs: 30_000,
				attempts: 3,
				retryDelayMs: 100,
				threshold: 5,
				halfOpenAfterMs: 1_000,
			}),
			blame: createBlame(),
			notes: createJobNotes(),
			crashPoint: noCrash,
			now,
			signal: stopping.signal,
			clock: systemClock,
			log,
			telemetry,
			contention: createContention({ clock: systemClock, log, telemetry }),
			limits: batchLimits,
			maxAttempts: 5,
			leaseMs: 600_000,
			random: Math.random,
			// As the worker does: so many documents in work, the next one as soon as one is done.
			isMoreComing: () => next < items.length,
			onTaken: () => {},
			onPartialWrite: () => {},
			onDone() {
				open -= 1;
				if (open === 0) done.resolve();
				else feed();
			},
		});
		const start = performance.now();
		function feed(): void {
			while (next < items.length && open - (items.length - next) < maxInWork) {
				const item = items[next];
				next += 1;
				if (item !== undefined) lane.add({ ...item, readyAt: systemClock.monotonic() });
			}
			lane.nudge();
		}
		feed();
		await done.promise;
		const seconds = (performance.now() - start) / 1000;
		const published = await docStore.documents({ tenant, state: 'published', limit: documents.length + 1 });
		if (published.length !== documents.length) {
			throw new Error(`${published.length} of ${documents.length} documents were published`);
		}
		return seconds;
	};
}

async function prepared(
	docStore: DocStore,
	tenant: string,
	documents: readonly ReadyDocument[],
): Promise<LaneItem[]> {
	const byName = new Map(documents.map((document) => [document.name, document]));
	const changes = documents.map(({ name, sha256, text }) =>
		changeOf(name, text, {
			tenant,
			content: { sha256, size: Buffer.byteLength(text), body: text },
			meta: canonicalJson({ mimeType: 'text/markdown', path: name, title: name, metadata: {} }),
			fingerprint: 'bench',
		}),
	);
	await docStore.accept(changes, now(), { maxPending: Infinity, maxPendingBytes: Infinity });
	const claimed = await docStore.claim({
		now: now() + 1,
		limit: documents.length,
		maxBytes: Infinity,
		leaseMs: 600_000,
	});
	return Promise.all(claimed.map((one) => itemOf(one, byName.get(one.docId))));
}

async function itemOf(claimed: Claimed, document: ReadyDocument | undefined): Promise<LaneItem> {
	if (document === undefined) throw new Error('claimed a document that was not handed in');
	const { chunks } = document;
	const ready = await prepare(claimed, {
		docStore: { entriesOf: async () => [] },
		reading: createGate(1),
		clock: systemClock,
		stallMs: 60_000,
		extractor: {
			fingerprintOf: () => 'bench',
			mimeTypes: [],
			streamable: [],
			stream: () => Promise.reject(new Error('no document here is large')),
			extract: async () => ({ title: null, mimeType: 'text/plain', warnings: [], chunks }),
			close: async () => {},
		},
		embed: { embed: async () => chunks.map(({ vector }) => vector) },
		// Nothing here was moved.
		vectorStore: { vectors: async () => new Map() },
		breaker: noBreaker,
		signal: new AbortController().signal,
	});
	const bytes = ready.points.reduce(
		(sum, { content, vector }) => sum + content.length + vector.byteLength,
		0,
	);
	return {
		prepared: ready,
		points: ready.points.length,
		bytes,
		readyAt: systemClock.monotonic(),
		prepareMs: 0,
		waitMs: 0,
	};
}

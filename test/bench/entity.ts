import { setTimeout as sleep } from 'node:timers/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { builtInTable, createStaticEmbedder } from '../../api/adapters/embedders/index.ts';
import { createExtractorPool } from '../../api/adapters/extractors/pool.ts';
import { openSqliteDocStore } from '../../api/adapters/sqlite/sqlite-doc-store.ts';
import { createSqliteVecStore } from '../../api/adapters/sqlite-vec/index.ts';
import { systemClock } from '../../nodes/watch/clock.ts';
import { chunkSettings, readConfig } from '../../api/config/index.ts';
import type { Embedder } from '../../api/ports/embedder.ts';
import { startPipelineFixture } from '../support/pipeline-fixture.ts';
import type { Bench, Result } from './bench.ts';
import { readyDocuments } from './publish-documents.ts';
import { median, printTable, round } from './table.ts';
import { waitUntil } from './wait-until.ts';

/**
 * Three documents at once, of the same entity (tenant) and of different ones, beside the same three one after
 * the other, from accepted to published, with no window. The whole pipeline with its real parts: document store
 * and embedded index on disk, extraction in processes, the built-in embedder. Once every call of the embedder
 * takes 300 ms more, as a remote one does; once the documents are large and there is nothing but CPU.
 */
const rounds = 5;
const latencyMs = 300;
/** Of the small documents (5 kB), in a large one. */
const joined = 40;
const megabyte = 1_048_576;

interface Case {
	readonly texts: readonly string[];
	readonly latencyMs: number;
}
const ways = ['sequential', 'same', 'different'] as const;
type Way = (typeof ways)[number];

export async function run(bench: Bench): Promise<Result> {
	const documents = readyDocuments(3 + 3 * joined).map(({ text }) => text);
	const latency = await measure(bench, { texts: documents.slice(0, 3), latencyMs });
	const large = [0, 1, 2].map((at) => documents.slice(3 + at * joined, 3 + (at + 1) * joined).join('\n\n'));
	const cpu = await measure(bench, { texts: large, latencyMs: 0 });
	const cores = availableParallelism();
	const figures = {
		latency: { same: latency.speedup.same, different: latency.speedup.different },
		cpu: { same: cpu.speedup.same, different: cpu.speedup.different },
		cores,
		latencyMs: latency.ms,
		cpuMs: cpu.ms,
	};
	const shown = (ms: Record<Way, number>, way: Way) =>
		`${ms[way]} ms, one after the other ${ms.sequential} ms`;
	printTable([
		['latency, same entity', figures.latency.same, `times as fast (goal: 2.5); ${shown(latency.ms, 'same')}`],
		['latency, different', figures.latency.different, `times as fast (goal: 2.8); ${shown(latency.ms, 'different')}`],
		['CPU, same entity', figures.cpu.same, `times as fast; ${shown(cpu.ms, 'same')}`],
		['CPU, different', figures.cpu.different, `times as fast; ${shown(cpu.ms, 'different')}`],
		['cores', cores, 'CPU-bound, extraction and embedding of one document already use two'],
	]); // prettier-ignore
	return { figures, faults: [...latency.faults, ...cpu.faults] };
}

async function measure(bench: Bench, { texts, latencyMs }: Case) {
	const config = readConfig({});
	const dir = await bench.temp();
	const docStore = await openSqliteDocStore({ dir });
	const builtIn = createStaticEmbedder(await builtInTable());
	const embedder: Embedder = {
		...builtIn,
		async embed(wanted, signal) {
			const [vectors] = await Promise.all([builtIn.embed(wanted, signal), sleep(latencyMs)]);
			return vectors;
		},
	};
	const extractor = createExtractorPool({
		workers: config.workers,
		chunking: chunkSettings(config),
		clock: systemClock,
	});
	const vectorStore = createSqliteVecStore({
		file: join(dir, 'vectors.db'),
		dimensions: builtIn.dimensions,
	});
	await vectorStore.open();
	const fixture = startPipelineFixture({
		docStore,
		vectorStore,
		embedder,
		extractor,
		worker: {
			maxDocuments: config.maxInWork,
			maxBytes: config.maxInWorkBytes,
			maxReading: config.maxInWork,
			leaseMs: config.leaseMs,
			stallMs: config.stallMs,
			maxAttempts: config.maxAttempts,
			batch: { points: config.batchPoints, bytes: 8 * megabyte, ageMs: config.batchAgeMs },
		},
		embedCalls: { maxTexts: 256, maxCalls: config.embedderCalls },
	});
	bench.onEnd(async () => {
		await fixture.stop();
		await Promise.all([vectorStore.close(), extractor.close(), builtIn.close()]);
	});

	const faults: string[] = [];
	/** Names the documents of one attempt. */
	let attempt = 0;
	async function publish(tenant: string, at: number): Promise<void> {
		const { jobId } = await fixture.submit({
			tenant,
			docId: `${attempt}-${at}.md`,
			mimeType: 'text/markdown',
			content: { text: texts[at] ?? '' },
		});
		const { state } = await waitUntil(
			async () => {
				const job = await docStore.job(jobId);
				return job !== null && job.state !== 'accepted' && job.state !== 'processing' ? job : null;
			},
			2,
			bench.signal,
		);
		if (state !== 'published') faults.push(`a document was ${state}`);
	}
	async function take(way: Way): Promise<number> {
		attempt += 1;
		const start = performance.now();
		if (way === 'sequential') for (const at of texts.keys()) await publish('entity', at);
		else await Promise.all(texts.map((_, at) => publish(way === 'same' ? 'entity' : `entity-${at}`, at)));
		return performance.now() - start;
	}
	const taken: Record<Way, number[]> = { sequential: [], same: [], different: [] };
	for (let turn = 0; turn <= rounds; turn += 1) {
		for (const way of ways) {
			bench.signal.throwIfAborted();
			const ms = await take(way);
			// The first turn starts processes and threads.
			if (turn > 0) taken[way].push(ms);
		}
	}
	const speedup = (way: Way) =>
		round(median(taken[way].map((ms, at) => (taken.sequential[at] ?? Number.NaN) / ms)));
	return {
		faults,
		speedup: { same: speedup('same'), different: speedup('different') },
		ms: Object.fromEntries(ways.map((way) => [way, round(median(taken[way]), 0)])) as Record<Way, number>,
	};
}

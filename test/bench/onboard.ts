import { monitorEventLoopDelay } from 'node:perf_hooks';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DocumentInput } from '../../api/contract/document-schema.ts';
import type { Bench, Result } from './bench.ts';
import { startScript } from './child-script.ts';
import { copyOfCorpus, documentsOf, type DocumentFile } from './corpus.ts';
import { startDocDrop, type DocDrop } from './docdrop-process.ts';
import { digestOf, indexFile, readIndex } from './index-points.ts';
import { watchPeakMemory } from './peak-memory.ts';
import { batchDocuments, batchesInFlight, readDocuments, sendBatches } from './send-batches.ts';
import { printTable, round } from './table.ts';
import { waitUntil } from './wait-until.ts';

/** A folder of real documents from disk to searchable, beside a plain script; and how the server stays awake. */
const loopMetric = 'docdrop_loop_delay_p99_seconds';
const scrapeMs = 2_000;

export async function run(bench: Bench): Promise<Result> {
	const inbox = await copyOfCorpus(bench);
	const files = await documentsOf(inbox);

	const followed = await follow(bench, inbox, files.length);
	const plain = await ingestPlainly(bench, inbox);
	const overHttp = await ingestOverHttp(bench, files);

	const faults: string[] = [];
	const ours = await readIndex(followed.index);
	const theirs = await readIndex(plain.index);
	const same = digestOf(ours) === digestOf(theirs);
	if (!same) faults.push('DocDrop and the plain script did not store the same chunks');
	for (const { docs, failed, name } of [
		{ name: 'the folder', ...followed },
		{ name: 'HTTP', ...overHttp },
	]) {
		if (docs !== files.length || failed > 0)
			faults.push(`by ${name}: ${docs} of ${files.length} documents searchable, ${failed} failed`);
	}
	const figures = {
		docs: followed.docs,
		chunks: followed.chunks,
		seconds: round(followed.seconds),
		docsPerSecond: round(followed.docs / followed.seconds, 1),
		peakRssMb: followed.peakRssMb,
		plainSeconds: round(plain.seconds),
		plainPeakRssMb: plain.peakRssMb,
		ratioToPlain: round(followed.seconds / plain.seconds),
		sameChunks: same,
		loopP99Ms: overHttp.loopP99Ms,
		loopP99FolderMs: followed.loopP99Ms,
		loopP99IdleMs: followed.loopP99IdleMs,
		httpSeconds: round(overHttp.seconds),
		httpPeakRssMb: overHttp.peakRssMb,
	};
	printTable([
		['documents', figures.docs],
		['chunks', figures.chunks, same ? 'the same in both stores' : 'NOT the same in both stores'],
		['DocDrop, s', figures.seconds, 'docdrop watch: from the first scan to all searchable'],
		['documents a second', figures.docsPerSecond],
		['plain script, s', figures.plainSeconds, 'one file after the other, no queue'],
		['ratio to plain', figures.ratioToPlain, 'goal: at most 1.5'],
		['peak memory, MB', figures.peakRssMb, `server ${followed.ownRssMb} plus its ${followed.children} processes`],
		['plain peak memory, MB', figures.plainPeakRssMb],
		['loop delay p99, ms', figures.loopP99Ms, `over HTTP, ${batchesInFlight} requests of ${batchDocuments}; goal: below 50`],
		['  following the folder', figures.loopP99FolderMs, `worst interval of ${scrapeMs / 1000} s`],
		['  of an idle process', figures.loopP99IdleMs, 'meanwhile: what the machine itself adds, 10 ms timer included'],
		['over HTTP, s', figures.httpSeconds, 'from the first request to all searchable'],
		['  peak memory, MB', figures.httpPeakRssMb],
	]); // prettier-ignore
	return { figures, faults };
}

async function isDone(
	server: DocDrop,
	docs: number,
): Promise<{ chunks: number; docs: number; failed: number } | null> {
	const { documents, chunks, pending, failed } = await server.status();
	return pending === 0 && documents + failed >= docs ? { chunks, docs: documents, failed } : null;
}

async function follow(bench: Bench, inbox: string, docs: number) {
	const dataDir = await bench.temp();
	const server = await startDocDrop(bench, ['watch', inbox], dataDir);
	const idle = monitorEventLoopDelay({ resolution: 10 });
	idle.enable();
	const scrapes: number[] = [];
	let isOver = false;
	const scraping = (async () => {
		while (!isOver) {
			await sleep(scrapeMs, undefined, { signal: bench.signal });
			if (!isOver) scrapes.push((await server.metrics())(loopMetric) * 1000);
		}
	})();
	const done = await waitUntil(() => isDone(server, docs), 50, bench.signal);
	const seconds = (Date.now() - server.readyAt) / 1000;
	isOver = true;
	idle.disable();
	await scraping;
	await server.stop();
	return {
		...done,
		seconds,
		index: indexFile(dataDir),
		loopP99Ms: round(Math.max(...scrapes), 1),
		loopP99IdleMs: round(idle.percentile(99) / 1e6, 1),
		peakRssMb: server.memory.total(),
		ownRssMb: server.memory.own(),
		children: server.memory.children(),
	};
}

async function ingestPlainly(bench: Bench, inbox: string) {
	const index = join(await bench.temp(), 'vectors.db');
	const script = startScript(bench, new URL('./plain-ingest.ts', import.meta.url), [inbox, index]);
	const memory = watchPeakMemory(script.pid);
	bench.onEnd(() => memory.stop());
	const line = await script.line((one) => one.startsWith('{'));
	await script.exited;
	const { seconds } = JSON.parse(line) as { seconds: number };
	return { seconds, index, peakRssMb: memory.total() };
}

async function ingestOverHttp(bench: Bench, files: readonly DocumentFile[]) {
	const server = await startDocDrop(bench, ['serve'], await bench.temp());
	const documents = await readDocuments(files, 'default');
	// From here on: the metric covers what happened since it was last read.
	await server.metrics();
	const start = performance.now();
	await sendBatches(server, documents.length, (at) => documents[at] as DocumentInput);
	const whileSending = (await server.metrics())(loopMetric);
	const done = await waitUntil(() => isDone(server, files.length), 50, bench.signal);
	const seconds = (performance.now() - start) / 1000;
	const afterwards = (await server.metrics())(loopMetric);
	const peakRssMb = server.memory.total();
	await server.stop();
	return { ...done, seconds, peakRssMb, loopP99Ms: round(Math.max(whileSending, afterwards) * 1000, 1) };
}

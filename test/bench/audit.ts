import { createQdrantStore } from '../../api/adapters/qdrant/index.ts';
import { createSqliteVecStore } from '../../api/adapters/sqlite-vec/index.ts';
import type { AuditReport, AuditStatus } from '../../api/contract/audit-schema.ts';
import type { VectorStore } from '../../api/ports/vector-store.ts';
import { systemClock } from '../../nodes/watch/clock.ts';
import { startQdrantDouble } from '../doubles/qdrant.ts';
import { plantFaults, type Planted } from '../support/planted-faults.ts';
import type { Bench, Result } from './bench.ts';
import { type DocDrop, startDocDrop } from './docdrop-process.ts';
import { indexFile } from './index-points.ts';
import { sendBatches } from './send-batches.ts';
import { printTable, round } from './table.ts';
import { waitUntil } from './wait-until.ts';

/**
 * What an audit of everything takes, in time and in memory of a process that does nothing else, and whether it finds what
 * was planted in the store and nothing else.
 *
 *   npm run bench -- audit [DOCUMENTS]     20,000 of twelve chunks each
 */
const chunksOfEach = 12;
const tenant = 'bench';
const planted: readonly Planted[] = ['changed', 'missing', 'surplus', 'stale', 'doubled'];
/** The double looks at every point for each document. */
const mostAtDouble = 500;

interface Measured {
	readonly chunks: number;
	readonly seconds: number;
	readonly peakRssMb: number;
	readonly found: number;
	readonly mended: number;
}

export async function run(bench: Bench): Promise<Result> {
	const documents = Number(process.argv[3] ?? '20000');
	if (!(documents >= 100)) throw new Error(`DOCUMENTS must be at least 100, got ${process.argv[3]}`);
	const faults: string[] = [];
	const embedded = await onEmbedded(bench, documents, faults);
	const qdrant = await onQdrant(bench, Math.min(documents, mostAtDouble), faults);
	printTable([
		['embedded index', embedded.chunks, `chunks of ${documents} documents`],
		['  seconds', embedded.seconds, 'of an audit with repair, nothing else to do'],
		['  peak RSS, MB', embedded.peakRssMb, 'of the process, since its start'],
		['  found', embedded.found, `planted: ${planted.length}`],
		['  mended', embedded.mended],
		['Qdrant (double)', qdrant.chunks, 'chunks'],
		['  seconds', qdrant.seconds],
		['  found', qdrant.found, `planted: ${planted.length}`],
		['  mended', qdrant.mended],
	]);
	return { figures: { ...embedded, qdrantDouble: qdrant }, faults };
}

async function onEmbedded(bench: Bench, documents: number, faults: string[]): Promise<Measured> {
	const dataDir = await bench.temp();
	return measure(bench, dataDir, documents, {}, faults, (dimensions) =>
		createSqliteVecStore({ file: indexFile(dataDir), dimensions }),
	);
}

async function onQdrant(bench: Bench, documents: number, faults: string[]): Promise<Measured> {
	const { url, close } = await startQdrantDouble();
	bench.onEnd(close);
	const settings = { DOCDROP_QDRANT_URL: url };
	return measure(bench, await bench.temp(), documents, settings, faults, (dimensions) =>
		createQdrantStore({ url, collection: 'docdrop', dimensions, clock: systemClock, timeoutMs: 30_000 }),
	);
}

async function measure(
	bench: Bench,
	dataDir: string,
	documents: number,
	settings: Readonly<Record<string, string>>,
	faults: string[],
	openStore: (dimensions: number) => VectorStore,
): Promise<Measured> {
	const own = { DOCDROP_INDEX_CHECK_SECONDS: '86400', ...settings };
	const filling = await startDocDrop(bench, ['serve'], dataDir, own);
	await sendBatches(filling, documents, documentAt, 'low');
	await waitUntil(async () => isAtRest(await filling.status()), 500, bench.signal);
	await filling.stop();
	// A process of its own: what filling took in memory is no part of it.
	const server = await startDocDrop(bench, ['serve'], dataDir, own);
	await waitUntil(async () => isSound(server), 200, bench.signal);
	const { dimensions } = (await server.get<{ embedder: { dimensions: number } }>('/v1/info')).body.embedder;
	const store = openStore(dimensions);
	await store.open();
	await plantFaults(store, tenant, planted, (text) =>
		new Float32Array(dimensions).fill(text === '' ? 0 : 1 / Math.sqrt(dimensions)),
	);
	await store.close();
	const report = await audit(bench, server, true);
	const again = await audit(bench, server, false);
	server.memory.total();
	const peakRssMb = server.memory.own();
	await server.stop();
	for (const kind of planted)
		if (report.found[kind] !== 1) faults.push(`${kind}: ${report.found[kind]} found`);
	if (total(again) > 0) faults.push(`${total(again)} found after the repair`);
	const seconds = round((Date.parse(report.endedAt ?? '') - Date.parse(report.startedAt ?? '')) / 1_000, 1);
	return { chunks: report.points, seconds, peakRssMb, found: total(report), mended: report.mended };
}

function documentAt(n: number) {
	const section = (at: number) =>
		`# Part ${at} of ${n}\n\n${`What stands in part ${at} of document ${n}, said at some length. `.repeat(8)}`;
	const text = Array.from({ length: chunksOfEach }, (_, at) => section(at)).join('\n\n');
	return { tenant, docId: `folder/${n % 97}/${n}.md`, mimeType: 'text/markdown', content: { text } };
}

const isAtRest = ({ pending, inWork }: { readonly pending: number; readonly inWork: number }): boolean =>
	pending + inWork === 0;

async function isSound(server: DocDrop): Promise<boolean> {
	const { index } = (await server.get<{ index: { check: { state: string } | null } }>('/v1/status')).body;
	return index.check?.state === 'sound';
}

async function audit(bench: Bench, server: DocDrop, repair: boolean): Promise<AuditReport> {
	const before = (await server.get<AuditStatus>('/v1/audit')).body.last;
	await server.post('/v1/audit', { repair });
	return waitUntil(
		async () => {
			const { now, last } = (await server.get<AuditStatus>('/v1/audit')).body;
			return now === null && last !== null && last.endedAt !== before?.endedAt ? last : null;
		},
		100,
		bench.signal,
	);
}

const total = ({ found }: AuditReport): number => Object.values(found).reduce((sum, many) => sum + many, 0);

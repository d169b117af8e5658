import { createInProcessExtractor } from '../../api/adapters/extractors/in-process.ts';
import type { JobView } from '../../api/contract/job-schema.ts';
import type { Receipt } from '../../api/contract/document-schema.ts';
import { startQdrantDouble, type QdrantDouble } from '../doubles/qdrant.ts';
import type { Bench, Result } from './bench.ts';
import { startDocDrop, type DocDrop } from './docdrop-process.ts';
import { indexFile } from './index-points.ts';
import { countWrites, writesSince } from './index-writes.ts';
import { median, printTable, round, type Row } from './table.ts';
import { waitUntil } from './wait-until.ts';

/**
 * One paragraph changed in a document of 500 chunks, many times: what is embedded, what reaches the index, and
 * how long it takes, beside the same document as a new one. The document has no headings, which is the worst
 * case for the cuts. What is written is counted at the store: rows of the embedded index, requests at the double.
 */
const chunksWanted = 500;
const edits = 25;
const mostEmbedded = 3;
const mostPoints = 8;
const tenant = 'bench';
const docId = 'long.txt';

interface Edit {
	readonly embedded: number;
	readonly points: number;
	/** Payload updates for the fields of the document. */
	readonly fields: number;
	readonly ms: number;
}

export async function run(bench: Bench): Promise<Result> {
	const { paragraphs, chunks } = await longDocument();
	const embedded = await onEmbedded(bench, paragraphs);
	const qdrant = await onQdrant(bench, paragraphs);
	const faults: string[] = [];
	const rows: Row[] = [['chunks', chunks, `${edits} edits of one paragraph each, the worst one shown`]];
	for (const [name, { found, fullMs }] of [
		['embedded index', embedded],
		['Qdrant (double)', qdrant],
	] as const) {
		const worst = worstOf(found);
		if (worst.embedded > mostEmbedded) faults.push(`${name}: ${worst.embedded} chunks embedded for one edit`);
		if (worst.points > mostPoints) faults.push(`${name}: ${worst.points} points written for one edit`);
		rows.push(
			[name, ''],
			['  chunks embedded', worst.embedded, `goal: at most ${mostEmbedded}`],
			['  points upserted or deleted', worst.points, `goal: at most ${mostPoints}`],
			['  payload updates', worst.fields, 'for the fields of the document'],
			['  ms, median', round(median(found.map(({ ms }) => ms)), 1), 'from the PUT to the final receipt'],
			['  full re-ingestion, ms', round(fullMs, 1), 'the same text under a new docId'],
		);
	}
	printTable(rows);
	const worst = worstOf(embedded.found);
	const medianMs = (list: readonly Edit[]) => round(median(list.map(({ ms }) => ms)), 1);
	return {
		figures: {
			chunks,
			embedded: worst.embedded,
			pointsWritten: worst.points,
			payloadUpdates: worst.fields,
			ms: medianMs(embedded.found),
			fullMs: round(embedded.fullMs, 1),
			qdrantDouble: {
				embedded: worstOf(qdrant.found).embedded,
				pointsWritten: worstOf(qdrant.found).points,
				payloadUpdates: worstOf(qdrant.found).fields,
				ms: medianMs(qdrant.found),
				fullMs: round(qdrant.fullMs, 1),
			},
		},
		faults,
	};
}

const worstOf = (found: readonly Edit[]) => ({
	embedded: Math.max(...found.map((edit) => edit.embedded)),
	points: Math.max(...found.map((edit) => edit.points)),
	fields: Math.max(...found.map((edit) => edit.fields)),
});

async function onEmbedded(bench: Bench, paragraphs: readonly string[]) {
	const dataDir = await bench.temp();
	const file = indexFile(dataDir);
	const first = await startDocDrop(bench, ['serve'], dataDir);
	await publish(bench, first, docId, paragraphs);
	await first.stop();
	countWrites(file);
	const server = await startDocDrop(bench, ['serve'], dataDir);
	let next = 0;
	const found = await editAll(bench, server, paragraphs, () => {
		const writes = writesSince(file, next);
		next = writes.next;
		return writes;
	});
	const fullMs = await fullIngestion(bench, server, paragraphs);
	await server.stop();
	return { found, fullMs };
}

async function onQdrant(bench: Bench, paragraphs: readonly string[]) {
	const double = await startQdrantDouble();
	bench.onEnd(() => double.close());
	const server = await startDocDrop(bench, ['serve'], await bench.temp(), { DOCDROP_QDRANT_URL: double.url });
	await publish(bench, server, docId, paragraphs);
	const count = requestCounter(double);
	count();
	const found = await editAll(bench, server, paragraphs, count);
	const fullMs = await fullIngestion(bench, server, paragraphs);
	await server.stop();
	return { found, fullMs };
}

/** Counts between two calls: points of upserts, points that have gone, operations on payloads. */
function requestCounter(double: QdrantDouble) {
	const idsNow = () => new Set(double.points('docdrop').keys());
	let from = 0;
	let before = idsNow();
	return () => {
		const requests = double.requests.slice(from);
		from = double.requests.length;
		const now = idsNow();
		const deleted = [...before].filter((id) => !now.has(id)).length;
		before = now;
		const items = (end: string, method: string) =>
			requests
				.filter((request) => request.method === method && request.path.endsWith(end))
				.reduce((sum, request) => sum + request.items, 0);
		return { points: items('/points', 'PUT') + deleted, fields: items('/points/batch', 'POST') };
	};
}

async function editAll(
	bench: Bench,
	server: DocDrop,
	paragraphs: readonly string[],
	count: () => { readonly points: number; readonly fields: number },
): Promise<Edit[]> {
	let text = paragraphs;
	const found: Edit[] = [];
	for (let at = 0; at < edits; at += 1) {
		const changed = Math.floor(((at + 0.5) / edits) * text.length);
		text = text.with(changed, prose(`edit ${at}`, 420));
		const start = performance.now();
		const job = await publish(bench, server, docId, text);
		const ms = performance.now() - start;
		const { points, fields } = count();
		found.push({ embedded: job.detail?.embedded ?? Number.NaN, points, fields, ms });
	}
	return found;
}

/** Median of three. */
async function fullIngestion(bench: Bench, server: DocDrop, paragraphs: readonly string[]): Promise<number> {
	const times: number[] = [];
	for (const name of ['copy-1.txt', 'copy-2.txt', 'copy-3.txt']) {
		const start = performance.now();
		await publish(bench, server, name, paragraphs);
		times.push(performance.now() - start);
	}
	return median(times);
}

async function publish(
	bench: Bench,
	server: DocDrop,
	name: string,
	paragraphs: readonly string[],
): Promise<JobView> {
	const query = new URLSearchParams({ tenant, docId: name, coalesced: 'true' });
	const answer = await fetch(`${server.url}/v1/documents/content?${query.toString()}`, {
		method: 'PUT',
		headers: { 'content-type': 'text/plain' },
		body: paragraphs.join('\n\n'),
		signal: bench.signal,
	});
	if (answer.status !== 202) throw new Error(`a document was answered ${answer.status}`);
	const { jobId } = (await answer.json()) as Receipt;
	const job = await waitUntil(
		async () => {
			const { body } = await server.get<JobView>(`/v1/jobs/${jobId}`);
			return ['accepted', 'processing', 'retrying'].includes(body.state) ? null : body;
		},
		2,
		bench.signal,
	);
	if (job.state !== 'published') throw new Error(`a document ended ${job.state}`);
	return job;
}

/** Paragraphs that make at least the wanted number of chunks, and hardly more. */
async function longDocument(): Promise<{ readonly paragraphs: string[]; readonly chunks: number }> {
	const extractor = createInProcessExtractor();
	const paragraphs: string[] = [];
	for (;;) {
		const content = Buffer.from(paragraphs.join('\n\n'));
		const chunks = (await extractor.extract({ content, mimeType: 'text/plain' })).chunks.length;
		if (chunks >= chunksWanted) return { paragraphs, chunks };
		// A chunk holds more than one of them.
		for (const end = paragraphs.length + chunksWanted - chunks; paragraphs.length < end;)
			paragraphs.push(prose(`paragraph ${paragraphs.length}`, 150 + ((paragraphs.length * 137) % 600)));
	}
}

const words =
	'the build of a target links each shared library and installs its runtime path where they are found'.split(
		' ',
	);

/** Sentences that differ from one seed to the other. */
function prose(seed: string, chars: number): string {
	let state = [...seed].reduce((sum, char) => Math.imul(sum, 31) + (char.codePointAt(0) ?? 0), 7) >>> 0;
	let text = `About ${seed}:`;
	while (text.length < chars) {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		text += state % 11 === 0 ? `. Number ${state % 9973}` : ` ${words[(state >>> 8) % words.length]}`;
	}
	return `${text}.`;
}

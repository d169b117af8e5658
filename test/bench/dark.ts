import { setTimeout as sleep } from 'node:timers/promises';
import type { BatchResponse } from '../../api/contract/batch-schema.ts';
import type { Bench, Result } from './bench.ts';
import { startScript } from './child-script.ts';
import { startDocDrop } from './docdrop-process.ts';
import { printTable, round } from './table.ts';
import { waitUntil } from './wait-until.ts';

/** Qdrant (the double) is away for 30 s in the middle of 500 documents: nothing is lost, and nobody knocks in vain. */
const documents = 500;
const perBatch = 25;
const darkMs = 30_000;
/** Time for the first calls to fail, until which the breaker may still be closed. */
const noticeMs = 3_000;
const tenant = 'bench';
const collection = 'docdrop';

const docIdOf = (index: number) => `doc-${String(index).padStart(3, '0')}.md`;
const contentOf = (index: number) =>
	`# Document ${index}\n\n${`Paragraph of document ${index}, with some words to find it by. `.repeat(10)}\n\n`.repeat(
		3,
	);

export async function run(bench: Bench): Promise<Result> {
	const double = startScript(bench, new URL('../doubles/qdrant.ts', import.meta.url), ['--port', '0']);
	const qdrant = /http:\S+/.exec(await double.line((line) => line.includes('http://')))?.[0] ?? '';
	const setDark = async (dark: 'closed' | null) => {
		await fetch(`${qdrant}/_double/faults`, { method: 'PUT', body: JSON.stringify({ dark }) });
	};
	const server = await startDocDrop(bench, ['serve'], await bench.temp(), { DOCDROP_QDRANT_URL: qdrant });
	let refused = 0;
	async function send(from: number, to: number): Promise<void> {
		for (let at = from; at < to; at += perBatch) {
			const { status, body } = await server.post<BatchResponse>('/v1/ingest/batch', {
				documents: Array.from({ length: Math.min(perBatch, to - at) }, (_, index) => ({
					tenant,
					docId: docIdOf(at + index),
					content: { text: contentOf(at + index) },
				})),
				coalesced: true,
			});
			refused += status === 202 ? body.failed : perBatch;
		}
	}
	const attempts = async () => {
		const metric = await server.metrics();
		return {
			total: metric('docdrop_peer_attempts_total{peer="index"}'),
			probes: metric('docdrop_peer_probes_total{peer="index"}'),
			isOpen: metric('docdrop_breaker_open{peer="index"}') === 1,
		};
	};

	// The first half lands; then it goes dark in the middle of the second one.
	await send(0, documents / 2);
	await waitUntil(async () => (await server.status()).documents >= documents / 4, 10, bench.signal);
	await setDark('closed');
	const darkAt = performance.now();
	const before = await attempts();
	const publishedBefore = (await server.status()).documents;
	await send(documents / 2, documents);
	let openAfterMs: number | null = null;
	const samples = { asked: 0, ready: 0, degraded: 0, open: 0 };
	while (performance.now() - darkAt < darkMs) {
		const sinceMs = performance.now() - darkAt;
		const { isOpen } = await attempts();
		const { status, body } = await server.get<{ status: string; accepting: boolean }>('/health/ready');
		if (isOpen) openAfterMs ??= sinceMs;
		if (sinceMs > noticeMs) {
			samples.asked += 1;
			if (status === 200 && body.accepting) samples.ready += 1;
			if (body.status === 'degraded') samples.degraded += 1;
			if (isOpen) samples.open += 1;
		}
		await sleep(250, undefined, { signal: bench.signal });
	}
	const after = await attempts();
	const publishedDark = (await server.status()).documents;
	await setDark(null);
	const lightAt = performance.now();
	await waitUntil(async () => (await server.status()).pending === 0, 25, bench.signal);
	const recoverySeconds = (performance.now() - lightAt) / 1000;
	const wellAgain = await waitUntil(
		async () => (await server.get<{ status: string }>('/health/ready')).body.status === 'ok',
		25,
		AbortSignal.any([bench.signal, AbortSignal.timeout(5_000)]),
	).catch(() => false);
	const { failed } = await server.status();
	const peakRssMb = server.memory.total();
	await server.stop();

	const held = await documentsIn(qdrant);
	const lost = Array.from({ length: documents }, (_, at) => docIdOf(at)).filter((id) => !held.has(id)).length;
	const made = after.total - before.total;
	const faults: string[] = [];
	if (lost > 0) faults.push(`${lost} documents are not in the index`);
	if (refused > 0) faults.push(`${refused} documents were refused while it was dark`);
	if (failed > 0) faults.push(`${failed} documents failed`);
	if (openAfterMs === null) faults.push('the breaker did not open');
	for (const kind of ['ready', 'degraded', 'open'] as const) {
		if (samples[kind] < samples.asked)
			faults.push(`not ${kind} in ${samples.asked - samples[kind]} of ${samples.asked} samples`);
	}
	if (!wellAgain) faults.push('/health/ready did not become ok again');
	printTable([
		['documents', documents, `${publishedBefore} published when it went dark, ${publishedDark} when it came back`],
		['dark, s', darkMs / 1000, 'every connection is closed without an answer'],
		['breaker open after, ms', openAfterMs === null ? 'never' : Math.round(openAfterMs)],
		['attempts', made, `calls while it was dark; ${after.probes - before.probes} of them probes of the open breaker`],
		['/health/ready', `${samples.ready} of ${samples.asked}`, `samples 200 and accepting; ${samples.degraded} say degraded`],
		['metrics', `${samples.open} of ${samples.asked}`, 'samples show the breaker open'],
		['refused', refused, 'documents that were not taken while it was dark'],
		['lost', lost, 'read from the index itself'],
		['recovery, s', round(recoverySeconds), 'from its return to everything published'],
		['peak memory, MB', peakRssMb],
	]); // prettier-ignore
	return {
		figures: {
			attempts: made,
			probes: after.probes - before.probes,
			lost,
			refused,
			recoverySeconds: round(recoverySeconds),
			openAfterMs: openAfterMs === null ? null : Math.round(openAfterMs),
			publishedBefore,
			peakRssMb,
			qdrant: 'double',
		},
		faults,
	};
}

/** Documents all of whose content can be read from Qdrant, asked without our own client. */
async function documentsIn(qdrant: string): Promise<Set<string>> {
	const texts = new Map<string, string>();
	let offset: unknown = null;
	do {
		const answer = await fetch(`${qdrant}/collections/${collection}/points/scroll`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify({ limit: 1000, with_payload: true, ...(offset !== null && { offset }) }),
		});
		const { result } = (await answer.json()) as {
			result: {
				points: { payload: { content: string; metadata: { docId: string } } }[];
				next_page_offset: unknown;
			};
		};
		for (const { payload } of result.points) {
			const { docId } = payload.metadata;
			texts.set(docId, (texts.get(docId) ?? '') + payload.content);
		}
		offset = result.next_page_offset ?? null;
	} while (offset !== null);
	const whole = [...texts].filter(([docId, text]) => {
		const index = Number(/\d+/.exec(docId)?.[0]);
		return docId === docIdOf(index) && text.includes(`Paragraph of document ${index},`);
	});
	return new Set(whole.map(([docId]) => docId));
}

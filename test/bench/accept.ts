import type { Bench, Result } from './bench.ts';
import { startScript } from './child-script.ts';
import { startDocDrop, type DocDrop } from './docdrop-process.ts';
import type { LoadFigures } from './load-client.ts';
import { median, printTable, round } from './table.ts';

/**
 * Durable publishes beside a bare echo of the same body: 4 kB documents, 32 connections, one by one and in
 * batches of 100. Server, echo and client are a process each, and take turns. The acceptor is measured alone
 * (no workers: every acknowledged change stays in the queue) and, in rows of its own, with the pipeline at
 * work behind it.
 */
const rounds = 3;
const warmUpSeconds = 1;
const seconds = 4;
const perBatch = 100;
const bounds = { DOCDROP_MAX_PENDING: '10000000', DOCDROP_MAX_PENDING_MB: '1000000' };

const kinds = ['publish', 'batch'] as const;
type Kind = (typeof kinds)[number];
const docsOf = (kind: Kind) => (kind === 'publish' ? 1 : perBatch);

export async function run(bench: Bench): Promise<Result> {
	let next = 0;
	async function load(url: string, kind: Kind): Promise<LoadFigures> {
		const args = [url, kind, docsOf(kind), next, warmUpSeconds, seconds].map(String);
		const script = startScript(bench, new URL('./load-client.ts', import.meta.url), args);
		const figures = JSON.parse(await script.line((line) => line.startsWith('{'))) as LoadFigures;
		next = figures.next;
		return figures;
	}
	const echo = startScript(bench, new URL('./echo-server.ts', import.meta.url), []);
	const echoUrl = await echo.line((line) => line.startsWith('http://'));
	const server = await startDocDrop(bench, ['serve'], await bench.temp(), {
		...bounds,
		DOCDROP_WORKERS: '0',
	});

	const faults: string[] = [];
	const taken = { publish: { echo: [], docdrop: [] }, batch: { echo: [], docdrop: [] } } as Record<
		Kind,
		Record<'echo' | 'docdrop', LoadFigures[]>
	>;
	let acknowledged = 0;
	for (let turn = 0; turn < rounds; turn += 1) {
		for (const kind of kinds) {
			taken[kind].echo.push(await load(echoUrl, kind));
			const figures = await load(server.url, kind);
			taken[kind].docdrop.push(figures);
			acknowledged += acceptedIn(figures, faults) * docsOf(kind);
		}
	}
	const held = (await server.status()).pending;
	if (held !== acknowledged) faults.push(`${acknowledged} documents acknowledged, ${held} in the queue`);
	const peakRssMb = server.memory.total();
	await server.kill();

	const working = {} as Record<Kind, { accepted: LoadFigures; publishedPerSecond: number }>;
	for (const kind of kinds) {
		const busy = await startDocDrop(bench, ['serve'], await bench.temp(), bounds);
		working[kind] = await loadAtWork(busy, () => load(busy.url, kind));
		acceptedIn(working[kind].accepted, faults);
		await busy.kill();
	}

	const rate = (kind: Kind, who: 'echo' | 'docdrop') =>
		round(median(taken[kind][who].map((one) => one.requestsPerSecond)) * docsOf(kind), 0);
	const p99 = (kind: Kind, who: 'echo' | 'docdrop') => median(taken[kind][who].map((one) => one.p99));
	// Each round's own ratio: what the machine does to one of a pair it mostly does to the other.
	const ratio = (kind: Kind) =>
		round(
			median(
				taken[kind].docdrop.map(
					(one, turn) => one.requestsPerSecond / (taken[kind].echo[turn]?.requestsPerSecond ?? Number.NaN),
				),
			),
			3,
		);
	const atWork = (kind: Kind) => round(working[kind].accepted.requestsPerSecond * docsOf(kind), 0);
	const figures = {
		echoPerSecond: rate('publish', 'echo'),
		singlePerSecond: rate('publish', 'docdrop'),
		singleRatio: ratio('publish'),
		singleP99Ms: p99('publish', 'docdrop'),
		echoBatchDocsPerSecond: rate('batch', 'echo'),
		batchDocsPerSecond: rate('batch', 'docdrop'),
		batchRatio: ratio('batch'),
		batchP99Ms: p99('batch', 'docdrop'),
		singlePerSecondAtWork: atWork('publish'),
		batchDocsPerSecondAtWork: atWork('batch'),
		peakRssMb,
	};
	printTable([
		['echo, one by one', figures.echoPerSecond, `requests a second; p99 ${p99('publish', 'echo')} ms`],
		['DocDrop, one by one', figures.singlePerSecond, `durable documents a second; p99 ${figures.singleP99Ms} ms`],
		['  ratio', figures.singleRatio, `goal: at least 0.45; rounds ${each(taken.publish)}`],
		['echo, batches', figures.echoBatchDocsPerSecond, `documents a second in batches of ${perBatch}; p99 ${p99('batch', 'echo')} ms`],
		['DocDrop, batches', figures.batchDocsPerSecond, `durable documents a second; p99 ${figures.batchP99Ms} ms`],
		['  ratio', figures.batchRatio, `goal: at least 0.6; rounds ${each(taken.batch)}`],
		['at work, one by one', figures.singlePerSecondAtWork, `accepted a second with the pipeline working, ${round(working.publish.publishedPerSecond, 0)} published`],
		['at work, batches', figures.batchDocsPerSecondAtWork, `accepted a second with the pipeline working, ${round(working.batch.publishedPerSecond, 0)} published`],
		['acknowledged', acknowledged, `${held} of them in the queue`],
		['peak memory, MB', peakRssMb, 'of the acceptor alone'],
	]); // prettier-ignore
	return { figures, faults };
}

async function loadAtWork(server: DocDrop, load: () => Promise<LoadFigures>) {
	const start = performance.now();
	const accepted = await load();
	const { documents } = await server.status();
	return { accepted, publishedPerSecond: documents / ((performance.now() - start) / 1000) };
}

/** Requests that were answered 202; anything else is a fault. */
function acceptedIn({ statuses }: LoadFigures, faults: string[]): number {
	for (const [status, count] of Object.entries(statuses)) {
		if (status !== '202') faults.push(`${count} requests were answered ${status}`);
	}
	return statuses['202'] ?? 0;
}

function each(pairs: Record<'echo' | 'docdrop', readonly LoadFigures[]>): string {
	return pairs.docdrop
		.map((one, turn) => round(one.requestsPerSecond / (pairs.echo[turn]?.requestsPerSecond ?? 1), 2))
		.join(', ');
}

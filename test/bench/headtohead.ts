import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import type { RealN8n } from '../n8n/real-n8n.ts';
import { executionCount } from '../n8n/workflows.ts';
import type { Bench, Result } from './bench.ts';
import { documentsOf } from './corpus.ts';
import type { DocDrop } from './docdrop-process.ts';
import { compareWithFolder, indexFile } from './index-points.ts';
import { largeTree } from './large-tree.ts';
import { settled, setUp, type Kind } from './n8n-setup.ts';
import { percentile, printTable, round } from './table.ts';
import { waitUntil } from './wait-until.ts';

/**
 * 300 files dropped into a folder that the real n8n watches, with its own nodes and with ours, in turns, a fresh
 * n8n and a fresh API each time; then the full corpus with ours alone. Searchable means published by the API.
 */
const files = 300;
const rounds = 2;
/** 2.4 kB of words that differ from file to file. */
const textOf = (at: number) =>
	Array.from(
		{ length: 48 },
		(_, line) => `file ${at} line ${line}: the quick brown fox jumps ${at * line}\n`,
	).join('');

interface Drop {
	readonly seconds: number;
	readonly p50: number;
	readonly p99: number;
	readonly executions: number;
	readonly rssGrowthMb: number;
}

export async function run(bench: Bench): Promise<Result> {
	const drops: Record<Kind, Drop[]> = { builtin: [], docdrop: [] };
	for (let round = 0; round < rounds; round += 1) {
		for (const kind of ['builtin', 'docdrop'] as const) {
			const found = await drop(bench, kind);
			drops[kind].push(found);
			console.log(`  ${kind.padEnd(8)} ${JSON.stringify(found)}`);
		}
	}
	const builtin = median(drops.builtin);
	const docdrop = median(drops.docdrop);
	const large = await dropLarge(bench);
	const speedup = round(builtin.seconds / docdrop.seconds, 1);
	const memoryShare = round(builtin.rssGrowthMb / Math.max(docdrop.rssGrowthMb, 1), 1);
	printTable([
		[`${files} files, built in`, builtin.seconds, 's from the first write to all searchable'],
		['  p50, p99', builtin.p50, `and ${builtin.p99} ms a file`],
		['  executions', builtin.executions],
		['  n8n grew by', builtin.rssGrowthMb, 'MB'],
		[`${files} files, DocDrop`, docdrop.seconds, 's'],
		['  p50, p99', docdrop.p50, `and ${docdrop.p99} ms a file`],
		['  executions', docdrop.executions],
		['  n8n grew by', docdrop.rssGrowthMb, 'MB'],
		['times as fast', speedup, 'goal: at least 12, better 20'],
		['memory, a share of 1 in', memoryShare, 'goal: at least 30'],
		[
			`${large.files} files, DocDrop`,
			large.seconds,
			`s; n8n grew by ${large.rssGrowthMb} MB; lost ${large.lost}`,
		],
	]);
	const faults = large.lost > 0 ? [`${large.lost} files of the corpus were lost`] : [];
	return { figures: { builtin, docdrop, speedup, memoryShare, large }, faults };
}

/** Of an even number of rounds the slower one: in our favour nothing is rounded. */
function median(drops: readonly Drop[]): Drop {
	const sorted = drops.toSorted((a, b) => a.seconds - b.seconds);
	const middle = sorted[Math.floor(sorted.length / 2)];
	if (middle === undefined) throw new Error('no round was run');
	return middle;
}

async function drop(bench: Bench, kind: Kind): Promise<Drop> {
	const setup = await setUp(bench, kind);
	const { inbox, api, n8n, workflowId } = setup;
	const before = (await api.status()).documents;
	const executionsBefore = await executionCount(n8n, workflowId);
	const rss = rssOf(n8n.pid());
	const memory = watchRss(n8n.pid());
	const writtenAt = new Map<string, number>();
	const staging = join(inbox, '../staging');
	mkdirSync(staging);
	const startedAt = Date.now();
	for (let at = 0; at < files; at += 1) {
		const name = `file-${String(at).padStart(4, '0')}.txt`;
		writeFileSync(join(staging, name), textOf(at));
		// Whole when it appears: neither side pays for a file that is still being written.
		renameSync(join(staging, name), join(inbox, name));
		writtenAt.set(name, Date.now());
	}
	await waitUntil(async () => (await api.status()).documents >= before + files, 50, bench.signal);
	await settled(bench, api);
	const latencies = await publishedAfter(api, writtenAt);
	const seconds = (Math.max(...latencies.map(({ at }) => at)) - startedAt) / 1000;
	// What is still running on n8n's side counts as memory, not as time.
	await waitUntil(async () => (await runningExecutions(n8n, workflowId)) === 0, 200, bench.signal);
	const rssGrowthMb = round(memory() - rss, 1);
	const executions = (await executionCount(n8n, workflowId)) - executionsBefore;
	await n8n.stop('SIGTERM');
	await api.stop();
	const ms = latencies.map((one) => one.ms);
	return {
		seconds: round(seconds, 2),
		p50: round(percentile(ms, 0.5)),
		p99: round(percentile(ms, 0.99)),
		executions,
		rssGrowthMb,
	};
}

async function runningExecutions(n8n: RealN8n, workflowId: string): Promise<number> {
	const filter = encodeURIComponent(JSON.stringify({ workflowId, status: ['running', 'new'] }));
	const { results } = await n8n.rest<{ results: unknown[] }>('GET', `/executions?filter=${filter}&limit=10`);
	return results.length;
}

/** When each file was published, wall ms, and how long after its write. */
async function publishedAfter(api: DocDrop, writtenAt: ReadonlyMap<string, number>) {
	const found: { readonly at: number; readonly ms: number }[] = [];
	for (let after = ''; ;) {
		const page = await api.get<{
			documents: { docId: string; published: { publishedAt: string } | null }[];
			next: string | null;
		}>(`/v1/documents?tenant=default&limit=500${after === '' ? '' : `&after=${encodeURIComponent(after)}`}`);
		for (const { docId, published } of page.body.documents) {
			const written = writtenAt.get(docId);
			if (written === undefined) continue;
			if (published === null) throw new Error('a file is not published');
			const at = Date.parse(published.publishedAt);
			found.push({ at, ms: at - written });
		}
		if (page.body.next === null) break;
		after = page.body.next;
	}
	if (found.length !== writtenAt.size)
		throw new Error(`${writtenAt.size - found.length} files are not published`);
	return found;
}

/** The full corpus at once, with our nodes: how long, how much, and whether the index holds all of it. */
async function dropLarge(bench: Bench) {
	const corpus = await largeTree(bench);
	const { inbox, dataDir, api, n8n } = await setUp(bench, 'docdrop');
	const rss = rssOf(n8n.pid());
	const memory = watchRss(n8n.pid());
	const startedAt = Date.now();
	await cp(corpus.dir, inbox, { recursive: true });
	const wanted = (await documentsOf(inbox)).length;
	await waitUntil(
		async () => {
			const { documents, pending, inWork, failed } = await api.status();
			return documents + failed >= wanted && pending + inWork === 0;
		},
		250,
		bench.signal,
	);
	const seconds = round((Date.now() - startedAt) / 1000, 1);
	const rssGrowthMb = round(memory() - rss, 1);
	await n8n.stop('SIGTERM');
	await api.stop();
	const { docs, missing, stale } = await compareWithFolder(indexFile(dataDir), inbox);
	return { files: docs, seconds, rssGrowthMb, lost: missing + stale };
}

/** Resident memory now, MB. */
function rssOf(pid: number): number {
	return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
}

/** The peak from now on, MB. */
function watchRss(pid: number): () => number {
	try {
		writeFileSync(`/proc/${pid}/clear_refs`, '5');
	} catch {
		// Where the system forbids it, the peak is that of the process's whole life.
	}
	return () =>
		Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
}

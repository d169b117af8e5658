import { loadavg } from 'node:os';
import { renameSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { executionCount } from '../n8n/workflows.ts';
import type { Bench, Result } from './bench.ts';
import { settled, setUp, type Setup } from './n8n-setup.ts';
import { percentile, printTable, round } from './table.ts';
import { waitUntil } from './wait-until.ts';

/**
 * How fast a good file is searchable in the real n8n, alone and beside files that nobody can read, in turns in one run:
 * what is refused must keep nobody waiting.
 */
const rounds = 15;
const refusedFiles = 5;

export async function run(bench: Bench): Promise<Result> {
	const setup = await setUp(bench, 'docdrop');
	const load = round(loadavg()[0] ?? 0, 1);
	const alone: number[] = [];
	const beside: number[] = [];
	const before = await executionCount(setup.n8n, setup.workflowId);
	for (let at = 0; at < rounds; at += 1) {
		alone.push(await drop(bench, setup, `alone-${at}`, 0));
		beside.push(await drop(bench, setup, `beside-${at}`, refusedFiles));
	}
	const executions = (await executionCount(setup.n8n, setup.workflowId)) - before;
	await setup.n8n.stop('SIGTERM');
	await setup.api.stop();
	const figures = {
		aloneMs: round(percentile(alone, 0.5)),
		besideMs: round(percentile(beside, 0.5)),
		ratio: round(percentile(beside, 0.5) / percentile(alone, 0.5), 2),
		worst: round(percentile(beside, 1) / percentile(alone, 0.5), 2),
		...{ executions, load },
	};
	printTable([
		['a good file alone', figures.aloneMs, `ms from its write to the index, median of ${rounds}`],
		[`beside ${refusedFiles} that nobody can read`, figures.besideMs, 'ms'],
		['times as long', figures.ratio, `goal: at most 1.5; the worst: ${figures.worst}`],
		['executions', executions, `of ${2 * rounds} drops`],
		['load before', load],
	]);
	return { figures, faults: [] };
}

/** From the write of the good file to its publication, ms. The others are there first. */
async function drop(bench: Bench, { inbox, api }: Setup, name: string, refused: number): Promise<number> {
	const staging = join(inbox, '../staging');
	mkdirSync(staging, { recursive: true });
	const put = (file: string, content: string) => {
		writeFileSync(join(staging, file), content);
		renameSync(join(staging, file), join(inbox, file));
	};
	for (let at = 0; at < refused; at += 1) put(`${name}-${at}.zip`, `no archive, number ${at} of ${name}`);
	put(`${name}.txt`, `a good file called ${name}`);
	const writtenAt = Date.now();
	const published = await waitUntil(
		async () => {
			const { body } = await api.get<{ published?: { publishedAt: string } | null }>(
				`/v1/documents/state?tenant=default&docId=${name}.txt`,
			);
			return body.published?.publishedAt ?? null;
		},
		20,
		bench.signal,
	);
	await settled(bench, api);
	return Date.parse(published) - writtenAt;
}

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRealN8n, type RealN8n } from '../n8n/real-n8n.ts';
import { builtinWorkflow, docdropWorkflow } from '../n8n/headtohead-workflows.ts';
import { activate, createWorkflow } from '../n8n/workflows.ts';
import type { Bench } from './bench.ts';
import { startDocDrop, type DocDrop } from './docdrop-process.ts';
import { waitUntil } from './wait-until.ts';

/** Whose nodes watch the folder. */
export type Kind = 'builtin' | 'docdrop';

export interface Setup {
	readonly inbox: string;
	readonly dataDir: string;
	readonly api: DocDrop;
	readonly n8n: RealN8n;
	readonly workflowId: string;
}

/** What n8n is given is the package as it stands now: one that nobody built has no node. */
let isBuilt = false;

function buildPackage(): void {
	if (isBuilt) return;
	const project = resolve(import.meta.dirname, '../..');
	execFileSync(process.execPath, ['tools/build.ts'], {
		cwd: project,
		stdio: ['ignore', 'ignore', 'inherit'],
	});
	isBuilt = true;
}

/** A fresh n8n that watches a folder, and a fresh API, both warm. */
export async function setUp(bench: Bench, kind: Kind): Promise<Setup> {
	buildPackage();
	const base = await bench.temp();
	const inbox = join(base, 'inbox');
	const dataDir = join(base, 'data');
	mkdirSync(inbox);
	const api = await startDocDrop(bench, ['serve'], dataDir);
	const n8n = await createRealN8n({
		userFolder: join(base, 'n8n'),
		folders: [inbox],
		env: { NODES_EXCLUDE: '[]', ...(kind === 'builtin' && { N8N_DEFAULT_BINARY_DATA_MODE: 'default' }) },
	});
	bench.onEnd(() => n8n.stop('SIGKILL'));
	await n8n.start();
	const workflow =
		kind === 'builtin' ? builtinWorkflow(inbox, api.url) : await docdropWorkflow(n8n, inbox, api.url);
	const workflowId = await createWorkflow(n8n, workflow);
	await activate(n8n, workflowId);
	await warmUp(bench, { inbox, dataDir, api, n8n, workflowId });
	return { inbox, dataDir, api, n8n, workflowId };
}

/** One file through the whole way: the trigger listens, the code is loaded. Then the memory comes to rest. */
async function warmUp(bench: Bench, { inbox, api }: Setup): Promise<void> {
	let tries = 0;
	await waitUntil(
		async () => {
			// The built-in trigger says nothing when it is ready: files that came too early are not told.
			if (tries++ % 20 === 0) writeFileSync(join(inbox, `warm-up-${tries}.txt`), 'one word');
			return (await api.status()).documents > 0;
		},
		100,
		bench.signal,
	);
	await settled(bench, api);
	await sleep(5000, undefined, { signal: bench.signal });
}

export const settled = (bench: Bench, api: DocDrop) =>
	waitUntil(
		async () => {
			const { pending, inWork } = await api.status();
			return pending + inWork === 0;
		},
		50,
		bench.signal,
	);

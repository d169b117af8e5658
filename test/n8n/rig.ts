import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import assert from 'node:assert/strict';
import { documentsOf } from '../bench/corpus.ts';
import { compareWithFolder, indexFile } from '../bench/index-points.ts';
import { createRealN8n, freePort, type RealN8n } from './real-n8n.ts';

/** The real n8n, the real API and a folder between them: what a user has, with the means to break it. */
export interface Rig {
	readonly inbox: string;
	readonly api: RigApi;
	readonly n8n: RealN8n;
	/** Waits until the API has published exactly the files of the folder, with their present contents. */
	settled(limitSeconds?: number): Promise<void>;
	/** Reads the index itself, with no server on it, and holds it against the folder. */
	checkIndex(): Promise<void>;
	close(): Promise<void>;
}

interface RigApi {
	readonly url: string;
	start(): Promise<void>;
	stop(): Promise<void>;
	get<T>(path: string): Promise<T>;
	/** The documents of the passages that answer it, best first; of the tenant `of`. */
	search(query: string, of?: string): Promise<readonly string[]>;
	/** State and published hash of every document of the tenant `of`, by docId. */
	documents(
		of?: string,
	): Promise<Map<string, { state: string; sha256: string | null; publishedAt: string | null }>>;
}

export const tenant = 'default';

/** `env`: of n8n. `apiKey`: the only one that the API knows; without it the API asks for none. */
export async function createRig(env: Readonly<Record<string, string>> = {}, apiKey = ''): Promise<Rig> {
	const base = mkdtempSync(join(tmpdir(), 'docdrop-n8n-'));
	const inbox = join(base, 'inbox');
	const dataDir = join(base, 'data');
	mkdirSync(inbox);
	const api = await createApi(dataDir, apiKey);
	const n8n = await createRealN8n({ userFolder: join(base, 'n8n'), folders: [inbox], env });
	// One after the other, so that none outlives tests whose other half did not start.
	await api.start();
	await n8n.start().catch(async (error: unknown) => {
		await api.stop();
		throw error;
	});

	async function difference(): Promise<string | null> {
		const documents = await api.documents();
		const live = [...documents].filter(([, { state }]) => state !== 'deleted');
		const files = await documentsOf(inbox);
		for (const { docId, path } of files) {
			const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
			const found = documents.get(docId);
			if (found?.state !== 'published' || found.sha256 !== sha256)
				return `${docId}: ${found?.state ?? 'missing'}`;
		}
		return live.length === files.length ? null : `${live.length} documents of ${files.length} files`;
	}

	return {
		inbox,
		api,
		n8n,
		async settled(limitSeconds = 60) {
			const end = Date.now() + limitSeconds * 1000;
			for (;;) {
				const found = await difference();
				if (found === null) return;
				if (Date.now() > end)
					assert.fail(`not settled after ${limitSeconds} s: ${found}\n${tail(n8n.log())}`);
				await sleep(100);
			}
		},
		async checkIndex() {
			await api.stop();
			const { docs: _docs, chunks: _chunks, ...wrong } = await compareWithFolder(indexFile(dataDir), inbox);
			assert.deepEqual(wrong, { duplicates: 0, leftovers: 0, missing: 0, misordered: 0, stale: 0 });
			await api.start();
		},
		async close() {
			await n8n.close();
			await api.stop();
			rmSync(base, { recursive: true, force: true, maxRetries: 3 });
		},
	};
}

const tail = (log: string) => log.slice(-3000);

async function createApi(dataDir: string, apiKey: string): Promise<RigApi> {
	const port = await freePort();
	const url = `http://127.0.0.1:${port}`;
	let child: ChildProcess | null = null;
	const ask = async <T>(path: string, init: RequestInit = {}): Promise<T> => {
		const headers = {
			'content-type': 'application/json',
			...(apiKey !== '' && { authorization: `Bearer ${apiKey}` }),
		};
		const response = await fetch(url + path, { ...init, headers });
		if (!response.ok) throw new Error(`${path} was answered ${response.status}`);
		return (await response.json()) as T;
	};
	const get = <T>(path: string) => ask<T>(path);
	return {
		url,
		get,
		async start() {
			const cli = join(import.meta.dirname, '../../api/cli.ts');
			const started = spawn(process.execPath, [cli, 'serve'], {
				env: {
					...process.env,
					DOCDROP_DATA_DIR: dataDir,
					DOCDROP_PORT: String(port),
					DOCDROP_LOG_LEVEL: 'error',
					...(apiKey !== '' && { DOCDROP_API_KEYS: apiKey }),
				},
				stdio: 'ignore',
			});
			child = started;
			while (
				!(await fetch(`${url}/health/ready`).then(
					({ ok }) => ok,
					() => false,
				))
			) {
				assert.equal(started.exitCode, null, 'the API ended');
				await sleep(50);
			}
		},
		async stop() {
			const stopping = child;
			child = null;
			if (stopping === null || stopping.exitCode !== null) return;
			const exited = new Promise((done) => stopping.once('exit', done));
			stopping.kill('SIGTERM');
			await exited;
		},
		async search(query, of = tenant) {
			const body = JSON.stringify({ tenant: of, query });
			const { results } = await ask<{ results: { docId: string }[] }>('/v1/search', { method: 'POST', body });
			return results.map(({ docId }) => docId);
		},
		async documents(of = tenant) {
			const found: Awaited<ReturnType<RigApi['documents']>> = new Map();
			for (let after = ''; ;) {
				const page = await get<{
					documents: {
						docId: string;
						state: string;
						published: { contentSha256: string; publishedAt: string } | null;
					}[];
					next: string | null;
				}>(
					`/v1/documents?tenant=${of}&limit=500${after === '' ? '' : `&after=${encodeURIComponent(after)}`}`,
				);
				for (const { docId, state, published } of page.documents) {
					const { contentSha256: sha256 = null, publishedAt = null } = published ?? {};
					found.set(docId, { state, sha256, publishedAt });
				}
				if (page.next === null) return found;
				after = page.next;
			}
		},
	};
}

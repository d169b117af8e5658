import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startApi, type ApiProcess, type Ending } from '../crash/api-process.ts';
import { startQdrantDouble, type QdrantDouble } from '../doubles/qdrant.ts';
import { startEmbedderDouble, type EmbedderDouble } from './embedder-double.ts';
import { peerName, type Inside } from './inside.ts';
import { startFaultProxy, type FaultProxy } from './proxy.ts';

/** Everything that one row of the plan runs on: the real process, its peers, and a proxy before each of them. */
export interface World {
	readonly home: string;
	readonly dataDir: string;
	readonly qdrant: QdrantDouble;
	readonly embedder: EmbedderDouble;
	/** Before Qdrant, before the embedder, and before the process itself. */
	readonly index: FaultProxy;
	readonly embedding: FaultProxy;
	readonly callers: FaultProxy;
	/** Where callers reach the process (through the proxy), and where the plan itself asks it. */
	callersUrl(): string | null;
	url(): string | null;
	process(): ApiProcess;
	/** Begins a life of the process; resolves when it listens. */
	start(settings?: Readonly<Record<string, string>>): Promise<void>;
	/** Ends it in order; rejects where it does not. */
	stop(): Promise<Ending>;
	/** Changes what only the process itself can get wrong; it knows at once where it runs. */
	tell(inside: Partial<Inside>): Promise<void>;
	close(keep: boolean): Promise<void>;
}

export const collection = 'faults';
export const chunking = { maxChars: 300, overlapChars: 40 };

export interface WorldOptions {
	readonly index: 'qdrant' | 'sqlite-vec';
	readonly embedder: 'static' | 'openai';
	readonly cacheDir: string;
	readonly settings: Readonly<Record<string, string>>;
	/** Put in place of the data folder's own file system, before anything is written. */
	readonly mount?: (dir: string) => Promise<void>;
	readonly unmount?: (dir: string) => Promise<void>;
}

export async function createWorld(options: WorldOptions): Promise<World> {
	const home = await mkdtemp(join(tmpdir(), 'docdrop-faults-'));
	const dataDir = join(home, 'data');
	await mkdir(dataDir);
	await options.mount?.(dataDir);
	const insideFile = join(home, 'inside.json');
	let inside: Inside = { wallOffsetMs: 0, isNameGone: false };
	const note = () => writeFile(insideFile, JSON.stringify(inside));
	await note();
	const qdrant = await startQdrantDouble();
	const embedder = await startEmbedderDouble();
	const index = await startFaultProxy({ port: Number(new URL(qdrant.url).port) });
	const embedding = await startFaultProxy({ port: embedder.port });
	let own: ApiProcess | null = null;
	let url: string | null = null;
	const callers = await startFaultProxy({
		port: () => (url === null ? null : Number(new URL(url).port)),
	});
	const preload = fileURLToPath(new URL('./inside.ts', import.meta.url));

	return {
		home,
		dataDir,
		qdrant,
		embedder,
		index,
		embedding,
		callers,
		url: () => url,
		callersUrl: () => (url === null ? null : `http://${callers.host}:${callers.port}`),
		process() {
			if (own === null) throw new Error('no process was started');
			return own;
		},
		async start(settings = {}) {
			const started = startApi(dataDir, {
				NODE_COMPILE_CACHE: options.cacheDir,
				NODE_OPTIONS: `--import=${preload}`,
				FAULTS_INSIDE: insideFile,
				DOCDROP_WINDOW_MS: '20',
				DOCDROP_MAX_WAIT_MS: '200',
				DOCDROP_WORKERS: '1',
				DOCDROP_LOG_LEVEL: 'warn',
				DOCDROP_CHUNK_CHARS: String(chunking.maxChars),
				DOCDROP_CHUNK_OVERLAP: String(chunking.overlapChars),
				...(options.index === 'qdrant' && {
					DOCDROP_QDRANT_URL: `http://${peerName}:${index.port}`,
					DOCDROP_QDRANT_COLLECTION: collection,
					DOCDROP_QDRANT_TIMEOUT_MS: '3000',
				}),
				...(options.embedder === 'openai' && {
					DOCDROP_EMBEDDER: 'openai',
					DOCDROP_EMBEDDER_URL: `http://${peerName}:${embedding.port}/v1`,
					DOCDROP_EMBEDDER_MODEL: 'double',
					DOCDROP_EMBEDDER_DIMENSIONS: String(embedder.dimensions),
					DOCDROP_EMBEDDER_TIMEOUT_MS: '1000',
				}),
				...options.settings,
				...settings,
			});
			own = started;
			void started.ended.then(() => (url = null));
			url = await started.url;
			if (url === null) throw new Error(`the process did not start: ${started.said().rest.slice(-2_000)}`);
		},
		async stop() {
			own?.stop();
			const ending = await own?.ended;
			if (ending === undefined) throw new Error('no process was started');
			return ending;
		},
		async tell(change) {
			inside = { ...inside, ...change };
			await note();
			if (own !== null && !own.gone.aborted) own.signal('SIGUSR2');
		},
		async close(keep) {
			own?.signal('SIGCONT');
			own?.kill();
			await own?.ended;
			for (const proxy of [index, embedding, callers]) await proxy.close();
			await qdrant.close();
			await embedder.close();
			await options.unmount?.(dataDir);
			if (!keep) await rm(home, { recursive: true });
		},
	};
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createInProcessExtractor } from '../../api/adapters/extractors/in-process.ts';
import { startQdrantDouble } from '../doubles/qdrant.ts';
import { startApi, type ApiProcess, type Ending } from './api-process.ts';
import { readDocStore, readQdrantDouble, readSqliteVec } from './inspect.ts';
import { judge } from './judge.ts';
import { killName, planKills, type Kill, type KillPlace } from './kills.ts';
import type { Fault } from './oracle.ts';
import { createRandom } from './random.ts';
import { writeScript } from './script.ts';
import { startSource } from './source.ts';

/** One run: a script of changes, a process that is killed again and again under it, and a verdict. */
export type IndexKind = 'sqlite-vec' | 'qdrant';

export interface RunOptions {
	readonly seed: number;
	readonly run: number;
	readonly index: IndexKind;
	/** For Node's compile cache, shared by all starts of a campaign. */
	readonly cacheDir: string;
}

export interface RunResult {
	readonly run: number;
	readonly seed: number;
	readonly index: IndexKind;
	/** Where each life ended; `late` where everything was done before the place was reached. */
	readonly kills: readonly { readonly planned: string; readonly place: KillPlace | 'late' }[];
	readonly changes: number;
	readonly requestsWithoutAnswer: number;
	readonly seconds: number;
	readonly faults: readonly Fault[];
	/** What the process has left, where there are faults; else removed. */
	readonly dataDir: string | null;
}

const changesPerPart = 45;
const chunking = { maxChars: 300, overlapChars: 40 };
/** Long enough for a machine that does much else. */
const deadlineMs = 300_000;
const collection = 'crash';

/** A run that cannot go on; what it has seen so far is still judged. */
class Stuck extends Error {}

export async function crashRun({ seed, run, index, cacheDir }: RunOptions): Promise<RunResult> {
	const started = performance.now();
	const random = createRandom(seed, run);
	const kills = planKills(random, run);
	const script = writeScript(random, kills.length + 1, changesPerPart);
	const dataDir = await mkdtemp(join(tmpdir(), 'docdrop-crash-'));
	const double =
		index === 'qdrant' ? await startQdrantDouble({ faults: { delayMs: random.int(0, 12) } }) : null;
	const settings = {
		NODE_COMPILE_CACHE: cacheDir,
		DOCDROP_WINDOW_MS: '20',
		DOCDROP_MAX_WAIT_MS: '200',
		DOCDROP_WORKERS: '1',
		DOCDROP_LOG_LEVEL: 'error',
		DOCDROP_CHUNK_CHARS: String(chunking.maxChars),
		DOCDROP_CHUNK_OVERLAP: String(chunking.overlapChars),
		// Small enough that documents travel in several bulk writes, and large ones fill some alone.
		DOCDROP_BATCH_POINTS: String(random.pick([8, 40, 512])),
		DOCDROP_QDRANT_URL: double?.url ?? '',
		DOCDROP_QDRANT_COLLECTION: collection,
	};

	let url: string | null = null;
	let api: ApiProcess | null = null;
	const ends: { planned: string; place: KillPlace | 'late' }[] = [];
	const faults: Fault[] = [];
	const other = (message: string) => void faults.push({ kind: 'other', message });
	let onAnswer = () => {};
	const source = startSource({ script, random, address: () => url, onAnswer: () => onAnswer() });

	function start(crashAt: string): ApiProcess {
		const own = startApi(dataDir, { ...settings, DOCDROP_CRASH_AT: crashAt });
		void own.url.then((found) => (url = found));
		void own.ended.then(() => (url = null));
		api = own;
		return own;
	}

	/** What the process ended with, and whatever it should not have said. */
	function look(own: ApiProcess, { code, signal }: Ending, isCrash: boolean): void {
		const { errors, rest } = own.said();
		for (const line of errors) other(`log: ${line.slice(0, 800)}`);
		if (isCrash ? signal !== 'SIGKILL' : code !== 0)
			other(`the process ended with ${signal ?? code}: ${rest.slice(-2_000)}`);
	}

	async function live(kill: Kill): Promise<void> {
		const own = start('nth' in kill && kill.at !== 'answer' ? killName(kill) : '');
		let answers = 0;
		onAnswer = () => {
			answers += 1;
			if (kill.at === 'answer' && answers === kill.nth) own.kill();
		};
		source.release();
		const ending = await Promise.race([own.ended, whenOver(kill, own)]);
		if (ending === 'stuck') other(`${killName(kill)}: not settled after ${deadlineMs} ms`);
		own.kill();
		look(own, await own.ended, true);
		ends.push({ planned: killName(kill), place: ending === 'through' ? 'late' : kill.at });
	}

	/** When to kill a process that does not end by itself, or by an answer. */
	async function whenOver(kill: Kill, own: ApiProcess): Promise<'now' | 'through' | 'stuck'> {
		if (kill.at === 'startup') return sleep(kill.ms, 'now');
		await own.url;
		const isTimed = 'ms' in kill;
		const signal = AbortSignal.any([AbortSignal.timeout(isTimed ? kill.ms : deadlineMs), own.gone]);
		if ((await settled(source.isThrough, () => url, signal)) !== null) return 'through';
		return isTimed || own.gone.aborted ? 'now' : 'stuck';
	}

	try {
		for (const kill of kills) await live(kill);
		const last = start('');
		source.release();
		if ((await Promise.race([last.url, last.ended.then(() => null)])) === null)
			throw new Stuck('did not start');
		const counted = await settled(source.isThrough, () => url, AbortSignal.timeout(deadlineMs));
		if (counted === null) throw new Stuck(`not settled after ${deadlineMs} ms`);
		await source.stop();
		last.stop();
		const ending = await Promise.race([last.ended, sleep(deadlineMs, null, { ref: false })]);
		if (ending === null) throw new Stuck('the process did not stop');
		look(last, ending, false);
		for (const refusal of source.refusals) other(`refused: ${refusal}`);
		const extractor = createInProcessExtractor({ chunking });
		const contents =
			double === null ? readSqliteVec(join(dataDir, 'vectors.db')) : readQdrantDouble(double, collection);
		const store = readDocStore(dataDir);
		const { receipts, uncertain } = source;
		const evidence = { receipts, uncertain, index: contents, store, counted };
		faults.push(...(await judge(evidence, extractor)));
	} catch (error) {
		other(error instanceof Stuck ? error.message : String((error as Error).stack));
	} finally {
		await source.stop();
		(api as ApiProcess | null)?.kill();
		await (api as ApiProcess | null)?.ended;
		await double?.close();
		if (faults.length === 0) await rm(dataDir, { recursive: true });
	}
	return {
		run,
		seed,
		index,
		kills: ends,
		changes: source.receipts.size,
		requestsWithoutAnswer: source.unanswered(),
		seconds: (performance.now() - started) / 1000,
		faults,
		dataDir: faults.length === 0 ? null : dataDir,
	};
}

interface Status {
	readonly documents: number;
	readonly chunks: number;
	readonly pending: number;
	readonly inWork: number;
}

/** The process's own figures once every change is answered and none waits; null when the signal comes first. */
async function settled(
	isThrough: () => boolean,
	address: () => string | null,
	signal: AbortSignal,
): Promise<Pick<Status, 'documents' | 'chunks'> | null> {
	while (!signal.aborted) {
		const url = address();
		if (url !== null && isThrough()) {
			const now = await status(url);
			if (now !== null && now.pending === 0 && now.inWork === 0 && isThrough())
				return { documents: now.documents, chunks: now.chunks };
		}
		await sleep(20);
	}
	return null;
}

async function status(url: string): Promise<Status | null> {
	try {
		const response = await fetch(`${url}/v1/status`, { signal: AbortSignal.timeout(5_000) });
		return response.ok ? ((await response.json()) as Status) : null;
	} catch {
		return null;
	}
}

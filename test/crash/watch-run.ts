import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createInProcessExtractor } from '../../api/adapters/extractors/in-process.ts';
import type { Ending } from './api-process.ts';
import { readDocStore, readSqliteVec } from './inspect.ts';
import { createRandom } from './random.ts';
import { readEvidence } from './watch-evidence.ts';
import {
	judgeIndex,
	judgeRest,
	judgeSecret,
	judgeSending,
	readFolder,
	sha256,
	type Look,
	type WatchFault,
} from './watch-judge.ts';
import { planLives, watchKillName, type WatchKill, type WatchKillPlace } from './watch-kills.ts';
import { startWatch, type ProcessStatus, type WatchProcess } from './watch-process.ts';
import { secret, writeWatchScript, type Mood } from './watch-script.ts';
import { startStorm } from './watch-storm.ts';

/** One run: a folder under a storm, a process that follows it and is killed again and again, and a verdict. */
export interface WatchRunResult {
	readonly run: number;
	readonly seed: number;
	/** Where each life ended; `late` where there was nothing left to do before the place was reached. */
	readonly kills: readonly { readonly planned: string; readonly place: WatchKillPlace | 'late' }[];
	readonly operations: number;
	/** Files at the end, and those that were proven not to have been sent again over some kill. */
	readonly files: number;
	readonly untouched: number;
	readonly seconds: number;
	readonly faults: readonly WatchFault[];
	/** Folder and data, where there are faults; else removed. */
	readonly home: string | null;
}

const tenant = 'default';
const chunking = { maxChars: 400, overlapChars: 40 };
/** Long enough for a machine that does much else. */
const deadlineMs = 300_000;

/** A run that cannot go on; what it has seen so far is still judged. */
class Stuck extends Error {}

export async function watchRun(options: {
	readonly seed: number;
	readonly run: number;
	/** For Node's compile cache, shared by all starts of a campaign. */
	readonly cacheDir: string;
}): Promise<WatchRunResult> {
	const { seed, run, cacheDir } = options;
	const started = performance.now();
	const random = createRandom(seed, run);
	const lives = planLives(random, run);
	const home = await mkdtemp(join(tmpdir(), 'docdrop-crash-watch-'));
	const dir = join(home, 'folder');
	const dataDir = join(home, 'data');
	await mkdir(dir);
	const storm = startStorm({ dir, script: writeWatchScript(random), random });
	const settings = {
		NODE_COMPILE_CACHE: cacheDir,
		DOCDROP_RESCAN_SECONDS: '1',
		DOCDROP_DELETE_GRACE_MS: String(random.pick([100, 600])),
		DOCDROP_WINDOW_MS: '20',
		DOCDROP_MAX_WAIT_MS: '200',
		DOCDROP_WORKERS: '1',
		DOCDROP_LOG_LEVEL: 'error',
		DOCDROP_CHUNK_CHARS: String(chunking.maxChars),
		DOCDROP_CHUNK_OVERLAP: String(chunking.overlapChars),
		DOCDROP_BATCH_POINTS: String(random.pick([8, 40, 512])),
	};

	let last: WatchProcess | null = null;
	let before: Look | null = null;
	const untouched = new Set<string>();
	const ends: { planned: string; place: WatchKillPlace | 'late' }[] = [];
	const faults: WatchFault[] = [];
	const other = (message: string) => void faults.push({ kind: 'other', message });
	/** A storm that fails has left its script; nothing that follows would mean anything. */
	let broken: Error | null = null;
	let doing: Promise<void> = Promise.resolve();

	function begin(crashAt: string, operations: number, mood: Mood): WatchProcess {
		const own = startWatch(dir, dataDir, { ...settings, DOCDROP_CRASH_AT: crashAt });
		last = own;
		doing = doing.then(() => storm.run(operations, mood)).catch((error: Error) => void (broken ??= error));
		return own;
	}

	/** What a process has ended with, and what it should not have said. */
	function listen(own: WatchProcess, { code, signal }: Ending, isCrash: boolean): void {
		if (isCrash ? signal !== 'SIGKILL' : code !== 0)
			other(`the process ended with ${signal ?? code}: ${own.said().slice(-2_000)}`);
		for (const line of own.said().split('\n'))
			if (/"level":[56]0/.test(line)) other(`log: ${line.slice(0, 800)}`);
	}

	/** Between two lives, while nothing is written: what was sent since the last look, against what there was to send. */
	async function look(): Promise<Look> {
		await storm.pause();
		const folder = await readFolder(dir);
		const counts = new Map(Array.from(folder.keys(), (path) => [path, storm.touches(path)]));
		const now: Look = {
			evidence: await readEvidence(dataDir),
			touches: (path) => counts.get(path) ?? storm.touches(path),
			folder: new Map(Array.from(folder, ([path, content]) => [path, sha256(content)])),
		};
		storm.resume();
		faults.push(...judgeSecret(now.evidence, sha256(Buffer.from(secret))));
		if (before !== null) {
			faults.push(...judgeSending(before, now));
			for (const [path, content] of before.evidence.settled)
				if (now.evidence.settled.get(path) === content) untouched.add(path);
		}
		before = now;
		return now;
	}

	async function live(kill: WatchKill, operations: number, mood: Mood): Promise<void> {
		const own = begin('nth' in kill ? watchKillName(kill) : '', operations, mood);
		const ending = await Promise.race([own.ended, whenOver(kill, own)]);
		if (ending === 'stuck') throw new Stuck(`${watchKillName(kill)}: ${await stuckReason(own)}`);
		own.kill();
		listen(own, await own.ended, true);
		const place = ending === 'through' && kill.at !== 'rest' ? 'late' : kill.at;
		ends.push({ planned: watchKillName(kill), place });
		const now = await look();
		if (kill.at === 'rest') faults.push(...judgeRest(now));
	}

	async function whenOver(kill: WatchKill, own: WatchProcess): Promise<'now' | 'through' | 'stuck'> {
		if (kill.at === 'startup') return sleep(kill.ms, 'now');
		await own.ready;
		if (kill.at === 'time') return sleep(kill.ms, 'now');
		return (await atRest(own)) === null ? 'stuck' : 'through';
	}

	/** Its last status once everything is done, seen and indexed; null where it ended, or the time is up. */
	async function atRest(own: WatchProcess): Promise<ProcessStatus | null> {
		await own.ready;
		const signal = AbortSignal.any([AbortSignal.timeout(deadlineMs), own.gone]);
		await Promise.race([doing, sleep(deadlineMs, null, { signal, ref: false }).catch(() => {})]);
		let isSeen = false;
		while (!signal.aborted) {
			const status = await own.status();
			// Twice in a row: figures of the folder and of the index are not of one moment.
			if (status !== null && hasSeenAll(status, storm.lastAt)) {
				if (isSeen && status.pending === 0 && status.inWork === 0) return status;
				isSeen = true;
			} else isSeen = false;
			await sleep(20);
		}
		return null;
	}

	let files = 0;
	try {
		await storm.begin();
		for (const [number, { kill, operations }] of lives.entries())
			await live(kill, operations, number < 2 ? 'calm' : 'wild');
		const own = begin('', 15, 'tricky');
		const status = await atRest(own);
		if (status === null) throw new Stuck(await stuckReason(own));
		own.stop();
		const ending = await Promise.race([own.ended, sleep(deadlineMs, null, { ref: false })]);
		if (ending === null) throw new Stuck('the process did not stop');
		listen(own, ending, false);
		const now = await look();
		faults.push(...judgeRest(now));
		const contents = await readFolder(dir);
		files = contents.size;
		const index = readSqliteVec(join(dataDir, 'vectors.db'));
		const store = readDocStore(dataDir);
		const { evidence } = now;
		const end = { tenant, files: contents, index, store, evidence, counted: status.documents };
		faults.push(...(await judgeIndex(end, createInProcessExtractor({ chunking }))));
	} catch (error) {
		other(error instanceof Stuck ? error.message : String((error as Error).stack));
	} finally {
		(last as WatchProcess | null)?.kill();
		await (last as WatchProcess | null)?.ended;
		storm.resume();
		await doing;
		if (broken !== null) other(`the storm itself failed: ${(broken as Error).message}`);
		if (faults.length === 0) await rm(home, { recursive: true });
	}
	return {
		run,
		seed,
		kills: ends,
		operations: storm.operations,
		files,
		untouched: untouched.size,
		seconds: (performance.now() - started) / 1000,
		faults,
		home: faults.length === 0 ? null : home,
	};
}

/** Everything that was done up to `since` (wall ms) is in the folder's state, and handed over, and noted as such. */
function hasSeenAll({ folders }: ProcessStatus, since: number): boolean {
	const [folder] = folders;
	const [root] = folder?.roots ?? [];
	if (folder === undefined || root === undefined || root.verifiedAt === null) return false;
	const isDone = root.pending === 0 && root.inFlight === 0 && folder.delivery.batchesInFlight === 0;
	return isDone && Date.parse(root.verifiedAt) > since;
}

async function stuckReason(own: WatchProcess): Promise<string> {
	if (own.gone.aborted) return `it ended by itself: ${own.said().slice(-2_000)}`;
	const status = await own.status();
	const { pending, inWork, folders } = status ?? {};
	return `not at rest after ${deadlineMs} ms: ${JSON.stringify({ pending, inWork, folders })}`;
}

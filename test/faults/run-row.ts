import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createInProcessExtractor } from '../../api/adapters/extractors/in-process.ts';
import { readDocStore, readQdrantDouble, readSqliteVec } from '../crash/inspect.ts';
import { judge } from '../crash/judge.ts';
import { createRandom } from '../crash/random.ts';
import { writeScript } from '../crash/script.ts';
import { startSource } from '../crash/source.ts';
import { readMetrics, type Metrics } from './metrics.ts';
import type { FaultRow, RowResult, Seen } from './row.ts';
import { chunking, collection, createWorld, type World } from './world.ts';

/**
 * Carries out one row: load before, under and after the fault, all of it held against the index at the end as
 * crash runs are. The figures are the process's own; what is lost or left behind is read from its files and peers.
 */
const changesPerPart = 25;
const partsWhileItLasts = 6;
const defaultLastsMs = 3_000;
const deadlineMs = 90_000;

/** A row that cannot go on; what it has seen so far is still judged. */
class Stuck extends Error {}

export async function runRow(row: FaultRow, seed: number, cacheDir: string): Promise<RowResult> {
	const started = performance.now();
	const skipped = (await row.skip?.()) ?? null;
	const none = {
		name: row.name,
		seen: null,
		changes: 0,
		lost: 0,
		leaked: 0,
		recoverySeconds: null,
		home: null,
	};
	if (skipped !== null) return { ...none, skipped, seconds: 0, faults: [] };

	const index = row.index ?? 'qdrant';
	const world = await createWorld({
		index,
		embedder: row.embedder ?? 'static',
		cacheDir,
		settings: row.settings ?? {},
		...(row.mount !== undefined && { mount: row.mount }),
		...(row.unmount !== undefined && { unmount: row.unmount }),
	});
	const random = createRandom(seed, row.name.length);
	const script = writeScript(random, partsWhileItLasts + 2, changesPerPart);
	const address = row.throughCallersProxy === true ? world.callersUrl : world.url;
	const source = startSource({ script, random, address, onAnswer() {} });
	const watch = startWatch(world);
	const faults: { kind: string; message: string }[] = [];
	const other = (message: string) => void faults.push({ kind: 'other', message });
	let seen: Seen | null = null;
	let recoverySeconds: number | null = null;

	async function settle(what: string): Promise<Status> {
		const end = performance.now() + deadlineMs;
		while (performance.now() < end) {
			const now = source.isThrough() ? await status(world.url()) : null;
			if (now !== null && isSettled(now) && source.isThrough()) return now;
			if (world.process().gone.aborted && world.url() === null)
				throw new Stuck(`${what}: the process ended by itself`);
			await sleep(20);
		}
		const now = JSON.stringify(await status(world.url()));
		throw new Stuck(`${what}: not settled after ${deadlineMs} ms: ${now}`);
	}

	async function recovered(): Promise<void> {
		const end = performance.now() + deadlineMs;
		while (row.isRecovered !== undefined && !(await row.isRecovered(world))) {
			if (performance.now() > end) throw new Stuck(`not recovered after ${deadlineMs} ms`);
			await sleep(20);
		}
	}

	try {
		await world.start();
		source.release();
		await settle('before the fault');
		await watch.begin();
		await row.strike(world);
		const partMs = (row.lastsMs ?? defaultLastsMs) / partsWhileItLasts;
		for (let part = 0; part < partsWhileItLasts; part += 1) {
			if (row.isQuiet !== true) source.release();
			await sleep(partMs);
		}
		await watch.mark();
		await row.lift(world);
		const lifted = performance.now();
		await settle('after the fault');
		await recovered();
		recoverySeconds = (performance.now() - lifted) / 1000;
		if (row.isQuiet === true) for (let part = 0; part < partsWhileItLasts; part += 1) source.release();
		source.release();
		const counted = await settle('at the end');
		seen = await watch.end(source.unanswered());
		await source.stop();
		const { code, signal } = await world.stop();
		if (code !== 0)
			other(`the process ended with ${signal ?? code}: ${world.process().said().rest.slice(-800)}`);
		for (const line of world.process().said().errors)
			if (row.mayLog?.test(line) !== true) other(`log: ${line.slice(0, 500)}`);
		for (const refusal of source.refusals) other(`refused: ${refusal}`);
		const contents =
			index === 'qdrant'
				? readQdrantDouble(world.qdrant, collection)
				: readSqliteVec(join(world.dataDir, 'vectors.db'));
		const store = readDocStore(world.dataDir);
		const { receipts, uncertain } = source;
		const evidence = { receipts, uncertain, index: contents, store, counted };
		faults.push(...(await judge(evidence, createInProcessExtractor({ chunking }))));
		const unmet = row.demand?.(seen) ?? null;
		if (unmet !== null) other(unmet);
	} catch (error) {
		other(error instanceof Stuck ? error.message : String((error as Error).stack));
	} finally {
		watch.stop();
		await source.stop();
		await world.close(faults.length > 0);
	}
	const count = (...kinds: string[]) => faults.filter(({ kind }) => kinds.includes(kind)).length;
	return {
		name: row.name,
		skipped: null,
		seen,
		changes: source.receipts.size,
		lost: count('lost'),
		leaked: count('duplicated', 'leaked', 'stale'),
		recoverySeconds,
		seconds: (performance.now() - started) / 1000,
		faults: faults.map(({ kind, message }) => `${kind}: ${message}`),
		home: faults.length > 0 ? world.home : null,
	};
}

interface Status {
	readonly documents: number;
	readonly chunks: number;
	readonly pending: number;
	readonly inWork: number;
	readonly index: { readonly breaker: string };
	readonly embedder: { readonly breaker: string };
}

const isSettled = ({ pending, inWork }: Status): boolean => pending === 0 && inWork === 0;

async function status(url: string | null): Promise<Status | null> {
	if (url === null) return null;
	try {
		const response = await fetch(`${url}/v1/status`, { signal: AbortSignal.timeout(5_000) });
		return response.ok ? ((await response.json()) as Status) : null;
	} catch {
		return null;
	}
}

/** Follows the process's figures over its lives: a restart begins its counters anew. */
function startWatch(world: World) {
	let base: Metrics | null = null;
	let last: Metrics | null = null;
	let pid: unknown = null;
	let isOver = false;
	let breakerOpened = false;
	/** Attempts until the fault was lifted; null while it lasts. */
	let underFault: number | null = null;
	const sums = { struck: 0, attempts: 0, probes: 0, written: 0, removed: 0 };
	const retries: Record<string, number> = {};
	const answers: Record<string, number> = {};

	function close(): void {
		if (last === null) return;
		const grown = (name: string) => (last?.sum(name) ?? 0) - (base?.sum(name) ?? 0);
		sums.attempts += grown('docdrop_peer_attempts_total');
		sums.probes += grown('docdrop_peer_probes_total');
		for (const action of ['written', 'removed'] as const) {
			const name = 'docdrop_mended_points_total';
			const labels = `action="${action}"`;
			sums[action] += last.sum(name, labels) - (base?.sum(name, labels) ?? 0);
		}
		for (const [name, label, where, into] of [
			['docdrop_retries_total', 'code', /^/, retries],
			['docdrop_request_seconds_count', 'status', /method="(POST|PUT)"/, answers],
		] as const) {
			const before = base?.by(name, label, where) ?? {};
			for (const [key, value] of Object.entries(last.by(name, label, where)))
				if (value > (before[key] ?? 0)) into[key] = (into[key] ?? 0) + value - (before[key] ?? 0);
		}
		base = null;
		last = null;
	}
	async function look(): Promise<void> {
		const url = world.url();
		if (url === null) return;
		const process = world.process();
		const now = await readMetrics(url);
		if (now === null) return;
		if (process !== pid) {
			close();
			pid = process;
		}
		last = now;
		if (now.sum('docdrop_breaker_open') > 0) breakerOpened = true;
	}
	async function follow(): Promise<void> {
		while (!isOver) {
			await look();
			await sleep(100);
		}
	}
	return {
		async begin() {
			await look();
			base = last;
			breakerOpened = false;
			void follow();
		},
		/** The fault is about to be lifted. */
		async mark() {
			await look();
			const name = 'docdrop_peer_attempts_total';
			underFault = sums.attempts + (last?.sum(name) ?? 0) - (base?.sum(name) ?? 0);
		},
		stop: () => void (isOver = true),
		async end(unanswered: number): Promise<Seen> {
			isOver = true;
			await look();
			close();
			const struck = world.index.struck() + world.embedding.struck() + world.callers.struck();
			return {
				struck,
				breakerOpened,
				attempts: underFault ?? sums.attempts,
				probes: sums.probes,
				retries,
				answers,
				unanswered,
				repaired: { written: sums.written, removed: sums.removed },
			};
		},
	};
}

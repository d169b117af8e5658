import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RootStatus } from '../../nodes/watch/watch-status.ts';
import type { Bench, Result } from './bench.ts';
import { startScript } from './child-script.ts';
import { watchPeakMemory } from './peak-memory.ts';
import { startWatching, type Watching } from './storm-process.ts';
import {
	hashTree,
	makeFolders,
	pathOf,
	renamed,
	renamedPathOf,
	type Layout,
	type Load,
} from './storm-writer.ts';
import { round } from './table.ts';
import { waitUntil } from './wait-until.ts';

/**
 * 21,000 files in one burst, and what follows: how many the engine misses or tells twice, and how soon it has
 * proven that it missed none. Beside it chokidar alone under the same load, in a pass of its own, so that
 * neither takes the cores from the other. BENCH_STORM names the cases to run by a part of their name.
 */
const files = 21_000;
const graceMs = 1000;
const blockMs = 5000;
/** Each question costs the engine a few ms while much is on its way. */
const pollMs = 100;
/** After so much silence chokidar has said all that it will. */
const chokidarQuietMs = 4000;
const brakeOff = '1';
const brakeOn = '0.2';

interface Case {
	readonly name: string;
	readonly missed: number;
	readonly doubled: number;
	/** From the later of the last write and the end of the block, a deletion's grace subtracted. */
	readonly secondsToVerified: number;
	/** To the last delivery that the load called for. */
	readonly secondsToDelivered: number;
	/** Of the processor, for all of it: by the event loop's thread, and by all of the process. */
	readonly loopCpuSeconds: number;
	readonly cpuSeconds: number;
	readonly peakRssMb: number;
	readonly chokidarMissed: number;
}

type Condition = 'idle' | 'blocked' | 'overrun';

export async function run(bench: Bench): Promise<Result> {
	const wanted = process.env['BENCH_STORM'] ?? '';
	const cases: Case[] = [];
	const faults: string[] = [];
	const report = (one: Case) => {
		cases.push(one);
		console.log(`  ${one.name.padEnd(28)} ${describe(one)}`);
		if (one.missed > 0) faults.push(`${one.name}: ${one.missed} missed`);
		if (one.doubled > 0) faults.push(`${one.name}: ${one.doubled} told twice`);
	};
	for (const layout of ['flat', 'folders'] as const) {
		for (const condition of ['blocked', 'overrun'] as const) {
			if (!`${layout} ${condition}`.includes(wanted)) continue;
			await session(bench, layout, condition, ['create'], report);
		}
		if (!`${layout} idle`.includes(wanted)) continue;
		await session(bench, layout, 'idle', ['create', 'edit', 'rename', 'remove'], report);
	}
	return { figures: { cases }, faults };
}

const describe = (one: Case) =>
	`missed ${one.missed}, told twice ${one.doubled}, verified in ${one.secondsToVerified} s, ` +
	`delivered in ${one.secondsToDelivered} s, peak ${one.peakRssMb} MB, ` +
	`processor ${one.cpuSeconds} s (event loop ${one.loopCpuSeconds}); chokidar missed ${one.chokidarMissed}`;

/** Loads one after the other on one folder, first for the engine, then for chokidar; for the last one the brake too. */
async function session(
	bench: Bench,
	layout: Layout,
	condition: Condition,
	loads: readonly Load[],
	report: (one: Case) => void,
): Promise<void> {
	const count = condition === 'overrun' ? Math.max(files, Math.ceil(1.3 * queueLimit())) : files;
	const mine = await folderOf(bench, layout);
	let engine = await startEngine(bench, mine, brakeOff);
	const results: Omit<Case, 'chokidarMissed'>[] = [];
	for (const load of loads) {
		const name = `${load} ${layout} ${condition}`;
		results.push(
			await measured(bench, engine, mine.dir, name, () =>
				put(bench, engine, load, layout, mine.dir, count, condition),
			),
		);
	}
	if (loads.includes('remove')) {
		await engine.stop();
		engine = await startEngine(bench, mine, brakeOn);
		results.push(await braked(bench, engine, layout, mine.dir));
	}
	await engine.stop();

	const theirs = await folderOf(bench, layout);
	const chokidar = await startWatching(bench, new URL('./storm-chokidar.ts', import.meta.url), [theirs.dir]);
	for (const [at, result] of results.entries()) {
		const load = loads[at] ?? 'remove';
		await chokidar.ask('forget');
		const before = new Set(hashTree(theirs.dir).keys());
		const since = await put(bench, chokidar, load, layout, theirs.dir, count, condition);
		const quietMs = async () => Math.min(await chokidar.ask<number>('quietMs'), Date.now() - since);
		await waitUntil(async () => (await quietMs()) > chokidarQuietMs, 250, bench.signal);
		const seen = new Set(await chokidar.ask<string[]>('seen'));
		const missing = expected(load, layout, count, before, new Set(hashTree(theirs.dir).keys())).filter(
			(events) => !events.every((event) => seen.has(event)),
		);
		report({ ...result, chokidarMissed: missing.length });
	}
	await chokidar.stop();
}

interface Folder {
	readonly dir: string;
	readonly stateDir: string;
}

async function folderOf(bench: Bench, layout: Layout): Promise<Folder> {
	const base = await bench.temp();
	const [dir, stateDir] = [join(base, 'inbox'), join(base, 'state')];
	for (const made of [dir, stateDir]) mkdirSync(made);
	makeFolders(dir, layout);
	return { dir, stateDir };
}

const startEngine = (bench: Bench, { dir, stateDir }: Folder, brakeShare: string) =>
	startWatching(bench, new URL('./storm-engine.ts', import.meta.url), [
		dir,
		stateDir,
		`${graceMs}`,
		brakeShare,
	]);

/** The load, under its condition; resolves with the later of the last write and the end of the block, wall ms. */
async function put(
	bench: Bench,
	watching: Watching,
	load: Load,
	layout: Layout,
	dir: string,
	count: number,
	condition: Condition,
): Promise<number> {
	// The queue overruns for sure where all is written before the loop turns again.
	const flag = condition === 'overrun' ? join(await bench.temp(), 'written') : undefined;
	if (condition !== 'idle') await watching.block(blockMs, flag);
	const args = [load, layout, dir, `${count}`];
	const writer = startScript(bench, new URL('./storm-writer.ts', import.meta.url), args);
	const done = Number((await writer.line((line) => line.startsWith('done '))).split(' ')[1]);
	if (flag !== undefined) writeFileSync(flag, '');
	return Math.max(done, await watching.blockEndedAt());
}

async function measured(
	bench: Bench,
	engine: Watching,
	dir: string,
	name: string,
	work: () => Promise<number>,
): Promise<Omit<Case, 'chokidarMissed'>> {
	resetPeak(engine.pid);
	const memory = watchPeakMemory(engine.pid);
	bench.onEnd(() => memory.stop());
	const { doubled: before } = await engine.ask<{ doubled: number }>('counts');
	const cpu = await cpuOf(engine);
	const since = await work();
	const grace = name.startsWith('remove') ? graceMs : 0;
	const passed = () => round((Date.now() - since - grace) / 1000);
	let verified: number | null = null;
	const delivered = await waitUntil(
		async () => {
			const root = await engine.ask<RootStatus>('root');
			const isProven = root.verifiedAt !== null && Date.parse(root.verifiedAt) > since;
			if (isProven) verified ??= passed();
			return isProven && root.pending + root.inFlight === 0 && passed();
		},
		pollMs,
		bench.signal,
	);
	const peakRssMb = memory.own();
	memory.stop();
	const { doubled } = await engine.ask<{ doubled: number }>('counts');
	return {
		name,
		missed: difference(new Map(await engine.ask<[string, string][]>('held')), hashTree(dir)),
		doubled: doubled - before,
		secondsToVerified: verified ?? delivered,
		secondsToDelivered: delivered,
		...(await cpu()),
		peakRssMb,
	};
}

/** Half of the folder goes while the brake is on: all of it must be held, and go when a person says so. */
async function braked(
	bench: Bench,
	engine: Watching,
	layout: Layout,
	dir: string,
): Promise<Omit<Case, 'chokidarMissed'>> {
	const memory = watchPeakMemory(engine.pid);
	bench.onEnd(() => memory.stop());
	const cpu = await cpuOf(engine);
	const before = hashTree(dir).size;
	const since = await put(bench, engine, 'remove', layout, dir, files, 'idle');
	const removed = before - hashTree(dir).size;
	const passed = () => round((Date.now() - since - graceMs) / 1000);
	const root = () => engine.ask<RootStatus>('root');
	const counts = () => engine.ask<{ deleted: number; created: number; doubled: number }>('counts');
	const held = await waitUntil(
		async () => {
			const status = await root();
			return status.held?.count === removed && status.pending + status.inFlight === 0 && passed();
		},
		pollMs,
		bench.signal,
	);
	const slipped = (await counts()).deleted;
	await engine.ask('release');
	const gone = await waitUntil(
		async () => {
			const status = await root();
			return status.pending + status.inFlight === 0 && status.files === before - removed && passed();
		},
		pollMs,
		bench.signal,
	);
	const { deleted, doubled } = await counts();
	memory.stop();
	return {
		name: `remove ${layout} braked`,
		missed: slipped + (removed - deleted),
		doubled,
		secondsToVerified: held,
		secondsToDelivered: gone,
		...(await cpu()),
		peakRssMb: memory.own(),
	};
}

/** What the engine takes of the processor from now on. */
async function cpuOf(engine: Watching) {
	const [loop, all] = await engine.ask<[number, number]>('cpuSeconds');
	return async () => {
		const [loopNow, allNow] = await engine.ask<[number, number]>('cpuSeconds');
		return { loopCpuSeconds: round(loopNow - loop), cpuSeconds: round(allNow - all) };
	};
}

/** Documents that the consumer should hold and does not, or holds and should not, or with another content. */
function difference(held: ReadonlyMap<string, string>, tree: ReadonlyMap<string, string>): number {
	const wrong = [...tree].filter(([docId, sha256]) => held.get(docId) !== sha256).length;
	return wrong + [...held.keys()].filter((docId) => !tree.has(docId)).length;
}

/** The events that chokidar owes for each file. */
function expected(
	load: Load,
	layout: Layout,
	count: number,
	before: ReadonlySet<string>,
	after: ReadonlySet<string>,
): string[][] {
	const each = (total: number, events: (at: number) => string[]) =>
		Array.from({ length: total }, (_, at) => events(at));
	switch (load) {
		case 'create':
			return each(count, (at) => [`add ${pathOf(layout, at)}`]);
		case 'edit':
			return each(count, (at) => [`change ${pathOf(layout, at)}`]);
		case 'rename':
			return each(renamed, (at) => [`add ${renamedPathOf(layout, at)}`, `unlink ${pathOf(layout, at)}`]);
		case 'remove':
			return [...before].filter((path) => !after.has(path)).map((path) => [`unlink ${path}`]);
	}
}

function queueLimit(): number {
	return Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'));
}

/** So that a peak is that of one case; where the system forbids it, it is that of all cases so far. */
function resetPeak(pid: number): void {
	try {
		writeFileSync(`/proc/${pid}/clear_refs`, '5');
	} catch {
		// The figure is then an upper bound.
	}
}

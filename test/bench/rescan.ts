import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../nodes/watch/clock.ts';
import { nodeDisk, type Disk } from '../../nodes/watch/disk.ts';
import { createWatchEngine } from '../../nodes/watch/watch-engine.ts';
import { createDirectoryHints } from '../../nodes/watch/hints/directories.ts';
import { createThreadScanner } from '../../nodes/watch/scan/scanner-in-thread.ts';
import { createSqliteFileState } from '../../nodes/watch/state/sqlite.ts';
import type { Bench, Result } from './bench.ts';
import { startScript } from './child-script.ts';
import { largeTree } from './large-tree.ts';
import { watchLoopTurns } from './loop-turns.ts';
import { median, printTable, round } from './table.ts';

/**
 * A scan of a folder in which nothing has changed, by an engine that knows every file of it, against the plain
 * list and stat of the same folder; by turns, in one process. It reads nothing and sends nothing.
 */
const rounds = 5;
/** A file that is younger than this when it is hashed would be read again, ms. */
const racyMs = 2100;
const scanThread = new URL('../../nodes/watch/scan/scan-thread.ts', import.meta.url);

export async function run(bench: Bench): Promise<Result> {
	const { dir, name } = await largeTree(bench);
	const { files, newestMs } = plainWalk(dir);
	await sleep(Math.max(0, newestMs + racyMs - Date.now()), undefined, { signal: bench.signal });

	const file = join(await bench.temp(), 'state.db');
	let deliveries = 0;
	let bytesRead = 0;
	const disk: Disk = {
		...nodeDisk,
		async open(path, found) {
			const opened = await nodeDisk.open(path, found);
			const read = async (buffer: Uint8Array) => {
				const bytes = await opened.read(buffer);
				bytesRead += bytes;
				return bytes;
			};
			return { ...opened, read };
		},
	};
	const start = async () => {
		const engine = createWatchEngine({
			roots: [{ label: 'docs', dir }],
			state: createSqliteFileState({ file, clock: systemClock }),
			hints: createDirectoryHints,
			disk,
			scanner: createThreadScanner(scanThread),
			clock: systemClock,
			settings: { scanEveryMs: 3_600_000 },
			deliver: async (batch) => {
				deliveries += 1;
				return batch.map(() => ({ kind: 'delivered' }));
			},
			log: (level, event, data) => console.log(`  ${level}: ${event} ${JSON.stringify(data)}`),
		});
		bench.onEnd(() => engine.close());
		await engine.start();
		await engine.idle();
		return engine;
	};
	// The first life takes everything in, the second one finds it in its state.
	await (await start()).close();
	const engine = await start();
	await engine.scanNow();

	const plain: number[] = [];
	const scans: number[] = [];
	let processBytes = 0;
	let loopMaxMs = 0;
	let loopMaxCpuMs = 0;
	deliveries = 0;
	bytesRead = 0;
	for (let at = 0; at < rounds; at += 1) {
		plain.push(timed(() => plainWalk(dir)));
		await sleep(50, undefined, { signal: bench.signal });
		const turns = watchLoopTurns();
		const before = bytesSoFar();
		const begin = performance.now();
		await engine.scanNow();
		scans.push((performance.now() - begin) / 1000);
		processBytes += bytesSoFar() - before;
		const { wallMs, cpuMs } = await turns.stop();
		loopMaxMs = Math.max(loopMaxMs, wallMs);
		loopMaxCpuMs = Math.max(loopMaxCpuMs, cpuMs);
	}
	const apiCalls = deliveries;
	const [root] = engine.status().roots;
	await engine.close();

	const memory = startScript(bench, new URL('./watcher-memory.ts', import.meta.url), [dir]);
	const watcher = JSON.parse(await memory.line((line) => line.startsWith('{'))) as {
		before: number;
		after: number;
		files: number;
		directories: number;
		armMs: number;
	};
	const bytesPerFile = Math.round((watcher.after - watcher.before) / watcher.files);
	const seconds = median(scans);
	const plainSeconds = median(plain);
	const ratio = seconds / plainSeconds;
	const figures = {
		files,
		seconds: round(seconds, 3),
		plainSeconds: round(plainSeconds, 3),
		ratio: round(ratio),
		bytesRead,
		apiCalls,
		loopMaxMs: round(loopMaxMs, 1),
		loopMaxCpuMs: round(loopMaxCpuMs, 1),
		bytesPerFile,
	};
	printTable([
		['files', files, `${name}; ${root?.files} of them watched, ${watcher.directories} directories`],
		['scan', figures.seconds, `s, median of ${rounds}: ${scans.map((it) => round(it, 3)).join(' ')}`],
		['plain list and stat', figures.plainSeconds, `s: ${plain.map((it) => round(it, 3)).join(' ')}`],
		['ratio', figures.ratio, 'goal 1.5'],
		[
			'bytes read',
			bytesRead,
			`of files, in ${rounds} scans; ${processBytes} by the process, to wake its threads`,
		],
		['deliveries', apiCalls],
		[
			'longest block of the event loop',
			figures.loopMaxMs,
			`ms, ${figures.loopMaxCpuMs} of them at work; goal 50`,
		],
		['watcher per file', bytesPerFile, `bytes of resident memory; armed in ${watcher.armMs} ms`],
	]);
	const faults: string[] = [];
	if (bytesRead > 0) faults.push(`${bytesRead} bytes were read for nothing`);
	// Eight bytes wake a thread: not even one byte of every file can be among these.
	if (processBytes > files) faults.push(`the process read ${processBytes} bytes, it is unknown of what`);
	if (apiCalls > 0) faults.push(`${apiCalls} deliveries although nothing changed`);
	if (root?.verifiedAt == null) faults.push('the scans proved nothing');
	return { figures, faults };
}

/** What one would write by hand, in the form that turned out fastest. */
function plainWalk(dir: string): { files: number; newestMs: number } {
	let files = 0;
	let newestMs = 0;
	const directories = [dir];
	for (let parent = directories.pop(); parent !== undefined; parent = directories.pop()) {
		for (const entry of readdirSync(parent, { withFileTypes: true })) {
			const path = `${parent}/${entry.name}`;
			if (entry.isDirectory()) {
				directories.push(path);
				continue;
			}
			newestMs = Math.max(newestMs, lstatSync(path).ctimeMs);
			files += 1;
		}
	}
	return { files, newestMs };
}

function timed(work: () => unknown): number {
	const begin = performance.now();
	work();
	return (performance.now() - begin) / 1000;
}

/** Bytes that this process, all its threads, had from read calls; the reading of this very figure left out. */
function bytesSoFar(): number {
	const text = readFileSync('/proc/self/io', 'latin1');
	own += text.length;
	return Number(/^rchar: (\d+)$/m.exec(text)?.[1] ?? 0) - (own - text.length);
}
let own = 0;

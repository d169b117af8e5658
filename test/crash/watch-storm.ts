import { execFile } from 'node:child_process';
import {
	appendFile,
	copyFile,
	mkdir,
	rename,
	rm,
	symlink,
	truncate,
	utimes,
	writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Random } from './random.ts';
import {
	secret,
	type Mood,
	type Operation,
	type Trick,
	type TrickedFile,
	type WatchScript,
} from './watch-script.ts';

/** Does a script's operations on a real folder, one after the other, whether anybody watches or not. */
export interface Storm {
	/** Writes the files to begin with. */
	begin(): Promise<void>;
	/** Does so many operations at its own pace; resolves after the last. */
	run(count: number, mood: Mood): Promise<void>;
	/** Resolves when no operation is under way; none is begun until `resume`. */
	pause(): Promise<void>;
	resume(): void;
	/** How often the path may have changed its content. */
	touches(path: string): number;
	readonly operations: number;
	/** Wall ms after the last operation. */
	readonly lastAt: number;
}

const longestPauseMs = 40;
/** Between two pieces of a file; below the quiet time of the engine and above it. */
const pieceMs = [5, 120, 400] as const;
/** Between two drops: far below the quiet time, and all of them together far above the longest wait. */
const dropMs = 12;

export function startStorm({
	dir,
	script,
	random,
}: {
	readonly dir: string;
	readonly script: WatchScript;
	readonly random: Random;
}): Storm {
	const touches = new Map<string, number>();
	let operations = 0;
	let lastAt = 0;
	let gate: PromiseWithResolvers<void> | null = null;
	let underWay: Promise<void> = Promise.resolve();

	async function step(mood: Mood): Promise<void> {
		const { operation, touched } = script.next(mood);
		for (const path of touched) touches.set(path, (touches.get(path) ?? 0) + 1);
		await operate(dir, operation, random);
		operations += 1;
		lastAt = Date.now();
	}
	return {
		async begin() {
			await writeFile(secretOf(dir), secret);
			for (const [path, text] of script.first) await put(join(dir, path), text);
			lastAt = Date.now();
		},
		async run(count, mood) {
			for (let done = 0; done < count; done += 1) {
				await sleep(random.chance(0.3) ? 0 : random.int(0, longestPauseMs));
				await gate?.promise;
				underWay = step(mood);
				await underWay;
			}
		},
		async pause() {
			gate ??= Promise.withResolvers();
			await underWay;
		},
		resume() {
			gate?.resolve();
			gate = null;
		},
		touches: (path) => touches.get(path) ?? 0,
		get operations() {
			return operations;
		},
		get lastAt() {
			return lastAt;
		},
	};
}

const secretOf = (dir: string) => join(dirname(dir), 'secret.md');

async function put(file: string, text: string): Promise<void> {
	await mkdir(dirname(file), { recursive: true });
	await writeFile(file, text);
}

async function operate(dir: string, operation: Operation, random: Random): Promise<void> {
	if (operation.do === 'trick') return play(dir, operation);
	const at = join(dir, operation.path);
	const to = 'to' in operation ? join(dir, operation.to) : '';
	switch (operation.do) {
		case 'write':
			return write(at, operation, random);
		case 'touch':
			return utimes(at, new Date(), new Date());
		case 'remove':
			return rm(at);
		case 'remove folder':
			return rm(at, { recursive: true });
		case 'copy':
			await mkdir(dirname(to), { recursive: true });
			return copyFile(at, to);
		case 'rename':
		case 'rename folder':
			await mkdir(dirname(to), { recursive: true });
			return rename(at, to);
		case 'swap': {
			const between = join(dirname(at), '.between');
			await rename(at, between);
			await rename(to === at ? between : to, at);
			if (to !== at) await rename(between, to);
		}
	}
}

async function play(
	dir: string,
	{ trick, files, after, lasts }: Extract<Operation, { do: 'trick' }>,
): Promise<void> {
	for (const { path, text } of files) await put(join(dir, path), text);
	await sleep(after);
	for (const file of files) await begin(dir, trick, file);
	await sleep(lasts);
	for (const { path, last } of files) await end(join(dir, path), trick, last);
}

/** Beside a file, until it is renamed over it. */
const besideOf = (at: string) => join(dirname(at), '.beside.tmp');

async function begin(dir: string, trick: Trick, { path, other, to }: TrickedFile): Promise<void> {
	const at = join(dir, path);
	const beside = besideOf(at);
	switch (trick) {
		case 'another text':
			return put(at, other);
		case 'link':
			await symlink(secretOf(dir), beside);
			return rename(beside, at);
		case 'pipe':
			await promisify(execFile)('mkfifo', [beside]);
			return rename(beside, at);
		case 'folder':
			await rm(at);
			return put(join(at, 'inside.md'), other);
		case 'rename':
		case 'truncate': {
			const log = join(dir, to ?? '');
			await mkdir(dirname(log), { recursive: true });
			if (trick === 'rename') return rename(at, log);
			await copyFile(at, log);
			return truncate(at);
		}
	}
}

async function end(at: string, trick: Trick, last: string): Promise<void> {
	if (trick === 'folder') await rm(at, { recursive: true });
	if (trick !== 'link' && trick !== 'pipe') return put(at, last);
	// Written to, they would change what they lead to, or wait for a reader.
	await put(besideOf(at), last);
	await rename(besideOf(at), at);
}

async function write(
	at: string,
	{ text, how }: Extract<Operation, { do: 'write' }>,
	random: Random,
): Promise<void> {
	if (how === 'plain') return put(at, text);
	if (how === 'atomic') {
		const beside = join(dirname(at), '.saving.tmp');
		await put(beside, text);
		return rename(beside, at);
	}
	const pieces = how === 'pieces' ? 3 : 30;
	const pause = how === 'pieces' ? random.pick(pieceMs) : dropMs;
	const cuts = Array.from({ length: pieces + 1 }, (_, part) => Math.floor((text.length * part) / pieces));
	await put(at, '');
	for (const [index, cut] of cuts.slice(1).entries()) {
		await sleep(pause);
		await appendFile(at, text.slice(cuts[index], cut));
	}
}

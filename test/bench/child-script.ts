import { spawn, type ChildProcess } from 'node:child_process';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bench } from './bench.ts';

export const projectDir = fileURLToPath(new URL('../..', import.meta.url));

export interface Script {
	readonly pid: number;
	/** What it has written to standard error, its end. */
	readonly errors: () => string;
	/** Resolves with the code; null for a signal. */
	readonly exited: Promise<number | null>;
	/** Resolves with the first line of standard output that `test` takes; rejects when the process ends before. */
	line(test: (line: string) => boolean): Promise<string>;
	kill(signal: NodeJS.Signals): void;
}

/** Starts a program of this project as a process of its own. It is killed at the end, if it still runs. */
export function startScript(
	bench: Bench,
	file: URL,
	args: readonly string[],
	settings: Readonly<Record<string, string>> = {},
): Script {
	const child: ChildProcess = spawn(process.execPath, [...nodeOptions(), fileURLToPath(file), ...args], {
		cwd: projectDir,
		env: { ...withoutSettings(), ...settings },
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	let errors = '';
	child.stderr?.setEncoding('utf8').on('data', (text: string) => (errors = (errors + text).slice(-4000)));
	const exited = new Promise<number | null>((resolve, reject) => {
		child.once('error', reject).once('exit', (code) => resolve(code));
	});
	const lines: string[] = [];
	let heard = () => {};
	let rest = '';
	child.stdout?.setEncoding('utf8').on('data', (text: string) => {
		const parts = (rest + text).split('\n');
		rest = parts.pop() ?? '';
		lines.push(...parts);
		heard();
	});
	bench.onEnd(async () => {
		if (child.exitCode !== null || child.signalCode !== null) return;
		child.kill('SIGKILL');
		await exited;
	});
	return {
		pid: child.pid ?? 0,
		errors: () => errors,
		exited,
		async line(test) {
			const ended = exited.then((code) => {
				throw new Error(`${basename(file.pathname)} ended with ${code}:\n${errors}`);
			});
			for (let at = 0; ;) {
				for (; at < lines.length; at += 1) {
					const line = lines[at] ?? '';
					if (!test(line)) continue;
					ended.catch(() => {});
					return line;
				}
				await Promise.race([new Promise<void>((resolve) => (heard = resolve)), ended]);
			}
		},
		kill: (signal) => void child.kill(signal),
	};
}

/** BENCH_NODE_OPTIONS="--cpu-prof ..." profiles what a benchmark starts. */
const nodeOptions = () => (process.env['BENCH_NODE_OPTIONS'] ?? '').split(' ').filter(Boolean);

/** Nobody's own settings change what is measured. */
const withoutSettings = () =>
	Object.fromEntries(
		Object.entries(process.env).filter(
			([name]) => !name.startsWith('DOCDROP_') && name !== 'SKIP_RATE_LIMITS_LOCAL',
		),
	);

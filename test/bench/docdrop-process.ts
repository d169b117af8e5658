import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Status } from '../../api/cli/api-client.ts';
import type { ServerNote } from '../../api/data-folder.ts';
import type { Bench } from './bench.ts';
import { startScript } from './child-script.ts';
import { watchPeakMemory, type PeakMemory } from './peak-memory.ts';
import { waitUntil } from './wait-until.ts';

/** The real server as a process of its own, and the few questions that benchmarks ask it. */
export interface DocDrop {
	readonly url: string;
	readonly pid: number;
	/** Wall time at which it was ready; the first scan of a followed folder begins a few ms before. */
	readonly readyAt: number;
	readonly memory: PeakMemory;
	status(): Promise<Status>;
	/** Value of a metric by its name and labels as printed, such as `docdrop_breaker_open{peer="index"}`. */
	metrics(): Promise<(name: string) => number>;
	get<T>(path: string): Promise<{ status: number; body: T }>;
	post<T>(path: string, body: object): Promise<{ status: number; body: T }>;
	/** In order; rejects when it ends with anything but 0. */
	stop(): Promise<void>;
	kill(): Promise<void>;
}

export async function startDocDrop(
	bench: Bench,
	command: readonly string[],
	dataDir: string,
	settings: Readonly<Record<string, string>> = {},
	/** Of the project: from source, or as it is packed. */
	cli: 'api/cli.ts' | 'dist/api/cli.mjs' = 'api/cli.ts',
): Promise<DocDrop> {
	const script = startScript(bench, new URL(`../../${cli}`, import.meta.url), command, {
		DOCDROP_DATA_DIR: dataDir,
		DOCDROP_PORT: '0',
		DOCDROP_LOG_LEVEL: 'error',
		...settings,
	});
	const memory = watchPeakMemory(script.pid);
	bench.onEnd(() => memory.stop());
	let hasEnded = false;
	void script.exited.then(() => (hasEnded = true));
	const noteFile = join(dataDir, 'server.json');
	const note = await waitUntil(
		() => {
			if (hasEnded) throw new Error(`the server ended:\n${script.errors()}`);
			const found = readNote(noteFile);
			return found?.pid === script.pid ? found : null;
		},
		10,
		bench.signal,
	);
	const readyAt = statSync(noteFile).mtimeMs;

	async function ask<T>(path: string, init: RequestInit): Promise<{ status: number; body: T }> {
		const answer = await fetch(note.url + path, { ...init, signal: bench.signal });
		return { status: answer.status, body: (await answer.json()) as T };
	}
	const get = <T>(path: string) => ask<T>(path, {});
	return {
		url: note.url,
		pid: script.pid,
		readyAt,
		memory,
		get,
		post: (path, body) =>
			ask(path, {
				method: 'POST',
				headers: { 'content-type': 'application/json' },
				body: JSON.stringify(body),
			}),
		status: async () => (await get<Status>('/v1/status')).body,
		async metrics() {
			const text = await (await fetch(`${note.url}/metrics`, { signal: bench.signal })).text();
			return (name) => {
				const line = text.split('\n').find((one) => one.startsWith(`${name} `));
				return line === undefined ? Number.NaN : Number(line.slice(name.length + 1));
			};
		},
		async stop() {
			memory.total();
			script.kill('SIGTERM');
			const code = await script.exited;
			if (code !== 0) throw new Error(`the server ended with ${code}:\n${script.errors()}`);
		},
		async kill() {
			script.kill('SIGKILL');
			await script.exited;
		},
	};
}

function readNote(file: string): ServerNote | null {
	try {
		return JSON.parse(readFileSync(file, 'utf8')) as ServerNote;
	} catch {
		return null;
	}
}

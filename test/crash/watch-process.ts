import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ServerNote } from '../../api/data-folder.ts';
import type { WatchStatus } from '../../nodes/watch/watch-status.ts';
import type { Ending } from './api-process.ts';

/** The real process, `docdrop watch DIR`, from its start to its end. */
export interface WatchProcess {
	/** Resolves when it follows the folder, or has ended before. */
	readonly ready: Promise<void>;
	readonly ended: Promise<Ending>;
	readonly gone: AbortSignal;
	/** What it says of itself; null while it does not answer. */
	status(): Promise<ProcessStatus | null>;
	/** What it wrote to stderr. */
	said(): string;
	/** SIGKILL. */
	kill(): void;
	/** SIGTERM: it finishes and ends by itself. */
	stop(): void;
}

export interface ProcessStatus {
	readonly documents: number;
	readonly pending: number;
	readonly inWork: number;
	readonly folders: readonly WatchStatus[];
}

const root = fileURLToPath(new URL('../../', import.meta.url));

export function startWatch(
	dir: string,
	dataDir: string,
	settings: Readonly<Record<string, string>>,
): WatchProcess {
	const own = Object.entries(process.env).filter(([name]) => !name.startsWith('DOCDROP_'));
	const args = ['--disable-warning=ExperimentalWarning', 'api/cli.ts', 'watch', dir];
	const child = spawn(process.execPath, args, {
		cwd: root,
		env: { ...Object.fromEntries(own), DOCDROP_DATA_DIR: dataDir, DOCDROP_PORT: '0', ...settings },
		stdio: ['ignore', 'ignore', 'pipe'],
	});
	let output = '';
	let url: string | null = null;
	child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
	const gone = new AbortController();
	const ended = new Promise<Ending>((resolve, reject) => {
		child.once('error', reject);
		// `close` comes when stderr has been read to its end.
		child.once('close', (code, signal) => {
			gone.abort();
			resolve({ code, signal });
		});
	});

	async function find(): Promise<void> {
		while (!gone.signal.aborted && url === null) {
			// A killed process leaves its note behind: only one with this process's number counts.
			const text = await readFile(join(dataDir, 'server.json'), 'utf8').catch(() => '');
			try {
				const note = JSON.parse(text) as ServerNote;
				if (note.pid === child.pid) url = note.url;
			} catch {
				// Not there yet, or half written.
			}
			if (url === null) await sleep(10);
		}
	}

	return {
		ready: find(),
		ended,
		gone: gone.signal,
		async status() {
			if (url === null || gone.signal.aborted) return null;
			try {
				const response = await fetch(`${url}/v1/status`, { signal: AbortSignal.timeout(5_000) });
				return response.ok ? ((await response.json()) as ProcessStatus) : null;
			} catch {
				return null;
			}
		},
		said: () => output,
		kill: () => void child.kill('SIGKILL'),
		stop: () => void child.kill('SIGTERM'),
	};
}

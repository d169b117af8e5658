import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ServerNote } from '../../api/data-folder.ts';

/** The real process, `docdrop serve`, from its start to its end. */
export interface Ending {
	readonly code: number | null;
	readonly signal: NodeJS.Signals | null;
}

export interface ApiProcess {
	/** Its address, once it listens; null where it ends before. */
	readonly url: Promise<string | null>;
	readonly ended: Promise<Ending>;
	/** Aborted when it has ended. */
	readonly gone: AbortSignal;
	/** What it logged at level error, and what else it said that is no log line. */
	said(): { readonly errors: readonly string[]; readonly rest: string };
	readonly pid: number;
	/** SIGKILL. */
	kill(): void;
	signal(name: NodeJS.Signals): void;
	/** SIGTERM: it finishes and ends by itself. */
	stop(): void;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const errorLevel = 50;

export function startApi(dataDir: string, settings: Readonly<Record<string, string>>): ApiProcess {
	const own = Object.entries(process.env).filter(([name]) => !name.startsWith('DOCDROP_'));
	const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', 'api/cli.ts', 'serve'], {
		cwd: root,
		env: { ...Object.fromEntries(own), DOCDROP_DATA_DIR: dataDir, DOCDROP_PORT: '0', ...settings },
		stdio: ['ignore', 'ignore', 'pipe'],
	});
	let output = '';
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

	async function address(): Promise<string | null> {
		while (!gone.signal.aborted) {
			// A killed process leaves its note behind: only one with this process's number counts.
			const text = await readFile(join(dataDir, 'server.json'), 'utf8').catch(() => '');
			// It may have ended meanwhile: its address must not be taken for that of the next life.
			if (gone.signal.aborted) return null;
			try {
				const note = JSON.parse(text) as ServerNote;
				if (note.pid === child.pid) return note.url;
			} catch {
				// Not there yet, or half written.
			}
			await sleep(10);
		}
		return null;
	}

	return {
		url: address(),
		pid: child.pid ?? 0,
		ended,
		gone: gone.signal,
		said() {
			const errors: string[] = [];
			const rest: string[] = [];
			for (const line of output.split('\n')) {
				if (!line.startsWith('{')) rest.push(line);
				else if (levelOf(line) >= errorLevel) errors.push(line);
			}
			return { errors, rest: rest.join('\n') };
		},
		kill: () => void child.kill('SIGKILL'),
		signal: (name) => void child.kill(name),
		stop: () => void child.kill('SIGTERM'),
	};
}

/** 0 for a line that the kill has cut. */
function levelOf(line: string): number {
	try {
		return (JSON.parse(line) as { level: number }).level;
	} catch {
		return 0;
	}
}

import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../../api/cli.ts', import.meta.url));
/** Of the parent's environment only what a process needs: its DOCDROP_ settings would be ours. */
const bare = Object.fromEntries(
	Object.entries(process.env).filter(
		([name]) => name === 'NODE_COMPILE_CACHE' || !/^(DOCDROP_|SKIP_RATE|NODE_)/.test(name),
	),
);

export interface Ran {
	/** Exit code; null after a signal. */
	readonly code: number | null;
	readonly out: string;
	readonly err: string;
}

export interface Running {
	readonly child: ChildProcess;
	/** Resolves with the text so far when standard error shows `sign`; rejects when the process ends first. */
	shows(sign: RegExp): Promise<string>;
	readonly ended: Promise<Ran>;
}

/** Starts `docdrop ARGS` from its source, in `cwd`. */
export function startCli(
	args: readonly string[],
	{ cwd, env = {} }: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Running {
	const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', cli, ...args], {
		cwd,
		env: { ...bare, ...env },
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	let out = '';
	let err = '';
	child.stdout.on('data', (piece) => (out += String(piece)));
	child.stderr.on('data', (piece) => (err += String(piece)));
	const ended = new Promise<Ran>((resolve) => child.on('close', (code) => resolve({ code, out, err })));
	return {
		child,
		ended,
		shows: (sign) =>
			new Promise((resolve, reject) => {
				const look = () => sign.test(err) && resolve(err);
				child.stderr.on('data', look);
				look();
				void ended.then((ran) => reject(new Error(`it ended: ${JSON.stringify(ran)}`)));
			}),
	};
}

export const runCli = (...args: Parameters<typeof startCli>): Promise<Ran> => startCli(...args).ended;

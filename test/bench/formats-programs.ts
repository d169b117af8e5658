import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Bench } from './bench.ts';

/** Debian's programs that write the files: each with the packages that bring what is asked of it. */
const packages = {
	soffice: ['libreoffice-writer-nogui', 'libreoffice-calc-nogui', 'libreoffice-impress-nogui'],
	pandoc: ['pandoc'],
	pdftotext: ['poppler-utils'],
	chromium: ['chromium'],
} as const;

export type Program = keyof typeof packages;

const run = promisify(execFile);
const longestMs = 300_000;

/** Runs programs, installing them where they are not there yet: a warm cache asks for none. */
export function createPrograms(bench: Bench) {
	let installed: Promise<void> | undefined;
	return {
		async run(program: Program, args: readonly string[]): Promise<void> {
			await (installed ??= install());
			await run(program, args, { signal: bench.signal, timeout: longestMs, killSignal: 'SIGKILL' });
		},
	};
}

export type Programs = ReturnType<typeof createPrograms>;

async function install(): Promise<void> {
	const names = Object.values(packages).flat();
	if (await isThere(names)) return;
	const command = `apt-get install -y --no-install-recommends ${names.join(' ')}`;
	console.log(`  installing what writes the files: ${command}`);
	const sudo = process.getuid?.() === 0 ? '' : 'sudo -n ';
	const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
	try {
		await run('sh', ['-c', `${sudo}apt-get update -q && ${sudo}${command}`], {
			env,
			maxBuffer: 64 * 1_048_576,
		});
	} catch (cause) {
		throw new Error(`the files are written by Debian's programs, which must be installed: ${command}`, {
			cause,
		});
	}
}

/** By package: `soffice` alone may be there without the part that writes texts. */
async function isThere(names: readonly string[]): Promise<boolean> {
	try {
		const { stdout } = await run('dpkg-query', ['-W', '-f', '${db:Status-Status}\n', ...names]);
		return stdout
			.trim()
			.split('\n')
			.every((status) => status === 'installed');
	} catch {
		return false;
	}
}

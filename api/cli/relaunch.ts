import { accessSync, constants } from 'node:fs';
import { basename } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { allocator, heapMb, mainSemiSpaceMb } from '../adapters/thread/index.ts';

const semiSpace = '--max-semi-space-size';
const sizes: Readonly<Record<string, number>> = {
	[semiSpace]: mainSemiSpaceMb,
	'--max-old-space-size': heapMb,
};
/** The number of a process that has begun anew; its children inherit it, and have other ones. No setting, hence the underscore. */
const marker = '_DOCDROP_RELAUNCHED';

/**
 * Begins the process anew, once, as itself, with the settings of memory-limits.ts, which can only be given to one that begins:
 * its number, its terminal and its parent stay, other inherited descriptors do not. Called before anything is open.
 * What the user has set is left alone. Returns where nothing is missing, and where it cannot be done.
 */
export function relaunch(): void {
	const { execArgv, execPath, argv, env, pid } = process;
	const given = [...execArgv, env['NODE_OPTIONS'] ?? ''].join(' ').replaceAll('_', '-');
	const missing = Object.entries(sizes).filter(([option]) => !given.includes(option));
	const isAllocated = Object.keys(allocator).every((name) => env[name] !== undefined);
	// The main thread has its size by now; threads have limits of their own, which the flag would overrule.
	if (given.includes(semiSpace)) setFlagsFromString(`${semiSpace}=0`);
	if (env[marker] === String(pid) || (missing.length === 0 && isAllocated) || !isPossible(execPath)) return;
	const flags = missing.map(([option, megabytes]) => `${option}=${megabytes}`);
	const args = [execPath, ...flags, ...execArgv, ...argv.slice(1)];
	process.execve?.(execPath, args, { ...allocator, ...env, [marker]: String(pid) });
}

/** Where the system refuses, Node ends the process: so it is asked only where it should work. */
function isPossible(execPath: string): boolean {
	if (process.platform === 'win32' || process.connected) return false;
	if (process.permission !== undefined && !process.permission.has('child')) return false;
	// Started by the loader itself, the path is the loader's.
	if (basename(execPath).startsWith('ld-')) return false;
	try {
		accessSync(execPath, constants.X_OK);
		return true;
	} catch {
		return false;
	}
}

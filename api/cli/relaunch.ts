import { setFlagsFromString } from 'node:v8';
import { allocator, mainSemiSpaceMb } from '../memory.ts';

const semiSpace = '--max-semi-space-size';

/**
 * Begins the process anew, as itself, with the settings of memory.ts, which can only be given to one that begins: its
 * number, its terminal and its parent stay. Called before anything is open. What the user has set is left alone.
 * Returns where nothing is missing, or where it cannot be done: on Windows, under a parent that talks over a channel,
 * where Node may start no programs.
 */
export function relaunch(): void {
	const { execve, execArgv, execPath, argv, env } = process;
	const isSized = [...execArgv, env['NODE_OPTIONS'] ?? ''].some((options) => options.includes(semiSpace));
	const isAllocated = Object.keys(allocator).every((name) => env[name] !== undefined);
	// The main thread has its size by now; threads have limits of their own, which the flag would overrule.
	if (isSized) setFlagsFromString(`${semiSpace}=0`);
	if (execve === undefined || process.connected || (isSized && isAllocated)) return;
	const flags = isSized ? [] : [`${semiSpace}=${mainSemiSpaceMb}`, '--disable-warning=ExperimentalWarning'];
	try {
		execve(execPath, [execPath, ...flags, ...execArgv, ...argv.slice(1)], { ...allocator, ...env });
	} catch {
		// It runs as well without them, with more memory.
	}
}

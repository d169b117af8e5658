import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/**
 * Makes calls of node:fs fail, or counts them, for the modules that have imported them by name. Every test that
 * replaces one puts all back at its end.
 */
const names = ['writeSync', 'fdatasyncSync', 'fsyncSync', 'readSync', 'openSync', 'ftruncateSync'] as const;
type Name = (typeof names)[number];

const real = Object.fromEntries(names.map((name) => [name, fs[name]]));

export const failure = (code: string): Error => Object.assign(new Error(code), { code });

type Call = (...args: unknown[]) => unknown;

/** `instead` gets the real function and the arguments of the call. */
export function replace(name: Name, instead: (own: Call, args: readonly unknown[]) => unknown): void {
	const own = real[name] as Call;
	Object.assign(fs, { [name]: (...args: unknown[]) => instead(own, args) });
	syncBuiltinESMExports();
}

export function putBack(): void {
	Object.assign(fs, real);
	syncBuiltinESMExports();
}

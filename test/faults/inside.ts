/**
 * Loaded into the process under test before its own code (`--import`), for the faults that nobody can make from
 * outside: a name that is not resolved any more, and a wall clock that is set. The file named by FAULTS_INSIDE says
 * how it stands; SIGUSR2 makes the process look again.
 */
import dns from 'node:dns';
import { readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';

export interface Inside {
	/** Milliseconds by which the wall clock is off. */
	readonly wallOffsetMs: number;
	/** Whether `faults.test` has an address; it is loopback's. */
	readonly isNameGone: boolean;
}

/** The name that every peer is addressed by where the resolver is part of the fault. */
export const peerName = 'faults.test';

const file = process.env['FAULTS_INSIDE'];
if (file !== undefined) {
	let state = JSON.parse(readFileSync(file, 'utf8')) as Inside;
	if (isMainThread) process.on('SIGUSR2', () => (state = JSON.parse(readFileSync(file, 'utf8')) as Inside));

	const wallNow = Date.now.bind(Date);
	Date.now = () => wallNow() + state.wallOffsetMs;

	const lookup = dns.lookup.bind(dns) as (...args: readonly unknown[]) => void;
	const ours = (...args: readonly unknown[]): void => {
		const [name, ...rest] = args;
		if (name !== peerName) return lookup(...args);
		const done = rest.at(-1) as (error: Error | null, address?: unknown, family?: number) => void;
		if (state.isNameGone) {
			const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${peerName}`), { code: 'ENOTFOUND' });
			return void setImmediate(done, error);
		}
		lookup('127.0.0.1', ...rest);
	};
	Object.assign(dns, { lookup: ours });
	syncBuiltinESMExports();
}

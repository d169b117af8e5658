/** A look at the files of the watched folders without a watch engine: nothing is read and nothing noted. */
import { nodeThreadFile } from '../node-threads.ts';
import type { Clock } from '../watch/clock.ts';
import { createNodeDisk, type FileStat } from '../watch/disk.ts';
import type { Root } from '../watch/identity.ts';
import { createThreadScanner } from '../watch/scan/scanner-in-thread.ts';
import type { WatchSlice } from './trigger-parameters.ts';

export interface FoundFile {
	readonly root: Root;
	readonly relPath: string;
	readonly stat: FileStat;
}

/**
 * Shows every file that the settings want, once; a root that cannot be read shows none. Ends early when `see`
 * returns false, and rejects when it is aborted.
 */
export async function walkFiles(deps: {
	readonly roots: readonly Root[];
	readonly watch: WatchSlice;
	readonly clock: Clock;
	readonly signal: AbortSignal;
	readonly see: (file: FoundFile) => boolean;
}): Promise<void> {
	const { watch, clock, signal, see } = deps;
	const { include, exclude, followLinks } = watch;
	const scanner = createThreadScanner(nodeThreadFile('watch/scan/scan-thread'))({
		rules: { include, exclude, followLinks },
		disk: createNodeDisk(watch),
		clock,
		log: () => {},
	});
	const enough = new AbortController();
	const ended = AbortSignal.any([signal, enough.signal]);
	const none = () => {};
	const walk = async () => {
		for (const root of deps.roots) {
			const file = (relPath: string, stat: FileStat) => {
				if (stat.size <= watch.maxFileBytes && !see({ root, relPath, stat })) enough.abort();
			};
			const sinks = { begin: none, directory: none, file, skipped: none, unreadable: none };
			await scanner.scan(root.dir, sinks, ended);
		}
	};
	const walked = walk().catch((error: unknown) => {
		if (!enough.signal.aborted) throw error;
	});
	await walked.finally(() => scanner.close());
}

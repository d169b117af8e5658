import { join } from 'node:path';
import type { Disk } from '../disk.ts';
import { createFilter } from '../filter.ts';
import type { ScannerFactory } from './scanner-port.ts';
import { toFailure, walk, type Answers, type Ask } from './walk.ts';

/**
 * Walks in this thread, through the Disk port: for disks that a test has made, and where there is no thread
 * file. It costs three to five times what the thread costs, and lists a directory as a whole.
 */
export const createDiskScanner: ScannerFactory = ({ rules, disk }) => {
	const filter = createFilter(rules);
	const closing = new AbortController();
	return {
		async scan(dir, sinks, signal) {
			const ended = AbortSignal.any([signal, closing.signal]);
			ended.throwIfAborted();
			const { promise: aborted, reject } = Promise.withResolvers<never>();
			aborted.catch(() => {});
			const abort = () => reject(ended.reason);
			ended.addEventListener('abort', abort);
			try {
				sinks.begin();
				const steps = walk({ filter, followLinks: rules.followLinks }, sinks);
				for (let step = steps.next(); !step.done;) {
					step = steps.next(await Promise.race([answer(disk, dir, step.value), aborted]));
				}
			} finally {
				ended.removeEventListener('abort', abort);
			}
		},
		close: async () => closing.abort(new Error('the scanner is closed')),
	};
};

async function answer(disk: Disk, dir: string, { op, relPaths }: Ask): Promise<Answers> {
	if (relPaths.length === 0) await new Promise((resolve) => setImmediate(resolve));
	const one = (relPath: string) => {
		if (op === 'list') return disk.list(join(dir, relPath));
		return op === 'stat' ? disk.stat(join(dir, relPath)) : disk.find(dir, relPath);
	};
	return Promise.all(relPaths.map((relPath) => one(relPath).catch(toFailure)));
}

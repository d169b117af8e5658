import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a benchmark is, what it gets, and what it gives back. index.ts runs one and cleans up after it. */
export interface Bench {
	/** Aborted at the deadline and by Ctrl-C. */
	readonly signal: AbortSignal;
	/** A folder that is removed at the end. */
	temp(): Promise<string>;
	/** Runs at the end, last first, however the benchmark ends. */
	onEnd(undo: () => unknown): void;
}

export interface Result {
	/** The last line. Seconds, milliseconds for latencies, MB for memory. */
	readonly figures: Readonly<Record<string, unknown>>;
	/** What must never be, such as a lost document. How fast it was is never a fault. */
	readonly faults: readonly string[];
}

export type Run = (bench: Bench) => Promise<Result>;

/** Runs `run`, at most for `deadlineSeconds`, and undoes everything that it has set up. */
export async function runBench(run: Run, deadlineSeconds: number): Promise<Result> {
	const stop = new AbortController();
	const undo: (() => unknown)[] = [];
	const interrupt = () => stop.abort(new Error('interrupted'));
	const deadline = setTimeout(
		() => stop.abort(new Error(`not done within ${deadlineSeconds} s`)),
		deadlineSeconds * 1000,
	);
	process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
	const stopped = Promise.withResolvers<never>();
	stop.signal.addEventListener('abort', () => stopped.reject(stop.signal.reason));
	try {
		const bench: Bench = {
			signal: stop.signal,
			onEnd: (step) => void undo.push(step),
			async temp() {
				const dir = await mkdtemp(join(tmpdir(), 'docdrop-bench-'));
				undo.push(() => rm(dir, { recursive: true, force: true, maxRetries: 3 }));
				return dir;
			},
		};
		return await Promise.race([run(bench), stopped.promise]);
	} finally {
		clearTimeout(deadline);
		for (const step of undo.reverse()) {
			await Promise.resolve(step()).catch((error: unknown) => console.error('cleaning up:', error));
		}
		process.removeListener('SIGINT', interrupt).removeListener('SIGTERM', interrupt);
	}
}

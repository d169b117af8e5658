/** A worker thread of the watch engine, seen from the main thread: the scan's and the reader's. */
import { Worker } from 'node:worker_threads';
import type { Clock } from './clock.ts';
import { errorCode } from './disk.ts';

/** The thread ended without being asked; what became of its work is unknown. */
export class ThreadLost extends Error {
	override readonly name = 'ThreadLost';
	readonly code: string;

	constructor(cause: unknown) {
		super('a thread of the watch engine was lost', { cause });
		this.code = errorCode(cause);
	}
}

export interface Thread<Out> {
	/** Does nothing where the thread is lost. */
	post(message: Out): void;
	/** Whether it keeps the process alive; at first it does not. */
	keepAlive(yes: boolean): void;
	lost(): ThreadLost | null;
	/** Resolves when the thread has ended, or after 2 s where a disk that does not answer holds it. */
	close(): Promise<void>;
}

const CLOSE_WAIT_MS = 2000;

export function openThread<Out, In>(deps: {
	readonly file: URL;
	readonly workerData: unknown;
	readonly clock: Clock;
	readonly onMessage: (message: In) => void;
	/** Called once, also at `close`. */
	readonly onLost: (lost: ThreadLost) => void;
}): Thread<Out> {
	// What a walk makes is garbage at once; at V8's own limit the thread would keep 48 MB of it.
	const resourceLimits = { maxYoungGenerationSizeMb: 12 };
	const worker = new Worker(deps.file, { workerData: deps.workerData, resourceLimits });
	worker.unref();
	let lost: ThreadLost | null = null;
	const end = (cause: unknown) => {
		if (lost !== null) return;
		lost = new ThreadLost(cause);
		deps.onLost(lost);
	};
	worker.on('message', deps.onMessage);
	worker.on('messageerror', end);
	worker.on('error', end);
	worker.on('exit', () => end(null));
	return {
		post: (message) => worker.postMessage(message),
		keepAlive(yes) {
			if (yes) worker.ref();
			else worker.unref();
		},
		lost: () => lost,
		async close() {
			worker.unref();
			const waited = new AbortController();
			const limit = deps.clock.sleep(CLOSE_WAIT_MS, waited.signal).catch(() => {});
			await Promise.race([worker.terminate(), limit]);
			waited.abort();
		},
	};
}

/**
 * A synchronous object in a worker thread of its own, seen from the main thread. Whatever the API runs in a thread
 * (databases, the built-in embedder) is reached through it; nothing else starts worker threads.
 *
 * Calls made in the same turn of the event loop travel in one message, which is what lets the host run them
 * in one transaction. A thread that ends without being asked rejects every call, then and later, with
 * `store_unavailable`, and says so by `onLost`; whoever has opened it decides what comes of that.
 */
import { type Transferable, Worker } from 'node:worker_threads';
import { DocDropError, fromPlainError } from '../../errors.ts';
import { threadLimits } from './memory-limits.ts';
import { createThreadOutbox } from './thread-outbox.ts';
import { CLOSE, OPEN, type Methods, type ThreadReply, type ThreadRequest } from './thread-messages.ts';

export interface Thread<M extends Methods> {
	/** Has the thread open what it serves, and resolves with the names of its methods; closes it where that fails. */
	open(): Promise<readonly (keyof M & string)[]>;
	/** Rejects with the error that the method threw, as an error of the table; never calls the method twice. */
	call<K extends keyof M & string>(method: K, ...args: Parameters<M[K]>): Promise<Awaited<ReturnType<M[K]>>>;
	/** How many calls are not answered yet. */
	load(): number;
	/** Resolves when every call made before has been answered and the thread has ended. Calls made later reject. */
	close(): Promise<void>;
	/** Ends the thread at once; calls that are not answered reject. */
	terminate(): Promise<unknown>;
	/** Whether the thread ended without being asked. */
	lost(): boolean;
}

interface OpenCall {
	resolve(value: unknown): void;
	reject(error: unknown): void;
}

export function openThread<M extends Methods>(options: {
	readonly file: URL;
	readonly workerData?: unknown;
	/** What of it the thread alone has from then on. */
	readonly transfer?: Transferable[];
	/** Each call is a message of its own, so that the thread holds the arguments of one alone. */
	readonly isApart?: boolean;
	/** The thread ended without being asked, and why, where that is known. */
	readonly onLost?: (cause: unknown) => void;
}): Thread<M> {
	const worker = new Worker(options.file, {
		workerData: options.workerData,
		transferList: options.transfer ?? [],
		resourceLimits: threadLimits,
	});
	const calls = new Map<number, OpenCall>();
	const outbox = createThreadOutbox<ThreadRequest>(worker, ([id], error) => {
		calls.get(id)?.reject(new DocDropError('internal', 'internal error', { cause: error }));
		calls.delete(id);
	});
	let nextId = 0;
	let closing: Promise<void> | null = null;
	let ended: DocDropError | null = null;
	const exited = Promise.withResolvers<void>();

	function end(cause?: unknown) {
		if (ended === null && closing === null) options.onLost?.(cause);
		ended ??= new DocDropError('store_unavailable', 'the thread of the store ended unexpectedly', { cause });
		for (const call of calls.values()) call.reject(ended);
		calls.clear();
	}
	worker.on('error', end);
	worker.on('messageerror', end);
	worker.on('exit', () => {
		end();
		exited.resolve();
	});
	worker.on('message', (replies: ThreadReply[]) => {
		for (const [id, value, error] of replies) {
			const call = calls.get(id);
			calls.delete(id);
			if (error === undefined) call?.resolve(value);
			else call?.reject(fromPlainError(error));
		}
	});

	function send(method: string, args: readonly unknown[]): Promise<unknown> {
		if (ended !== null) return Promise.reject(ended);
		const { promise, resolve, reject } = Promise.withResolvers<unknown>();
		nextId += 1;
		calls.set(nextId, { resolve, reject });
		const isFirst = outbox.add([nextId, method, args]);
		if (options.isApart === true) outbox.flush();
		else if (isFirst) setImmediate(outbox.flush);
		return promise;
	}
	function close(): Promise<void> {
		closing ??= ended !== null ? exited.promise : send(CLOSE, []).then(() => exited.promise);
		return closing;
	}

	return {
		async open() {
			try {
				return (await send(OPEN, [])) as (keyof M & string)[];
			} catch (error) {
				await close();
				throw error;
			}
		},
		call(method, ...args) {
			if (closing !== null) {
				return Promise.reject(new DocDropError('store_unavailable', 'the store is closed'));
			}
			return send(method, args) as Promise<Awaited<ReturnType<M[typeof method]>>>;
		},
		load: () => calls.size,
		close,
		terminate: () => worker.terminate(),
		lost: () => ended !== null && closing === null,
	};
}

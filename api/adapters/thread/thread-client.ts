/**
 * A synchronous object in a worker thread of its own, seen from the main thread. Adapters that hold a
 * synchronous library (node:sqlite) are built on it; nobody else starts worker threads for a store.
 *
 * Calls made in the same turn of the event loop travel in one message, which is what lets the host run them
 * in one transaction. A thread that ends without being asked rejects every call, then and later, with
 * `store_unavailable`; nothing restarts it.
 */
import { Worker } from 'node:worker_threads';
import { DocDropError, fromPlainError } from '../../errors.ts';
import { threadLimits } from './memory-limits.ts';
import { CLOSE, type Methods, type Reply, type Request } from './thread-messages.ts';

export interface Thread<M extends Methods> {
	/** Rejects with the error that the method threw, as an error of the table; never calls the method twice. */
	call<K extends keyof M & string>(method: K, ...args: Parameters<M[K]>): Promise<Awaited<ReturnType<M[K]>>>;
	/** Resolves when every call made before has been answered and the thread has ended. Calls made later reject. */
	close(): Promise<void>;
	/** Whether the thread ended without being asked. */
	lost(): boolean;
}

interface Waiting {
	resolve(value: unknown): void;
	reject(error: unknown): void;
}

export function openThread<M extends Methods>(options: { file: URL; workerData?: unknown }): Thread<M> {
	const worker = new Worker(options.file, {
		workerData: options.workerData,
		resourceLimits: threadLimits,
	});
	const waiting = new Map<number, Waiting>();
	let outbox: Request[] = [];
	let nextId = 0;
	let closing: Promise<void> | null = null;
	let ended: DocDropError | null = null;
	const exited = Promise.withResolvers<void>();

	function end(cause?: unknown) {
		ended ??= new DocDropError('store_unavailable', 'the thread of the store ended unexpectedly', { cause });
		for (const call of waiting.values()) call.reject(ended);
		waiting.clear();
	}
	worker.on('error', end);
	worker.on('messageerror', end);
	worker.on('exit', () => {
		end();
		exited.resolve();
	});
	worker.on('message', (replies: Reply[]) => {
		for (const [id, value, error] of replies) {
			const call = waiting.get(id);
			waiting.delete(id);
			if (error === undefined) call?.resolve(value);
			else call?.reject(fromPlainError(error));
		}
	});

	function flush() {
		const requests = outbox;
		outbox = [];
		try {
			worker.postMessage(requests);
		} catch {
			// One argument that cannot be cloned must not fail its neighbours.
			for (const request of requests) postAlone(request);
		}
	}
	function postAlone(request: Request) {
		try {
			worker.postMessage([request]);
		} catch (error) {
			waiting.get(request[0])?.reject(new DocDropError('internal', 'internal error', { cause: error }));
			waiting.delete(request[0]);
		}
	}
	function send(method: string, args: readonly unknown[]): Promise<unknown> {
		if (ended !== null) return Promise.reject(ended);
		const { promise, resolve, reject } = Promise.withResolvers<unknown>();
		nextId += 1;
		waiting.set(nextId, { resolve, reject });
		if (outbox.length === 0) setImmediate(flush);
		outbox.push([nextId, method, args]);
		return promise;
	}

	return {
		call(method, ...args) {
			if (closing !== null) {
				return Promise.reject(new DocDropError('store_unavailable', 'the store is closed'));
			}
			return send(method, args) as Promise<Awaited<ReturnType<M[typeof method]>>>;
		},
		close() {
			closing ??= ended !== null ? exited.promise : send(CLOSE, []).then(() => exited.promise);
			return closing;
		},
		lost: () => ended !== null && closing === null,
	};
}

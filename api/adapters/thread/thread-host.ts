/**
 * The worker's side of thread-client.ts: answers calls to a table of methods. The worker's file calls `serveThread`
 * once, as its last act; what the methods need (a database) is opened at the first call, not while the file loads,
 * so that a failure is an answer and not a dead thread.
 */
import { parentPort, receiveMessageOnPort } from 'node:worker_threads';
import { type PlainError, toPlainError } from '../../errors.ts';
import { createThreadOutbox } from './thread-outbox.ts';
import { CLOSE, OPEN, type Methods, type ThreadReply, type ThreadRequest } from './thread-messages.ts';

/** One call as the batch hook sees it. Answer each exactly once. */
export interface ThreadCall {
	readonly method: string;
	readonly args: readonly unknown[];
	resolve(value?: unknown): void;
	reject(error: unknown): void;
}

/**
 * Takes every call that is waiting, in order, instead of one by one: the place for a group commit. It may run any of
 * them by the methods. Calls that it leaves unanswered when it throws are rejected with that error. What it has
 * answered leaves when it returns, or earlier where it calls `send`; `arrived` are calls that have come since, which are
 * its own from then on.
 */
export type ThreadBatch = (
	calls: readonly ThreadCall[],
	host: { readonly send: () => void; readonly arrived: () => readonly ThreadCall[] },
) => void;

export interface Served {
	/** Every method, sync or async. Calls start in the order in which they were made. */
	readonly methods: Methods;
	readonly batch?: ThreadBatch;
	/** Runs after the last call has been answered. */
	readonly close?: () => void;
}

export interface ThreadOptions {
	/** Runs at the first call; an error that it throws is the answer. */
	readonly open: () => Served;
	/** Turns what a method threw into an error of the table; what is not in the table arrives as `internal`. */
	readonly mapError?: (error: unknown) => unknown;
}

export function serveThread(options: ThreadOptions): void {
	const port = parentPort;
	if (port === null) throw new Error('serveThread runs in a worker thread');
	const mapError = options.mapError ?? ((error: unknown) => error);
	let served: Served | null = null;
	/** Settle when their calls are answered. */
	const open = new Set<Promise<void>>();
	const outbox = createThreadOutbox<ThreadReply>(port, ([id], error) =>
		port.postMessage([[id, undefined, toPlainError(error)]]),
	);

	/** Replies that are made together leave together. */
	function toCall([id, method, args]: ThreadRequest): ThreadCall {
		const { promise, resolve } = Promise.withResolvers<void>();
		open.add(promise);
		let done = false;
		const answer = (reply: ThreadReply) => {
			if (done) return;
			done = true;
			if (outbox.add(reply)) queueMicrotask(outbox.flush);
			open.delete(promise);
			resolve();
		};
		return {
			method,
			args,
			resolve: (value) => answer([id, value]),
			reject: (error) => answer([id, undefined, toPlain(error)]),
		};
	}
	/** With the stack of what was thrown, which for a defect is all there is to go by. */
	function toPlain(error: unknown): PlainError {
		const plain = toPlainError(mapError(error));
		return error instanceof Error ? { ...plain, stack: error.stack } : plain;
	}
	/** Waits for what came before it. */
	let closing: ThreadRequest | null = null;
	function toCalls(requests: readonly ThreadRequest[]): ThreadCall[] {
		const last = requests.at(-1);
		if (last?.[1] !== CLOSE) return requests.map(toCall);
		closing = last;
		return requests.slice(0, -1).map(toCall);
	}
	const arrived = (): ThreadCall[] => {
		const calls: ThreadCall[] = [];
		for (let more = receiveMessageOnPort(port); more !== undefined; more = receiveMessageOnPort(port))
			calls.push(...toCalls(more.message as ThreadRequest[]));
		return calls;
	};
	/** Without a batch those that wait would only take memory while they wait for their turn. */
	function runAll(first: readonly ThreadRequest[]) {
		const taken = toCalls(first);
		if (taken.length === 0) return;
		/** Those that are not answered here. */
		const toWork = (calls: readonly ThreadCall[], methods: Methods) => {
			for (const call of calls) if (call.method === OPEN) call.resolve(Object.keys(methods));
			return calls.filter(({ method }) => method !== OPEN);
		};
		try {
			const { methods, batch } = (served ??= options.open());
			const take = () => {
				const more = arrived();
				taken.push(...more);
				return toWork(more, methods);
			};
			if (batch !== undefined)
				return batch([...toWork(taken, methods), ...take()], { send: outbox.flush, arrived: take });
			for (const call of toWork(taken, methods)) {
				run(methods, call);
				outbox.flush();
			}
		} catch (error) {
			for (const call of taken) call.reject(error);
		}
	}

	port.on('message', (first: ThreadRequest[]) => {
		runAll(first);
		if (closing !== null) void close(closing);
	});
	async function close(request: ThreadRequest) {
		await Promise.all(open);
		const call = toCall(request);
		try {
			served?.close?.();
			call.resolve();
		} catch (error) {
			call.reject(error);
		}
		outbox.flush();
		port?.close();
	}
}

function run(methods: Methods, call: ThreadCall) {
	try {
		const method = methods[call.method];
		if (method === undefined) throw new Error(`no method ${call.method}`);
		const value = method(...call.args);
		if (value instanceof Promise) value.then(call.resolve, call.reject);
		else call.resolve(value);
	} catch (error) {
		call.reject(error);
	}
}

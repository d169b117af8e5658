import { createWatchThread, type WatchThread, ThreadLost } from '../thread.ts';
import { createDiskScanner } from './scanner-on-disk.ts';
import { readTo, STOP, type ScanOrder, type ScanReply } from './page.ts';
import type { ScannerFactory, ScanSinks } from './scanner-port.ts';

/**
 * Walks in a thread of its own, with calls that wait for the disk: neither a large tree nor a disk that hangs
 * holds the event loop. `file` is scan-thread.ts, or what a build made of it. A walk whose thread is lost starts
 * over in the main thread, the next one gets a new thread.
 */
export function createThreadScanner(file: URL): ScannerFactory {
	return (deps) => {
		const inMain = createDiskScanner(deps);
		const closing = new AbortController();
		const thread = createWatchThread<ScanOrder, ScanReply>({
			file,
			workerData: deps.rules,
			clock: deps.clock,
			onLost: (lost) => deps.log('error', 'scan.thread_lost', { ...lost }),
		});
		return {
			async scan(dir, sinks, signal) {
				const ended = AbortSignal.any([signal, closing.signal]);
				ended.throwIfAborted();
				if (thread.isUsable()) {
					try {
						return await scanIn(thread, dir, sinks, ended);
					} catch (error) {
						if (!(error instanceof ThreadLost)) throw error;
					}
				}
				await inMain.scan(dir, sinks, ended);
			},
			async close() {
				closing.abort(new Error('the scanner is closed'));
				await Promise.all([thread.close(), inMain.close()]);
			},
		};
	};
}

/** Rejects with a ThreadLost where the thread is lost. */
async function scanIn(
	thread: WatchThread<ScanOrder, ScanReply>,
	dir: string,
	sinks: ScanSinks,
	signal: AbortSignal,
): Promise<void> {
	const taken = new Int32Array(new SharedArrayBuffer(4));
	const heard: { inbox: ScanReply[]; failure: { readonly error: unknown } | null; wake: () => void } = {
		inbox: [],
		failure: null,
		wake: () => {},
	};
	const fail = (error: unknown) => {
		heard.failure ??= { error };
		heard.wake();
	};
	const abort = () => fail(signal.reason);
	signal.addEventListener('abort', abort);
	const end = thread.ask(
		{ dir, taken },
		{ take: (reply) => (heard.inbox.push(reply), heard.wake()), lose: fail },
	);
	let isWhole = false;
	try {
		sinks.begin();
		for (;;) {
			if (heard.failure !== null) throw heard.failure.error;
			const reply = heard.inbox.shift();
			if (reply === undefined) {
				await new Promise<void>((resolve) => (heard.wake = resolve));
				continue;
			}
			readTo(sinks, reply.page);
			isWhole = reply.last;
			if (isWhole) return;
			Atomics.add(taken, 0, 1);
			Atomics.notify(taken, 0);
			// The port hands over a thousand messages in one turn.
			await new Promise((resolve) => setImmediate(resolve));
		}
	} finally {
		Atomics.store(taken, 0, STOP);
		Atomics.notify(taken, 0);
		signal.removeEventListener('abort', abort);
		end(isWhole);
	}
}

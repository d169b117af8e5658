import type { Clock } from '../clock.ts';
import { openThread, ThreadLost } from '../thread.ts';
import { createDiskScanner } from './scanner-on-disk.ts';
import { readTo, STOP, type Order, type Reply } from './page.ts';
import type { ScanRules, Scanner, ScannerFactory } from './scanner-port.ts';

/** Threads lost in a row after which the walks stay in the main thread. */
const MAX_LOST = 3;

/**
 * Walks in a thread of its own, with calls that wait for the disk: neither a large tree nor a disk that hangs
 * holds the event loop. `file` is scan-thread.ts, or what a build made of it. A walk whose thread is lost starts
 * over in the main thread, the next one gets a new thread.
 */
export function createThreadScanner(file: URL): ScannerFactory {
	return (deps) => {
		const inMain = createDiskScanner(deps);
		const closing = new AbortController();
		let thread: Scanner | null = null;
		let lost = 0;
		return {
			async scan(dir, sinks, signal) {
				const ended = AbortSignal.any([signal, closing.signal]);
				ended.throwIfAborted();
				if (lost < MAX_LOST) {
					thread ??= openScanThread(file, deps.rules, deps.clock);
					const mine = thread;
					try {
						await mine.scan(dir, sinks, ended);
						lost = 0;
						return;
					} catch (error) {
						if (!(error instanceof ThreadLost)) throw error;
						// Two walks may lose the same thread.
						if (thread === mine) {
							thread = null;
							lost += 1;
							deps.log('error', 'scan.thread_lost', { code: error.code, lost });
						}
					}
				}
				await inMain.scan(dir, sinks, ended);
			},
			async close() {
				closing.abort(new Error('the scanner is closed'));
				await Promise.all([thread?.close(), inMain.close()]);
			},
		};
	};
}

interface Walking {
	reply(reply: Reply): void;
	fail(error: unknown): void;
}

/** One thread; `scan` rejects with a ThreadLost where it is lost, and it is then of no more use. */
function openScanThread(file: URL, rules: ScanRules, clock: Clock): Scanner {
	const walking = new Map<number, Walking>();
	let nextId = 0;
	const thread = openThread<Order, Reply>({
		file,
		workerData: rules,
		clock,
		onMessage: (reply) => walking.get(reply.id)?.reply(reply),
		onLost: (lost) => walking.forEach((walk) => walk.fail(lost)),
	});
	return {
		async scan(dir, sinks, signal) {
			signal.throwIfAborted();
			const taken = new Int32Array(new SharedArrayBuffer(4));
			const id = (nextId += 1);
			const heard: { inbox: Reply[]; failure: { readonly error: unknown } | null; wake: () => void } = {
				inbox: [],
				failure: null,
				wake: () => {},
			};
			const fail = (error: unknown) => {
				heard.failure ??= { error };
				heard.wake();
			};
			const abort = () => fail(signal.reason);
			const lost = thread.lost();
			if (lost !== null) throw lost;
			walking.set(id, { reply: (reply) => (heard.inbox.push(reply), heard.wake()), fail });
			signal.addEventListener('abort', abort);
			thread.keepAlive(true);
			try {
				thread.post({ id, dir, taken });
				sinks.begin();
				for (;;) {
					if (heard.failure !== null) throw heard.failure.error;
					const reply = heard.inbox.shift();
					if (reply === undefined) {
						await new Promise<void>((resolve) => (heard.wake = resolve));
						continue;
					}
					readTo(sinks, reply.page);
					if (reply.last) return;
					Atomics.add(taken, 0, 1);
					Atomics.notify(taken, 0);
					// The port hands over a thousand messages in one turn.
					await new Promise((resolve) => setImmediate(resolve));
				}
			} finally {
				Atomics.store(taken, 0, STOP);
				Atomics.notify(taken, 0);
				walking.delete(id);
				signal.removeEventListener('abort', abort);
				thread.keepAlive(walking.size > 0);
			}
		},
		close: thread.close,
	};
}

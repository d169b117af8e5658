import type { Fingerprint } from '../fingerprint.ts';
import { openThread, type Thread } from '../thread.ts';
import { createDiskReader } from './reader-on-disk.ts';
import type { Look, Reader, ReaderFactory } from './reader-port.ts';
import { MAX_BYTES } from './sync-fingerprint.ts';
import type { Question, Reply } from './reader-messages.ts';

/** Threads lost without an answer after which the main thread reads by itself. */
const MAX_LOST = 3;

interface Waiting {
	/** Gives the thread's answer on. */
	take(answer: Reply[1]): void;
	/** Asks the disk from the main thread instead. */
	retry(): void;
}

/**
 * Reads in a thread of its own, with calls that wait for the disk: a small file takes a twentieth of the time,
 * and nothing of the main thread's. Files above 1 MiB are streamed in the main thread, so that they hold up no
 * others. `file` is read-thread.ts, or what a build made of it. What a lost thread had to answer is asked anew.
 */
export function createThreadReader(file: URL): ReaderFactory {
	return async (deps): Promise<Reader> => {
		const inMain = await createDiskReader(deps);
		const waiting = new Map<number, Waiting>();
		let nextId = 0;
		let outbox: Question[] = [];
		let thread: Thread<readonly Question[]> | null = null;
		let lost = 0;
		let closed = false;

		function open(): Thread<readonly Question[]> {
			const opened = openThread<readonly Question[], readonly Reply[]>({
				file,
				workerData: { followLinks: deps.followLinks },
				clock: deps.clock,
				onMessage(replies) {
					lost = 0;
					for (const [id, answer] of replies) {
						waiting.get(id)?.take(answer);
						waiting.delete(id);
					}
					if (waiting.size === 0) opened.keepAlive(false);
				},
				onLost({ code }) {
					if (thread === opened) thread = null;
					if (!closed) {
						lost += 1;
						deps.log('error', 'read.thread_lost', { code, lost });
					}
					askMain();
				},
			});
			return opened;
		}
		function askMain(): void {
			outbox = [];
			const left = [...waiting.values()];
			waiting.clear();
			for (const { retry } of left) retry();
		}
		/** What was asked in one turn of the event loop goes in one message. */
		function flush(): void {
			const questions = outbox;
			outbox = [];
			if (questions.length === 0) return;
			thread ??= open();
			thread.keepAlive(true);
			thread.post(questions);
		}
		function ask(question: Question, wait: Waiting): void {
			waiting.set(question.id, wait);
			if (outbox.length === 0) setImmediate(flush);
			outbox.push(question);
		}
		const isInMain = () => closed || lost >= MAX_LOST;

		return {
			look(root, relPath, expected) {
				const again = () => inMain.look(root, relPath, expected);
				if (isInMain()) return again();
				return new Promise<Look>((resolve, reject) => {
					nextId += 1;
					ask(
						{ id: nextId, op: 'look', root, relPath, expected },
						{
							take(answer) {
								if ('code' in answer && !('kind' in answer)) {
									reject(Object.assign(new Error('not found'), { code: answer.code }));
								} else resolve(answer as Look);
							},
							retry: () => resolve(again()),
						},
					);
				});
			},
			fingerprint(path, before) {
				const again = () => inMain.fingerprint(path, before);
				if (isInMain() || before.size > MAX_BYTES) return again();
				return new Promise<Fingerprint>((resolve) => {
					nextId += 1;
					ask(
						{ id: nextId, op: 'fingerprint', path, before },
						{ take: (answer) => resolve(answer as Fingerprint), retry: () => resolve(again()) },
					);
				});
			},
			async close() {
				closed = true;
				const ending = thread?.close();
				askMain();
				await Promise.all([ending, inMain.close()]);
			},
		};
	};
}

import { createWatchThread } from '../thread.ts';
import { createDiskReader } from './reader-on-disk.ts';
import type { Reader, ReaderFactory } from './reader-port.ts';
import { MAX_BYTES } from './sync-fingerprint.ts';
import type { ReaderAnswer, ReaderQuestion } from './reader-messages.ts';

/**
 * Reads in a thread of its own, with calls that wait for the disk: a small file takes a twentieth of the time,
 * and nothing of the main thread's. Files above 1 MiB are streamed in the main thread, so that they hold up no
 * others. `file` is read-thread.ts, or what a build made of it. What a lost thread had to answer is asked again.
 */
export function createThreadReader(file: URL): ReaderFactory {
	return async (deps): Promise<Reader> => {
		const inMain = await createDiskReader(deps);
		const thread = createWatchThread<ReaderQuestion, ReaderAnswer>({
			file,
			workerData: { followLinks: deps.followLinks },
			clock: deps.clock,
			onLost: (lost) => deps.log('error', 'read.thread_lost', { ...lost }),
		});

		/** Asks the thread, or the disk from the main thread where there is none. */
		function ask<T>(question: ReaderQuestion, askMain: () => Promise<T>): Promise<T> {
			if (!thread.isUsable()) return askMain();
			return new Promise<T>((resolve, reject) => {
				const end = thread.ask(question, {
					take(answer) {
						end(true);
						if ('failed' in answer) reject(Object.assign(new Error('not found'), { code: answer.failed }));
						else resolve(answer as T);
					},
					lose: () => resolve(askMain()),
				});
			});
		}

		return {
			look: (root, relPath, expected) =>
				ask({ op: 'look', root, relPath, expected }, () => inMain.look(root, relPath, expected)),
			fingerprint(path, before, asItIs) {
				const askMain = () => inMain.fingerprint(path, before, asItIs);
				const question = { op: 'fingerprint', path, before, asItIs } as const;
				return before.size > MAX_BYTES ? askMain() : ask(question, askMain);
			},
			async close() {
				await Promise.all([thread.close(), inMain.close()]);
			},
		};
	};
}

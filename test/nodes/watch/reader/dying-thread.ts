/** The thread of in-thread.test.ts: it dies over the first question. */
import { parentPort } from 'node:worker_threads';

parentPort?.on('message', () => {
	throw new Error('made to fail');
});

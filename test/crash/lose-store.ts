/**
 * Loaded into the process under test before its own code (`--import`): SIGUSR2 ends the thread of the document store,
 * which is the first one that is started, as running out of memory would.
 */
import { isMainThread, type Worker } from 'node:worker_threads';

if (isMainThread) {
	process.once('worker', (worker: Worker) => {
		process.on('SIGUSR2', () => void worker.terminate());
	});
}

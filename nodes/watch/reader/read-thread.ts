/** The thread of in-thread.ts: answers one batch of questions after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import { errorCode } from '../disk.ts';
import { createSyncDisk } from '../sync-disk.ts';
import { createSyncFingerprint } from './sync-fingerprint.ts';
import type { Question, Reply } from './wire.ts';

const options = workerData as { readonly followLinks: boolean };
const disk = createSyncDisk(options);
const fingerprint = await createSyncFingerprint(options);

function answer(question: Question): Reply[1] {
	if (question.op === 'fingerprint') return fingerprint(question.path, question.before);
	try {
		return disk.find(question.root, question.relPath);
	} catch (error) {
		return { code: errorCode(error) };
	}
}

parentPort?.on('message', (questions: readonly Question[]) => {
	parentPort?.postMessage(questions.map((question): Reply => [question.id, answer(question)]));
});

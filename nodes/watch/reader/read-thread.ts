/** The thread of reader-in-thread.ts. */
import { join } from 'node:path';
import { workerData } from 'node:worker_threads';
import { sameStat } from '../diff.ts';
import { errorCode, type FileStat } from '../disk.ts';
import { createSyncDisk } from '../sync-disk.ts';
import { serveQuestions } from '../thread.ts';
import type { Look } from './reader-port.ts';
import { createSyncFingerprint, MAX_BYTES } from './sync-fingerprint.ts';
import type { ReaderAnswer, ReaderQuestion } from './reader-messages.ts';

const options = workerData as { readonly followLinks: boolean };
const disk = createSyncDisk(options);
const fingerprint = await createSyncFingerprint(options);

function look(root: string, relPath: string, expected: FileStat | null): Look {
	const stat = disk.find(root, relPath);
	const isToRead = expected !== null && sameStat(stat, expected) && stat.size <= MAX_BYTES;
	return { stat, fingerprint: isToRead ? fingerprint(join(root, relPath), stat, false) : null };
}

function answer(question: ReaderQuestion): ReaderAnswer {
	if (question.op === 'fingerprint') return fingerprint(question.path, question.before, question.asItIs);
	try {
		return look(question.root, question.relPath, question.expected);
	} catch (error) {
		return { failed: errorCode(error) };
	}
}

/** Answers in one message: few, so that the main thread works on them while the next ones are found. */
const ANSWERS = 16;

serveQuestions<ReaderQuestion, ReaderAnswer>(ANSWERS, (question, send) => send(answer(question)));

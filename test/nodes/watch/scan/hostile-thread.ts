/** Threads that in-thread.test.ts makes the scanner use; the last glob says which one. */
import { openSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { newPage, writeTo, type ScanOrder, type ScanReply } from '../../../../nodes/watch/scan/page.ts';
import type { ScanRules } from '../../../../nodes/watch/scan/scanner-port.ts';
import { serveQuestions } from '../../../../nodes/watch/thread.ts';

const kind = (workerData as ScanRules).exclude.at(-1);

serveQuestions<ScanOrder, ScanReply>(1, ({ dir }, post) => {
	const page = newPage();
	writeTo(() => page).file('ghost', { kind: 'file', size: 1, mtimeNs: 1n, ctimeNs: 1n, ino: 1n });
	post({ page, last: false });
	if (kind === 'throws') throw new Error('made to fail');
	if (kind === 'exits') process.exit(0);
	// A disk that does not answer: nothing opens the other end.
	if (kind === 'hangs') openSync(dir, 'r');
});

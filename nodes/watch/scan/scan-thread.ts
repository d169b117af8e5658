/** The thread of scanner-in-thread.ts: walks one root after the other and posts what it finds, page by page. */
import { workerData } from 'node:worker_threads';
import { createFilter } from '../filter.ts';
import { createSyncDisk } from '../sync-disk.ts';
import { serveQuestions } from '../thread.ts';
import { entriesOf, newPage, STOP, writeTo, type ScanOrder, type ScanReply } from './page.ts';
import type { ScanRules } from './scanner-port.ts';
import { toFailure, walk, type Answers, type Ask } from './walk.ts';

/** Entries on a page; the event loop of the main thread turns between two pages. */
const PAGE_ENTRIES = 512;
/** Pages that may wait for the main thread: some 2 MB. */
const PAGES_AHEAD = 32;

const rules = workerData as ScanRules;
const filter = createFilter(rules);
const disk = createSyncDisk(rules);

serveQuestions<ScanOrder, ScanReply>(1, ({ dir, taken }, post) => {
	let page = newPage();
	let sent = 0;
	const send = (last: boolean) => {
		post({ page, last });
		page = newPage();
		sent += 1;
	};
	/** Whether to go on; waits for a main thread that lags behind. */
	const mayGoOn = () => {
		for (;;) {
			const now = Atomics.load(taken, 0);
			if (now === STOP) return false;
			if (sent - now < PAGES_AHEAD) return true;
			Atomics.wait(taken, 0, now);
		}
	};
	const steps = walk(
		{ filter, followLinks: rules.followLinks },
		writeTo(() => page),
	);
	for (let step = steps.next(); !step.done; step = steps.next(answer(dir, step.value))) {
		if (entriesOf(page) >= PAGE_ENTRIES) send(false);
		if (!mayGoOn()) return;
	}
	send(true);
});

function answer(dir: string, { op, relPaths }: Ask): Answers {
	return relPaths.map((relPath) => {
		try {
			return op === 'find' ? disk.find(dir, relPath) : disk[op](`${dir}/${relPath}`);
		} catch (error) {
			return toFailure(error);
		}
	});
}

import type { Failure } from '../../domain/index.ts';
import type { DocKey } from '../../ports/index.ts';
import { setLease } from './doc-rows.ts';
import type { EngineState } from './engine-state.ts';
import { updateJob } from './job-rows.ts';
import { recount } from './recount.ts';

/** One row that cannot be read must not keep all the others from being worked on: its document is given up. */

const unreadable: Failure = {
	code: 'store_corrupt',
	message: 'what is stored of this document cannot be read; send the document again',
};

/** What `work` on the document returns; null where a row of it cannot be read, and the document was given up. */
export function workOrBury<T>(engine: EngineState, doc: DocKey, now: number, work: () => T): T | null {
	try {
		return work();
	} catch (error) {
		if (!engine.tables.isUnreadable(error)) throw error;
		bury(engine, doc, now);
		return null;
	}
}

function bury(engine: EngineState, doc: DocKey, now: number): void {
	const { tables } = engine;
	setLease(engine, doc, null);
	tables.buryDoc(doc, unreadable);
	try {
		const row = tables.docByKey(doc);
		updateJob(engine, row?.state.wanted.jobId ?? null, now, { state: 'failed', error: unreadable });
	} catch (error) {
		// Then its receipt cannot be found either; nobody comes by the row any more.
		if (!tables.isUnreadable(error)) throw error;
	}
	// The row could not be counted out, because nobody knows how it was counted in.
	recount(engine);
}

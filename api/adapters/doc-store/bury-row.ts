import type { Failure } from '../../domain/index.ts';
import type { DocKey } from '../../ports/index.ts';
import { dropBody, unpinBlob } from './doc-bodies.ts';
import { saveDoc } from './doc-rows.ts';
import type { EngineState } from './engine-state.ts';
import { updateJob } from './job-rows.ts';
import { giveUpMoveSources } from './move-sources.ts';

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

/** What it waited for ends: its own jobs, its content, and documents that were moved there. */
function bury(engine: EngineState, doc: DocKey, now: number): void {
	const { tables } = engine;
	tables.mendDoc(doc);
	const row = tables.docByKey(doc);
	if (row === undefined) return;
	const { generation, wanted } = row.state;
	dropBody(engine, doc, row.body, false);
	unpinBlob(engine, doc);
	const state = { ...row.state, lease: null, finished: generation, failed: true, movedTo: null };
	saveDoc(engine, row, state, { body: null, flightJob: null, error: unreadable });
	updateJob(engine, row.flightJob, now, { state: 'superseded', supersededBy: wanted.jobId });
	updateJob(engine, wanted.jobId, now, { state: 'failed', error: unreadable });
	giveUpMoveSources(engine, doc, now);
}

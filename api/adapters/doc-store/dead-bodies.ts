import { dropBody } from './doc-bodies.ts';
import { saveDoc, withLease } from './doc-rows.ts';
import type { EngineState } from './engine-state.ts';

/**
 * What dead letters keep for a retry is bounded: the oldest contents go first, and their documents and jobs say so.
 * Called in the step that makes one more of them.
 */
export function boundDeadBodies(engine: EngineState): void {
	const { counts, tables, maxFailedBytes } = engine;
	while (counts.failedBytes > maxFailedBytes) {
		const row = tables.oldestDeadLetter();
		if (row === undefined) return;
		const { code, message } = row.error ?? { code: 'internal', message: 'internal error' };
		const error = { code, message: `${message} (its content is gone, to make room for newer ones)` };
		dropBody(engine, row.key, row.body, false);
		saveDoc(engine, row, withLease(engine, row), { body: null, error });
		const job = tables.job(row.state.wanted.jobId);
		if (job !== undefined) tables.updateJob({ ...job, error });
	}
}

import { cancelWaiting, type DocState, inIndex, retryFailed } from '../../domain/index.ts';
import type { RetryResult } from '../../ports/index.ts';
import { dropBody } from './doc-bodies.ts';
import { saveDoc, withLease } from './doc-rows.ts';
import type { EngineState } from './engine-state.ts';
import { endLostJob, updateJob } from './job-rows.ts';
import { withdrawMoveSources } from './move-sources.ts';
import type { DocRow } from './tables.ts';

/** What a caller may do with a job that nobody works on: withdraw it, or have it tried again. */

const rowOf = ({ tables }: EngineState, jobId: string) => {
	const job = tables.job(jobId);
	return job === undefined ? undefined : tables.docByKey(job.doc);
};

export function cancelJob(engine: EngineState, jobId: string, now: number): boolean {
	const row = rowOf(engine, jobId);
	const next = row === undefined ? null : cancelWaiting(withLease(engine, row), jobId);
	if (row === undefined || next === null || !withdrawMoveSources(engine, row.key, now)) return false;
	dropBody(engine, row.key, row.body, false);
	saveDoc(engine, row, next, { body: null, error: null, ...endLostJob(engine, row, jobId, now) });
	updateJob(engine, jobId, now, { state: 'canceled' });
	return true;
}

export function retryJob(engine: EngineState, jobId: string, now: number): RetryResult {
	const { credits } = engine;
	const row = rowOf(engine, jobId);
	const next = row === undefined ? null : retryFailed(withLease(engine, row), jobId, now);
	if (row === undefined || next === null) return 'not_failed';
	const again = withContent(next, row, engine.tables.job(jobId)?.op === 'patch');
	if (again === null) return 'content_gone';
	// What it was charged was given back when it failed.
	const charged = next.wanted.op === 'put' ? credits.costOfPut(row.tenant) : 0;
	if (charged > 0 && !credits.charge(row.tenant, charged)) return 'unpaid';
	saveDoc(engine, row, again, {});
	updateJob(engine, jobId, now, { state: 'accepted', error: null, charged });
	return 'waiting';
}

/** Null where what would be published is gone. A patch needs no more than that its content is in the index. */
function withContent(state: DocState, { body }: DocRow, isPatch: boolean): DocState | null {
	const { wanted } = state;
	if (body !== null || wanted.op === 'delete') return state;
	const source = isPatch ? inIndex(state) : null;
	return source && { ...state, wanted: { ...wanted, fingerprint: source.fingerprint } };
}

import type { EngineState } from './engine-state.ts';
import { countUndoably } from './undo-steps.ts';
import type { DocRow, JobRow } from './tables.ts';

/** Writing jobs' rows so that counts and credits stay in step with them. */

export function insertJob(engine: EngineState, job: JobRow): void {
	engine.tables.insertJob(job);
	count(engine, job.state, 1);
}

export function removeJob(engine: EngineState, { jobId, state }: Pick<JobRow, 'jobId' | 'state'>): void {
	engine.tables.removeJob(jobId);
	count(engine, state, -1);
}

/** A job in one of these states has cost its tenant nothing. */
const isForNothing = (state: JobRow['state']) =>
	state === 'superseded' || state === 'canceled' || state === 'failed';

/** Brings a job, where there is one, into another state, and gives back what it was charged for nothing. */
export function updateJob(
	engine: EngineState,
	jobId: string | null,
	now: number,
	patch: Partial<JobRow> & Pick<JobRow, 'state'>,
): void {
	const { tables, credits } = engine;
	const job = jobId === null ? undefined : tables.job(jobId);
	if (job === undefined) return;
	const isRefunded = job.charged > 0 && isForNothing(patch.state);
	if (isRefunded) credits.refund(job.tenant, job.charged);
	tables.updateJob({ ...job, ...(isRefunded && { charged: 0 }), ...patch, updatedAt: now });
	count(engine, job.state, -1);
	count(engine, patch.state, 1);
}

/**
 * Ends the job of a lease that a restart has ended. Who takes over a document by a claim does so then; this is for
 * a document that nobody will claim any more. A lease that lives ends its job itself. The result goes into the row.
 */
export function endLostJob(
	engine: EngineState,
	row: DocRow,
	by: string,
	now: number,
): { readonly flightJob?: null } {
	if (row.flightJob === null || engine.leases.byDoc.has(row.key)) return {};
	updateJob(engine, row.flightJob, now, { state: 'superseded', supersededBy: by });
	return { flightJob: null };
}

function count(engine: EngineState, state: JobRow['state'], sign: 1 | -1): void {
	const { jobs } = engine.counts;
	countUndoably(engine, (by) => void (jobs[state] = (jobs[state] ?? 0) + by), sign);
}

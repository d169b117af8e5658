import type { Job, StandingRefusals } from '../../ports/index.ts';
import type { Failure, Refusal } from '../../domain/index.ts';
import type { EngineState, RefusalCounts } from './engine-state.ts';
import { countUndoably } from './undo-steps.ts';
import { insertJob, removeJob } from './job-rows.ts';
import type { JobRow, RefusalRow, Tables } from './tables.ts';

/**
 * Jobs of what was refused for good. They stand beside the documents: a refusal may name a document that never
 * was, and must move nothing of one that is.
 *
 * Whoever sends can make refusals without end, so that their number is bounded: one a document, and of each
 * tenant and of all tenants the newest.
 */
const keptOfTenant = 1_000;
const keptOfAll = 10_000;

/**
 * Returns the id of the job that tells of it: the same refusal again, with nothing accepted in between, is no news
 * and keeps its job.
 */
export function recordRefusal(engine: EngineState, refusal: Refusal, now: number): string {
	const { tables, refusals } = engine;
	const { jobId, tenant, docId, op, refused } = refusal;
	const before = tables.refusalOf(tenant, docId);
	const job = before === undefined ? undefined : tables.job(before.jobId);
	if (before !== undefined && job !== undefined) {
		const lastJob = tables.findDoc(tenant, docId)?.lastJob ?? '';
		if (lastJob < before.jobId && job.op === op && isSame(job.error, refused)) {
			tables.updateJob({ ...job, attempts: job.attempts + 1, updatedAt: now });
			return before.jobId;
		}
		removeRefusal(engine, before);
	}
	insertJob(engine, {
		...{
			jobId,
			tenant,
			doc: 0,
			op,
			state: 'failed',
			version: 0,
			acceptedAt: now,
			updatedAt: now,
			attempts: 1,
		},
		...{ supersededBy: null, previous: null, error: refused, detail: null, charged: 0 },
	});
	tables.insertRefusal({ jobId, tenant, docId });
	countUndoably(engine, (by) => count(refusals, tenant, by), 1);
	if ((refusals.byTenant.get(tenant) ?? 0) > keptOfTenant)
		removeRefusal(engine, tables.oldestRefusal(tenant));
	if (refusals.total > keptOfAll) removeRefusal(engine, tables.oldestRefusal(null));
	return jobId;
}

/** With its receipt. */
export function removeRefusal(engine: EngineState, refusal: RefusalRow | undefined): void {
	if (refusal === undefined) return;
	engine.tables.removeRefusal(refusal.jobId);
	removeJob(engine, { jobId: refusal.jobId, state: 'failed' });
	countUndoably(engine, (by) => count(engine.refusals, refusal.tenant, by), -1);
}

function count(refusals: RefusalCounts, tenant: string, by: 1 | -1): void {
	const { byTenant } = refusals;
	byTenant.set(tenant, (byTenant.get(tenant) ?? 0) + by);
	if (byTenant.get(tenant) === 0) byTenant.delete(tenant);
	refusals.total += by;
}

/** From the rows. */
export function countRefusals(tables: Tables): RefusalCounts {
	const byTenant = tables.refusalCounts();
	return { byTenant, total: [...byTenant.values()].reduce((a, b) => a + b, 0) };
}

export function standingRefusals(tables: Tables, tenant: string | null): StandingRefusals {
	const { count, newest } = tables.standingRefusals(tenant);
	const job = newest === null ? undefined : tables.job(newest);
	return { count, newest: job === undefined ? null : refusedJob(tables, job) };
}

/** What a job without a document shows; null where it is no refusal's. */
export function refusedJob(tables: Tables, job: JobRow): Job | null {
	const refusal = tables.refusal(job.jobId);
	return refusal === undefined ? null : viewOf(job, refusal);
}

export function refusedJobOf(tables: Tables, tenant: string, docId: string): Job | null {
	const refusal = tables.refusalOf(tenant, docId);
	const job = refusal === undefined ? undefined : tables.job(refusal.jobId);
	return refusal === undefined || job === undefined ? null : viewOf(job, refusal);
}

const isSame = (a: Failure | null, b: Failure): boolean => a?.code === b.code && a.message === b.message;

function viewOf(job: JobRow, { tenant, docId }: RefusalRow): Job {
	const { doc: _none, previous: _nothing, ...shown } = job;
	return { ...shown, tenant, docId, refused: true };
}

import type { DocKey, Swept, SweepRequest } from '../../ports/index.ts';
import type { EngineState } from './engine-state.ts';
import { removeJob } from './job-rows.ts';
import { removeRefusal } from './refusal-receipts.ts';
import { isHeldKey } from './repair-holds.ts';
import { sweepEpochs } from './source-epochs.ts';
import type { EndedAt, EndedJob, Tables } from './tables.ts';

/**
 * Sweeping: old receipts and old tombstones go, in a few rows a call. Receipts are looked at in the order in which they
 * ended, each once: how far that has come is kept with the rows. What stays as its document's newest is removed
 * later, when the receipt after it is looked at, or with its document.
 */
const cursor = 'swept';

export function sweep(engine: EngineState, request: SweepRequest): Swept {
	const jobs = sweepJobs(engine, request);
	const tombstones = sweepTombstones(engine, request);
	const isMore = jobs.isMore || tombstones.isMore;
	// Not in every step of a long sweep: it costs the same whatever was removed.
	if (!isMore) {
		engine.tables.compactBodies(request.limit);
		sweepEpochs(engine, request.limit);
	}
	return { jobs: jobs.removed + tombstones.jobs, tombstones: tombstones.removed, isMore };
}

function sweepJobs(engine: EngineState, { now, jobMs, limit }: SweepRequest) {
	const { tables } = engine;
	const before = now - jobMs;
	const page = tables.endedJobs(readCursor(engine), before, limit);
	const removed = new Set<string>();
	for (const job of page) {
		// It may have ended after the one that follows it, and stand behind that in the page.
		if (job.previous !== null && removeEnded(engine, job.previous, before)) removed.add(job.previous);
		if (removed.has(job.jobId) || tables.isNewestJob(job.doc, job.jobId)) continue;
		remove(engine, job);
		removed.add(job.jobId);
	}
	const last = page.at(-1);
	if (last !== undefined) tables.setMarker(cursor, `${last.updatedAt} ${last.jobId}`);
	return { removed: removed.size, isMore: page.length === limit };
}

/** All receipts are looked at once more. */
export const sweepAnew = (tables: Tables): void => tables.setMarker(cursor, null);

/** How far the receipts were looked at: `updatedAt jobId`. */
function readCursor({ tables }: EngineState): EndedAt | null {
	const [updatedAt, jobId] = tables.marker(cursor)?.split(' ') ?? [];
	return jobId === undefined ? null : { updatedAt: Number(updatedAt), jobId };
}

function sweepTombstones(engine: EngineState, { now, tombstoneMs, jobMs, limit }: SweepRequest) {
	const { tables, leases } = engine;
	const page = tables.oldTombstones(now - tombstoneMs, limit);
	let removed = 0;
	let jobs = 0;
	for (const doc of page) {
		if (leases.byDoc.has(doc) || isHeldKey(engine, doc)) continue;
		if (removeTombstone(engine, doc, now - jobMs)) jobs += 1;
		removed += 1;
	}
	return { removed, jobs, isMore: page.length === limit && removed > 0 };
}

/** Whether its newest receipt went with it; one that is too young is nobody's newest from now on. */
function removeTombstone(engine: EngineState, doc: DocKey, before: number): boolean {
	const newest = engine.tables.docByKey(doc)?.lastJob;
	engine.tables.removeDoc(doc);
	return newest !== undefined && removeEnded(engine, newest, before);
}

/** Removes a job that ended before, if it is there still. */
function removeEnded(engine: EngineState, jobId: string, before: number): boolean {
	const job = engine.tables.job(jobId);
	if (job === undefined || job.state === 'accepted' || job.updatedAt >= before) return false;
	remove(engine, job);
	return true;
}

function remove(engine: EngineState, job: Pick<EndedJob, 'jobId' | 'doc' | 'state'>): void {
	const refusal = job.doc === 0 ? engine.tables.refusal(job.jobId) : undefined;
	if (refusal === undefined) removeJob(engine, job);
	else removeRefusal(engine, refusal);
}

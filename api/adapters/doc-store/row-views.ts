import { isPending, versionOf } from '../../domain/index.ts';
import type { DocumentState, Job } from '../../ports/index.ts';
import { withLease } from './doc-rows.ts';
import type { EngineState } from './engine-state.ts';
import { refusedJob } from './refusal-receipts.ts';
import type { DocRow, JobRow } from './tables.ts';

/** One row as the store shows it: what is durable, and what follows from its lease. */

export function jobView(engine: EngineState, job: JobRow, row: DocRow): Job {
	const state = withLease(engine, row);
	const isLeased = state.lease?.jobId === job.jobId;
	const isNewest = state.wanted.jobId === job.jobId;
	const derived =
		job.state !== 'accepted'
			? job.state
			: isLeased
				? 'processing'
				: isNewest && (state.attempts > 0 || row.error !== null)
					? 'retrying'
					: 'accepted';
	const { doc: _none, previous: _nothing, ...shown } = job;
	return {
		...shown,
		docId: row.docId,
		state: derived,
		attempts: job.state === 'accepted' && isNewest ? state.attempts : job.attempts,
		error: job.error ?? (job.state === 'accepted' && isNewest ? row.error : null),
		refused: false,
	};
}

/** Of a document or of a refusal; null where it is of a document that is gone. */
export function anyJobView(engine: EngineState, job: JobRow): Job | null {
	const row = engine.tables.docByKey(job.doc);
	return row === undefined ? refusedJob(engine.tables, job) : jobView(engine, job, row);
}

export function documentView(engine: EngineState, row: DocRow): DocumentState {
	const state = withLease(engine, row);
	const at = state.failed
		? 'failed'
		: state.lease !== null
			? 'processing'
			: isPending(state)
				? state.attempts > 0 || row.error !== null
					? 'retrying'
					: 'accepted'
				: state.published === null
					? 'deleted'
					: 'published';
	const { tenant, docId, error } = row;
	const { sourceId, epoch, readyAt, attempts, published } = state;
	const { jobId, meta, acceptedAt } = state.wanted;
	return {
		...{ tenant, docId, sourceId, jobId, meta, acceptedAt, readyAt, attempts, error, published },
		sourceName: engine.tables.sourceName(sourceId, epoch),
		version: versionOf(state),
		state: at,
		orphans: state.mayHaveOrphans ? engine.tables.countUncertain(row.key) : 0,
	};
}

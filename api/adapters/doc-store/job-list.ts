import type { Job, JobFilter } from '../../ports/index.ts';
import type { EngineState } from './engine-state.ts';
import { type ListStep, stepRows } from './list-steps.ts';
import { refusedJobOf } from './refusal-receipts.ts';
import { anyJobView, jobView } from './row-views.ts';
import type { DocRow, JobRow } from './tables.ts';

/**
 * Receipts by tenant, document and state, newest first. What an index can tell, it tells; the two states that follow
 * from a lease are found from the leases, which are few.
 */
export const jobsStep = (engine: EngineState, filter: JobFilter, from: string | null): ListStep<Job> =>
	filter.docId === undefined ? ofMany(engine, filter, from) : ofDocument(engine, filter, from);

function ofMany(engine: EngineState, filter: JobFilter, from: string | null): ListStep<Job> {
	const { tenant, state } = filter;
	const limit = stepRows(filter.limit);
	const page = candidates(engine, filter, from ?? filter.after ?? null, limit);
	const shown = page.flatMap((job) => anyJobView(engine, job) ?? []);
	return {
		found: shown
			.filter((job) => (tenant === undefined || job.tenant === tenant) && (state ?? job.state) === job.state)
			.slice(0, filter.limit),
		next: page.length < limit ? null : (page.at(-1)?.jobId ?? null),
	};
}

/** At most `limit` rows from below `below`: every job of the filter among the rows between is one of them. */
function candidates(
	{ tables, leases }: EngineState,
	filter: JobFilter,
	below: string | null,
	limit: number,
): JobRow[] {
	const tenant = filter.tenant ?? null;
	const rowsOf = (ids: readonly string[]) => ids.flatMap((id) => tables.job(id) ?? []);
	switch (filter.state) {
		case 'processing': {
			const ids = Array.from(leases.byDoc.values(), ({ jobId }) => jobId);
			const from = ids.filter((id) => below === null || id < below);
			return rowsOf(from.sort((a, b) => (a < b ? 1 : -1)).slice(0, limit));
		}
		case 'retrying':
			return rowsOf(tables.retryingJobs(tenant, below, limit));
		default:
			return tables.listJobs({ tenant, state: filter.state ?? null, below, limit });
	}
}

/** Along the history of the document, in which each job names the one before it. */
function ofDocument(engine: EngineState, filter: JobFilter, from: string | null): ListStep<Job> {
	const { tables } = engine;
	const { tenant = '', docId = '', after, state, limit } = filter;
	const row = tables.findDoc(tenant, docId);
	const found: Job[] = [];
	const add = (shown: Job) => {
		const isInPage = after === undefined || shown.jobId < after;
		if (isInPage && (state ?? shown.state) === shown.state) found.push(shown);
	};
	const refused = refusedJobOf(tables, tenant, docId);
	let above = from;
	let job = row === undefined ? undefined : firstOf(engine, row, after, from);
	for (let looked = 0; row !== undefined && job !== undefined && found.length < limit; looked += 1) {
		if (looked === stepRows(limit)) return { found, next: above };
		if (refused !== null && isBetween(refused.jobId, above, job.jobId)) add(refused);
		add(jobView(engine, job, row));
		above = job.jobId;
		job = job.previous === null ? undefined : tables.job(job.previous);
	}
	if (refused !== null && isBetween(refused.jobId, above, '')) add(refused);
	return { found: found.slice(0, limit), next: null };
}

/** Where the walk goes on; where `after` is a job of the document, what is newer need not be looked at. */
function firstOf({ tables }: EngineState, row: DocRow, after: string | undefined, from: string | null) {
	const known = tables.job(from ?? after ?? '');
	const last = known === undefined || known.doc !== row.key ? row.lastJob : known.previous;
	return last === null ? undefined : tables.job(last);
}

const isBetween = (id: string, above: string | null, below: string): boolean =>
	(above === null || id < above) && id > below;

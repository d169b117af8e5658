import type { Job } from '../../ports/doc-views.ts';
import type { Failure, Refusal } from '../../domain/index.ts';
import type { JobRow, RefusalRow, Tables } from './tables.ts';

/**
 * Receipts of what was refused for good. Owned by doc-engine.ts, in its transactions. They stand beside the
 * documents: a refusal may name a document that never was, and must move nothing of one that is.
 *
 * Whoever sends can make refusals without end, so that their number is bounded: one a document, and of each
 * tenant and of all tenants the newest.
 */
const keptOfTenant = 1_000;
const keptOfAll = 10_000;

export type Refusals = ReturnType<typeof createRefusals>;

export function createRefusals(deps: {
	readonly tables: Tables;
	readonly insertJob: (job: JobRow) => void;
	readonly updateJob: (job: JobRow) => void;
	readonly removeJob: (jobId: string) => void;
}) {
	const { tables } = deps;
	/** By tenant, in step with the tables: counting at every refusal would make a flood of them dear. */
	let counts = tables.refusalCounts();
	let total = sum(counts);

	function weigh(tenant: string, by: 1 | -1): void {
		counts.set(tenant, (counts.get(tenant) ?? 0) + by);
		if (counts.get(tenant) === 0) counts.delete(tenant);
		total += by;
	}
	function remove(refusal: RefusalRow | undefined): void {
		if (refusal === undefined) return;
		tables.removeRefusal(refusal.jobId);
		deps.removeJob(refusal.jobId);
		weigh(refusal.tenant, -1);
	}

	return {
		/**
		 * Returns the receipt that tells of it: the same refusal again, with nothing accepted in between, is no news
		 * and keeps its receipt.
		 */
		record({ jobId, tenant, docId, op, refused }: Refusal, now: number): string {
			const before = tables.refusalOf(tenant, docId);
			const job = before === undefined ? undefined : tables.job(before.jobId);
			if (before !== undefined && job !== undefined) {
				const lastJob = tables.findDoc(tenant, docId)?.lastJob ?? '';
				if (lastJob < before.jobId && job.op === op && isSame(job.error, refused)) {
					deps.updateJob({ ...job, attempts: job.attempts + 1, updatedAt: now });
					return before.jobId;
				}
				remove(before);
			}
			deps.insertJob({
				...{ jobId, doc: 0, op, state: 'failed', version: 0, acceptedAt: now, updatedAt: now, attempts: 1 },
				...{ supersededBy: null, previous: null, error: refused, detail: null, charged: 0 },
			});
			tables.insertRefusal({ jobId, tenant, docId });
			weigh(tenant, 1);
			if ((counts.get(tenant) ?? 0) > keptOfTenant) remove(tables.oldestRefusal(tenant));
			if (total > keptOfAll) remove(tables.oldestRefusal(null));
			return jobId;
		},

		/** The tables were changed or undone behind its back. */
		recount(): void {
			counts = tables.refusalCounts();
			total = sum(counts);
		},

		view(job: JobRow): Job | null {
			const refusal = tables.refusal(job.jobId);
			return refusal === undefined ? null : viewOf(job, refusal);
		},

		/** Of one document. */
		of(tenant: string, docId: string): Job | null {
			const refusal = tables.refusalOf(tenant, docId);
			const job = refusal === undefined ? undefined : tables.job(refusal.jobId);
			return refusal === undefined || job === undefined ? null : viewOf(job, refusal);
		},
	};
}

const sum = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((a, b) => a + b, 0);

const isSame = (a: Failure | null, b: Failure): boolean => a?.code === b.code && a.message === b.message;

function viewOf(job: JobRow, { tenant, docId }: RefusalRow): Job {
	const { doc: _none, previous: _nothing, ...shown } = job;
	return { ...shown, tenant, docId, refused: true };
}

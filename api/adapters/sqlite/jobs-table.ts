import type { DatabaseSync } from 'node:sqlite';
import type { Counts, EndedJob, JobRow, JobsTable, RefusalRow } from '../doc-store/index.ts';
import * as column from './columns.ts';
import { uuidToBytes } from './uuid.ts';

/** The rows of jobs in SQLite, and those that say whose the jobs without a document are. */

const jobFields = column.object<JobRow>({
	jobId: column.uuid('job'),
	tenant: column.text('tenant'),
	doc: column.integer('doc'),
	op: column.askedOp('op'),
	state: column.text<JobRow['state']>('state'),
	version: column.integer('version'),
	acceptedAt: column.integer('accepted_at'),
	updatedAt: column.integer('updated_at'),
	attempts: column.integer('attempts'),
	supersededBy: column.uuidOrNull('superseded_by'),
	previous: column.uuidOrNull('previous'),
	error: column.failure,
	detail: column.jsonOrNull('detail'),
	charged: column.integer('charged'),
});
const endedFields = column.object<EndedJob>({
	jobId: column.uuid('job'),
	doc: column.integer('doc'),
	state: column.text('state'),
	updatedAt: column.integer('updated_at'),
	previous: column.uuidOrNull('previous'),
});
const refusalFields = column.object<RefusalRow>({
	jobId: column.uuid('job'),
	tenant: column.text('tenant'),
	docId: column.text('doc_id'),
});
const tenantCount = column.object({ tenant: column.text('tenant'), count: column.integer('count(*)') });
const standing = column.object({
	count: column.integer('count(*)'),
	newest: column.uuidOrNull('max(refusals.job)'),
});
const stateCount = column.object({
	state: column.text<JobRow['state']>('state'),
	count: column.integer('count(*)'),
});

const states: readonly JobRow['state'][] = [
	...([
		'accepted',
		'published',
		'deleted',
		'unchanged',
		'superseded',
		'stale',
		'failed',
		'canceled',
	] as const),
];
/**
 * Each from an index, without sorting more than a page of each state; test/adapters/sqlite/lists.test.ts verifies
 * SQLite's plans.
 */
export const jobListSql = {
	all: 'job < ? ORDER BY job DESC LIMIT ?',
	inState: 'state = ? AND job < ? ORDER BY job DESC LIMIT ?',
	ofTenantInState: 'tenant = ? AND state = ? AND job < ? ORDER BY job DESC LIMIT ?',
	ended:
		"state <> 'accepted' AND (updated_at, job) > (?, ?) AND updated_at < ? ORDER BY updated_at, job LIMIT ?",
	ofTenant: `FROM (${states
		.map(
			(state) =>
				`SELECT * FROM (SELECT job FROM jobs WHERE tenant = ?1 AND state = '${state}' AND job < ?2 ORDER BY job DESC LIMIT ?3)`,
		)
		.join(' UNION ALL ')}) ORDER BY job DESC LIMIT ?3`,
};

const aboveAll = new Uint8Array(16).fill(255);
const belowAll = new Uint8Array(16);

export function createJobsTable(db: DatabaseSync): JobsTable & { countJobs(): Counts['jobs'] } {
	const jobs = (rest: string) => column.query(db, jobFields, `FROM jobs WHERE ${rest}`);
	const refusals = (rest: string) => column.query(db, refusalFields, `FROM refusals ${rest}`);
	const sql = {
		insert: db.prepare(column.insertSql('jobs', jobFields.names)),
		update: db.prepare(column.updateSql('jobs', jobFields.names.slice(1), 'job = ?')),
		find: jobs('job = ?'),
		leaveFuture: db.prepare(
			'UPDATE jobs SET accepted_at = min(accepted_at, ?1), updated_at = ?1 WHERE updated_at > ?1',
		),
		remove: db.prepare('DELETE FROM jobs WHERE job = ?'),
		list: jobs(jobListSql.all),
		listIn: jobs(jobListSql.inState),
		listOf: column.query(db, column.uuid('job'), jobListSql.ofTenant),
		listOfIn: jobs(jobListSql.ofTenantInState),
		ended: column.query(db, endedFields, `FROM jobs WHERE ${jobListSql.ended}`),
		isNewest: db.prepare('SELECT 1 FROM docs WHERE doc = ? AND last_job = ?'),
		insertRefusal: db.prepare(column.insertSql('refusals', refusalFields.names)),
		refusal: refusals('WHERE job = ?'),
		refusalOf: refusals('WHERE tenant = ? AND doc_id = ?'),
		oldestRefusal: refusals('ORDER BY job LIMIT 1'),
		oldestRefusalOf: refusals('WHERE tenant = ? ORDER BY job LIMIT 1'),
		standingRefusals: column.query(
			db,
			standing,
			`FROM refusals LEFT JOIN docs ON docs.tenant = refusals.tenant AND docs.doc_id = refusals.doc_id
			WHERE (?1 IS NULL OR refusals.tenant = ?1) AND (docs.doc IS NULL OR docs.last_job < refusals.job)`,
		),
		removeRefusal: db.prepare('DELETE FROM refusals WHERE job = ?'),
	};

	return {
		countJobs: () =>
			Object.fromEntries(
				column
					.query(db, stateCount, 'FROM jobs GROUP BY state')
					.all()
					.map(({ state, count }) => [state, count]),
			),
		insertJob: (job) => void sql.insert.run(...column.valuesOf(jobFields, job)),
		updateJob: (job) =>
			void sql.update.run(...column.valuesOf(jobFields, job).slice(1), uuidToBytes(job.jobId)),
		job: (jobId) => sql.find.get(uuidToBytes(jobId)),
		removeJob: (jobId) => void sql.remove.run(uuidToBytes(jobId)),
		listJobs({ tenant, state, below, limit }) {
			const from = below === null ? aboveAll : uuidToBytes(below);
			if (tenant === null)
				return state === null ? sql.list.all(from, limit) : sql.listIn.all(state, from, limit);
			if (state !== null) return sql.listOfIn.all(tenant, state, from, limit);
			const ids = sql.listOf.all(tenant, from, limit);
			return ids.flatMap((jobId) => sql.find.get(uuidToBytes(jobId)) ?? []);
		},
		endedJobs: (after, before, limit) =>
			after === null
				? sql.ended.all(0, belowAll, before, limit)
				: sql.ended.all(after.updatedAt, uuidToBytes(after.jobId), before, limit),
		isNewestJob: (doc, jobId) => sql.isNewest.get(doc, uuidToBytes(jobId)) !== undefined,
		highestTime: () =>
			column
				.query(
					db,
					column.integer('coalesce(max(updated_at), 0)'),
					'FROM (SELECT updated_at FROM jobs ORDER BY job DESC LIMIT 1000)',
				)
				.get() ?? 0,
		leaveJobsFuture: (now) => void sql.leaveFuture.run(now),
		insertRefusal: (row) => void sql.insertRefusal.run(...column.valuesOf(refusalFields, row)),
		refusal: (jobId) => sql.refusal.get(uuidToBytes(jobId)),
		refusalOf: (tenant, docId) => sql.refusalOf.get(tenant, docId),
		oldestRefusal: (tenant) => (tenant === null ? sql.oldestRefusal.get() : sql.oldestRefusalOf.get(tenant)),
		removeRefusal: (jobId) => void sql.removeRefusal.run(uuidToBytes(jobId)),
		standingRefusals: (tenant) => sql.standingRefusals.get(tenant) ?? { count: 0, newest: null },
		refusalCounts: () =>
			new Map(
				column
					.query(db, tenantCount, 'FROM refusals GROUP BY tenant')
					.all()
					.map(({ tenant, count }) => [tenant, count]),
			),
	};
}

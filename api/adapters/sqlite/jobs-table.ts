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

const ends: readonly Exclude<JobRow['state'], 'accepted'>[] = [
	...(['published', 'deleted', 'unchanged', 'superseded', 'stale', 'failed', 'canceled'] as const),
];
/** Ids of several lists, each in this order, as one. */
const newestOf = (lists: readonly string[], limit: string) =>
	`FROM (${lists
		.map((list) => `SELECT * FROM (SELECT job FROM ${list} ORDER BY job DESC LIMIT ${limit})`)
		.join(' UNION ALL ')}) ORDER BY job DESC LIMIT ${limit}`;
/**
 * Each from an index, without sorting more than a page of each list; test/adapters/sqlite/lists.test.ts verifies
 * SQLite's plans.
 */
export const jobListSql = {
	all: newestOf(['jobs WHERE job < ?1', 'waiting_jobs WHERE job < ?1'], '?2'),
	accepted: 'FROM waiting_jobs WHERE job < ? ORDER BY job DESC LIMIT ?',
	inState: 'FROM jobs WHERE state = ? AND job < ? ORDER BY job DESC LIMIT ?',
	acceptedOfTenant: 'FROM waiting_jobs WHERE tenant = ? AND job < ? ORDER BY job DESC LIMIT ?',
	ofTenantInState: 'FROM jobs WHERE tenant = ? AND state = ? AND job < ? ORDER BY job DESC LIMIT ?',
	ended:
		"FROM jobs WHERE state <> 'accepted' AND (updated_at, job) > (?, ?) AND updated_at < ? ORDER BY updated_at, job LIMIT ?",
	ofTenant: newestOf(
		[
			...ends.map((state) => `jobs WHERE tenant = ?1 AND state = '${state}' AND job < ?2`),
			'waiting_jobs WHERE tenant = ?1 AND job < ?2',
		],
		'?3',
	),
};

const aboveAll = new Uint8Array(16).fill(255);
const belowAll = new Uint8Array(16);

type Rows = ReturnType<typeof prepareRows>;

/** What is done with the rows of one of both tables. */
const prepareRows = (db: DatabaseSync, table: 'jobs' | 'waiting_jobs') => ({
	insert: db.prepare(column.insertSql(table, jobFields.names)),
	update: db.prepare(column.updateSql(table, jobFields.names.slice(1), 'job = ?')),
	find: column.query(db, jobFields, `FROM ${table} WHERE job = ?`),
	remove: db.prepare(`DELETE FROM ${table} WHERE job = ?`),
	leaveFuture: db.prepare(
		`UPDATE ${table} SET accepted_at = min(accepted_at, ?1), updated_at = ?1 WHERE updated_at > ?1`,
	),
	highestTime: column.query(
		db,
		column.integer('coalesce(max(updated_at), 0)'),
		`FROM (SELECT updated_at FROM ${table} ORDER BY job DESC LIMIT 1000)`,
	),
	counts: column.query(db, stateCount, `FROM ${table} GROUP BY state`),
});

/** A job that ends, or waits again, goes from one table into the other. */
function updateJob(waiting: Rows, ended: Rows, job: JobRow): void {
	const [to, from] = job.state === 'accepted' ? [waiting, ended] : [ended, waiting];
	const values = column.valuesOf(jobFields, job);
	const id = uuidToBytes(job.jobId);
	if (from.remove.run(id).changes > 0) to.insert.run(...values);
	else to.update.run(...values.slice(1), id);
}

export function createJobsTable(db: DatabaseSync): JobsTable & { countJobs(): Counts['jobs'] } {
	const jobs = (from: string) => column.query(db, jobFields, from);
	const ids = (from: string) => column.query(db, column.uuid('job'), from);
	const refusals = (rest: string) => column.query(db, refusalFields, `FROM refusals ${rest}`);
	const waiting = prepareRows(db, 'waiting_jobs');
	const ended = prepareRows(db, 'jobs');
	const sql = {
		all: ids(jobListSql.all),
		accepted: jobs(jobListSql.accepted),
		inState: jobs(jobListSql.inState),
		acceptedOfTenant: jobs(jobListSql.acceptedOfTenant),
		ofTenant: ids(jobListSql.ofTenant),
		ofTenantInState: jobs(jobListSql.ofTenantInState),
		ended: column.query(db, endedFields, jobListSql.ended),
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

	const find = (id: Uint8Array) => waiting.find.get(id) ?? ended.find.get(id);
	const rowsOf = (found: readonly string[]) => found.flatMap((jobId) => find(uuidToBytes(jobId)) ?? []);

	return {
		countJobs: () =>
			Object.fromEntries(
				[...waiting.counts.all(), ...ended.counts.all()].map(({ state, count }) => [state, count]),
			),
		insertJob: (job) =>
			void (job.state === 'accepted' ? waiting : ended).insert.run(...column.valuesOf(jobFields, job)),
		updateJob: (job) => updateJob(waiting, ended, job),
		job: (jobId) => find(uuidToBytes(jobId)),
		removeJob(jobId) {
			const id = uuidToBytes(jobId);
			if (ended.remove.run(id).changes === 0) waiting.remove.run(id);
		},
		listJobs({ tenant, state, below, limit }) {
			const from = below === null ? aboveAll : uuidToBytes(below);
			if (state === null)
				return rowsOf(tenant === null ? sql.all.all(from, limit) : sql.ofTenant.all(tenant, from, limit));
			if (tenant === null)
				return state === 'accepted' ? sql.accepted.all(from, limit) : sql.inState.all(state, from, limit);
			return state === 'accepted'
				? sql.acceptedOfTenant.all(tenant, from, limit)
				: sql.ofTenantInState.all(tenant, state, from, limit);
		},
		endedJobs: (after, before, limit) =>
			after === null
				? sql.ended.all(0, belowAll, before, limit)
				: sql.ended.all(after.updatedAt, uuidToBytes(after.jobId), before, limit),
		isNewestJob: (doc, jobId) => sql.isNewest.get(doc, uuidToBytes(jobId)) !== undefined,
		highestTime: () => Math.max(waiting.highestTime.get() ?? 0, ended.highestTime.get() ?? 0),
		leaveJobsFuture(now) {
			waiting.leaveFuture.run(now);
			ended.leaveFuture.run(now);
		},
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

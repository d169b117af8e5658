import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDocEngine } from '../../../api/adapters/doc-store/doc-engine.ts';
import type { Tables } from '../../../api/adapters/doc-store/tables.ts';
import { openBodies } from '../../../api/adapters/sqlite/bodies.ts';
import { createSqliteTables } from '../../../api/adapters/sqlite/doc-tables.ts';
import { docListSql } from '../../../api/adapters/sqlite/docs-table.ts';
import { migrate, migrations } from '../../../api/adapters/sqlite/doc-schema.ts';
import { jobListSql } from '../../../api/adapters/sqlite/jobs-table.ts';
import { put, refusal } from '../../conformance/doc-store.ts';

const noBlobs = { path: (blob: string) => blob, remove: () => {} };
const noLimits = { maxPending: Infinity, maxPendingBytes: Infinity };

describe('lists and sweeps in SQLite', () => {
	let dir: string;
	let db: DatabaseSync;

	beforeEach(async () => {
		dir = await mkdtemp(join(tmpdir(), 'docdrop-lists-'));
		db = new DatabaseSync(':memory:');
	});
	afterEach(async () => {
		db.close();
		await rm(dir, { recursive: true, force: true });
	});
	const open = (): Tables => {
		migrate(db);
		return createSqliteTables(db, openBodies(db, dir));
	};

	it('come from an index each, and are not sorted', () => {
		open();
		const planOf = (sql: string, ...values: SQLInputValue[]) =>
			db
				.prepare(`EXPLAIN QUERY PLAN ${sql}`)
				.all(...values)
				.map((row) => String(row['detail']));
		const job = new Uint8Array(16);
		const jobs = (sql: string, ...values: SQLInputValue[]) => planOf(`SELECT * ${sql}`, ...values);
		const looksOf = (sql: string, ...values: SQLInputValue[]) =>
			planOf(`SELECT job ${sql}`, ...values).filter((step) => step.includes('jobs'));
		assert.deepEqual(looksOf(jobListSql.all, job, 9), [
			'SEARCH jobs USING PRIMARY KEY (job<?)',
			'SEARCH waiting_jobs USING PRIMARY KEY (job<?)',
		]);
		assert.deepEqual(jobs(jobListSql.accepted, job, 9), ['SEARCH waiting_jobs USING PRIMARY KEY (job<?)']);
		assert.deepEqual(jobs(jobListSql.acceptedOfTenant, 'acme', job, 9), [
			'SEARCH waiting_jobs USING INDEX waiting_jobs_of_tenant (tenant=? AND job<?)',
		]);
		assert.deepEqual(jobs(jobListSql.inState, 'failed', job, 9), [
			'SEARCH jobs USING INDEX jobs_by_state (state=? AND job<?)',
		]);
		assert.deepEqual(jobs(jobListSql.ofTenantInState, 'acme', 'failed', job, 9), [
			'SEARCH jobs USING INDEX jobs_of_tenant (tenant=? AND state=? AND job<?)',
		]);
		assert.deepEqual(jobs(jobListSql.ended, 0, job, 9, 9), [
			'SEARCH jobs USING INDEX jobs_ended ((updated_at,job)>(?,?) AND updated_at<?)',
		]);
		const looks = looksOf(jobListSql.ofTenant, 'acme', job, 9);
		assert.equal(looks.length, 8, 'a look for each state');
		assert.deepEqual(
			[...new Set(looks)],
			[
				'SEARCH jobs USING COVERING INDEX jobs_of_tenant (tenant=? AND state=? AND job<?)',
				'SEARCH waiting_jobs USING COVERING INDEX waiting_jobs_of_tenant (tenant=? AND job<?)',
			],
		);

		const docs = (sql: string, ...values: SQLInputValue[]) => planOf(`SELECT * ${sql}`, ...values);
		assert.deepEqual(docs(docListSql.ofTenant, 'acme', '', 'a/', 9), [
			'SEARCH docs USING INDEX sqlite_autoindex_docs_1 (tenant=? AND doc_id>? AND doc_id<?)',
		]);
		assert.deepEqual(docs(docListSql.ofTenantAt, 'acme', '', 'a/', 9, 'failed'), [
			'SEARCH docs USING INDEX docs_by_standing (tenant=? AND standing=? AND doc_id>? AND doc_id<?)',
		]);
		const from = (sql: string, ...values: SQLInputValue[]) => planOf(`SELECT doc ${sql}`, ...values);
		assert.deepEqual(from(docListSql.ofEpoch, 1, 0, 9), [
			'SEARCH docs USING INDEX docs_of_epoch (epoch_rank=? AND rowid>?)',
		]);
		assert.deepEqual(from(docListSql.tombstones, 1, 9), ['SEARCH docs USING INDEX docs_tombstones (w_at<?)']);
		assert.deepEqual(from(docListSql.oldestDead), ['SCAN docs USING INDEX docs_dead']);
		assert.deepEqual(from(docListSql.retrying, job, 9), ['SEARCH docs USING INDEX docs_retrying (w_job<?)']);
		assert.deepEqual(from(docListSql.retryingOfTenant, 'acme', job, 9), [
			'SEARCH docs USING INDEX docs_retrying_of_tenant (tenant=? AND w_job<?)',
		]);
	});

	it('look at a few rows a step, however many do not match', async () => {
		const tables = open();
		let looked = 0;
		const counted: Tables = {
			...tables,
			listJobs: (filter) => {
				const page = tables.listJobs(filter);
				looked += page.length;
				return page;
			},
			job: (jobId) => {
				looked += 1;
				return tables.job(jobId);
			},
			listDocs: (filter) => {
				const page = tables.listDocs(filter);
				looked += page.length;
				return page;
			},
		};
		const engine = createDocEngine({ tables: counted, blobs: noBlobs });
		const accept = (changes: Parameters<typeof engine.accept>[0]) =>
			engine.transaction(() => engine.accept(changes, 1_000, noLimits));
		accept(Array.from({ length: 3_000 }, (_, n) => put(`d${n}`, 'x')));
		for (let n = 0; n < 1_000; n += 1) accept([put('again', `v${n}`)]);
		const retry = engine.claim({ now: 9_000, limit: 3_001, maxBytes: 1e9, leaseMs: 1 });
		engine.transaction(() =>
			engine.release(
				retry.map(({ lease }) => ({ lease, retryAt: 9_000, counted: true, error: null })),
				9_000,
			),
		);
		looked = 0;
		const steps = (step: (from: string | null) => { readonly next: string | null; found: unknown[] }) => {
			const most = { looked: 0, steps: 0, found: 0 };
			for (let from: string | null = null; ;) {
				looked = 0;
				const { next, found } = step(from);
				most.looked = Math.max(most.looked, looked);
				most.steps += 1;
				most.found += found.length;
				if ((from = next) === null) return most;
			}
		};
		const limit = 1_000;
		// What waits to be tried again stands in the index among what waits for its first try.
		const accepted = steps((from) => engine.jobsStep({ tenant: 'acme', state: 'accepted', limit }, from));
		assert.deepEqual(accepted, { looked: 200, steps: 16, found: 0 });
		const history = { tenant: 'acme', docId: 'again', limit };
		const failed = steps((from) => engine.jobsStep({ ...history, state: 'failed' }, from));
		assert.ok(failed.looked <= 210 && failed.steps === 5 && failed.found === 0, JSON.stringify(failed));
		const none = steps((from) => engine.jobsStep({ tenant: 'nobody', limit }, from));
		assert.deepEqual(none, { looked: 0, steps: 1, found: 0 });
		const documents = steps((from) =>
			engine.documentsStep({ tenant: 'acme', state: 'published', limit }, from),
		);
		assert.deepEqual(documents, { looked: 0, steps: 1, found: 0 });
		const prefixed = steps((from) => engine.documentsStep({ tenant: 'acme', prefix: 'd1000', limit }, from));
		assert.deepEqual(prefixed, { looked: 1, steps: 1, found: 1 });
	});

	it('a page of the history begins where the one before ended, without a walk from the newest', () => {
		const tables = open();
		let looked = 0;
		const job = (jobId: string) => {
			looked += 1;
			return tables.job(jobId);
		};
		const engine = createDocEngine({ tables: { ...tables, job }, blobs: noBlobs });
		for (let n = 0; n < 500; n += 1)
			engine.transaction(() => engine.accept([put('again', `v${n}`)], 1_000, noLimits));
		const filter = { tenant: 'acme', docId: 'again', limit: 10 };
		const all: string[] = [];
		for (let after: string | undefined; ;) {
			looked = 0;
			const { found } = engine.jobsStep({ ...filter, ...(after !== undefined && { after }) }, null);
			assert.ok(looked <= 13, `${looked} looks for a page`);
			if (found.length === 0) break;
			all.push(...found.map(({ jobId }) => jobId));
			after = all.at(-1);
		}
		assert.equal(all.length, 500);
		assert.deepEqual(all, all.toSorted().toReversed());
	});

	it('of an older file know whose each receipt is', () => {
		const before = migrations.findIndex((step) => step.includes('jobs_of_tenant'));
		for (const step of migrations.slice(0, before)) db.exec(step);
		db.exec(`PRAGMA user_version = ${before}`);
		db.exec("INSERT INTO epochs (source_id, epoch) VALUES ('api', 'api')");
		const kept = put('kept', 'x');
		const refused = refusal('refused');
		const bytes = (id: string) => Buffer.from(id.replaceAll('-', ''), 'hex');
		db.prepare(
			`INSERT INTO docs (doc, tenant, doc_id, epoch_rank, rank, seq, generation, settled, failed, first_at, ready_at,
				due, attempts, strays, last_job, w_op, w_sha256, w_meta, w_fingerprint, w_job, w_size, w_priority, w_at)
			VALUES (7, 'acme', 'kept', 1, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, ?1, 0, '', '', '', ?1, 0, 1, 1)`,
		).run(bytes(kept.jobId));
		const insert = db.prepare(
			`INSERT INTO jobs (job, doc, op, state, version, accepted_at, updated_at, attempts) VALUES (?, ?, 0, ?, 0, 1, 1, 0)`,
		);
		insert.run(bytes(kept.jobId), 7, 'accepted');
		insert.run(bytes(refused.jobId), 0, 'failed');
		db.prepare("INSERT INTO refusals VALUES (?, 'umbrella', 'refused')").run(bytes(refused.jobId));
		const engine = createDocEngine({ tables: open(), blobs: noBlobs });
		const ids = (tenant: string) =>
			engine.jobsStep({ tenant, limit: 9 }, null).found.map(({ jobId }) => jobId);
		assert.deepEqual([ids('acme'), ids('umbrella')], [[kept.jobId], [refused.jobId]]);
		const waiting = { state: 'accepted' as const, limit: 9 };
		const accepted = (tenant?: string) =>
			engine.jobsStep({ ...waiting, ...(tenant !== undefined && { tenant }) }, null).found.length;
		assert.deepEqual([accepted(), accepted('acme'), accepted('umbrella')], [1, 1, 0]);
		assert.equal(engine.stats().jobs.accepted, 1);
		const { found } = engine.documentsStep({ tenant: 'acme', state: 'accepted', limit: 9 }, null);
		assert.deepEqual(found.map(({ docId }) => docId), ['kept']); // prettier-ignore
		assert.equal(
			engine.transaction(() => engine.cancel(kept.jobId, 2)),
			true,
		);
		assert.deepEqual([accepted(), ids('acme')], [0, [kept.jobId]]);
		assert.equal(db.prepare('SELECT count(*) AS n FROM waiting_jobs').get()?.['n'], 0);
	});
});

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFairShare } from '../../../api/domain/fair-share.ts';
import type { Claimed } from '../../../api/ports/work-claims.ts';
import { createQueues } from '../../../api/adapters/doc-store/queues.ts';
import { createDocEngine } from '../../../api/adapters/doc-store/doc-engine.ts';
import type { Tables } from '../../../api/adapters/doc-store/tables.ts';
import { openBodies } from '../../../api/adapters/sqlite/bodies.ts';
import { createSqliteTables } from '../../../api/adapters/sqlite/doc-tables.ts';
import { queuesSql, waitingSql } from '../../../api/adapters/sqlite/docs-table.ts';
import { migrate } from '../../../api/adapters/sqlite/doc-schema.ts';
import type { QueueUsage } from '../../../api/domain/queue-key.ts';

const noBlobs = { path: (blob: string) => blob, remove: () => {} };

describe('the queue in SQLite', () => {
	let dir: string;
	let db: DatabaseSync;
	let tables: Tables;

	beforeEach(async () => {
		dir = await mkdtemp(join(tmpdir(), 'docdrop-queue-'));
		db = new DatabaseSync(':memory:');
		migrate(db);
		const bodies = openBodies(db, dir);
		tables = createSqliteTables(db, bodies);
	});
	afterEach(async () => {
		db.close();
		await rm(dir, { recursive: true, force: true });
	});

	/** Rows as `updateDoc` writes them, without as many calls. */
	function fill(documents: number, tenants: number): void {
		tables.insertEpoch({ sourceId: 'api', epoch: 'api', epochOrder: 1 }, null);
		db.exec(`
			WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${documents})
			INSERT INTO docs (tenant, doc_id, epoch_rank, rank, seq, generation, settled, failed, first_at, ready_at,
				due, class, attempts, strays, last_job, w_op, w_sha256, w_meta, w_fingerprint, w_job, w_size, w_priority, w_at)
			SELECT 'tenant ' || (i % ${tenants}), 'doc ' || i, 1, 1, 1, 1, 0, 0, i, i,
				i + 250, 2, 0, 0, zeroblob(16), 1, '', '', '', zeroblob(16), 0, 2, i
			FROM n;
		`);
	}

	it('is read from its index alone, in order and without sorting', () => {
		const planOf = (sql: string, ...values: (string | number)[]) =>
			db
				.prepare(`EXPLAIN QUERY PLAN ${sql}`)
				.all(...values)
				.map((row) => String(row['detail']));
		assert.deepEqual(planOf(waitingSql, 'acme', 0, 0, 8), [
			'SEARCH docs USING COVERING INDEX docs_queue (tenant=? AND class=? AND large=?)',
		]);
		assert.deepEqual(planOf(queuesSql), ['SCAN docs USING COVERING INDEX docs_queue']);
	});

	/** Rows of queues that were read since it was set to 0. */
	let read = 0;
	const counting = (): Tables => ({
		...tables,
		waiting(queue, limit) {
			const rows = tables.waiting(queue, limit);
			read += rows.length;
			return rows;
		},
	});

	it('a claim reads a few rows, with 20,000 waiting in 1,000 tenants', () => {
		fill(20_000, 1_000);
		read = 0;
		const engine = createDocEngine({ tables: counting(), blobs: noBlobs });
		const now = 200_000;
		const claim = (limit: number, inWork: readonly QueueUsage[]) =>
			engine.transaction(() => engine.claim({ now, limit, maxBytes: 1e9, leaseMs: 60_000, inWork }));
		const first = claim(128, []);
		assert.equal(new Set(first.map((one) => one.tenant)).size, 128, 'a tenant each');
		assert.ok(read <= 128 * 8, `${read} rows read for 128 claims`);
		read = 0;
		const loads = first.map(({ tenant }): QueueUsage => ({ tenant, class: 2, documents: 1, bytes: 0 }));
		const served = new Set(first.map((one) => one.tenant));
		for (let n = 0; n < 872; n += 1) for (const one of claim(1, loads)) served.add(one.tenant);
		assert.equal(served.size, 1_000, 'everybody before anybody again');
		assert.ok(read <= 872 * 9, `${read} rows read for 872 claims`);
		assert.equal(engine.stats().oldestPendingAt, 0);
	});

	it('a claim looks at the first queue of each class, however many tenants wait', () => {
		fill(3_000, 3_000);
		const share = createFairShare();
		let offered = 0;
		const queues = createQueues({
			...{ tables, leasedUntil: () => null, onUndo: () => {} },
			share: {
				...share,
				next: (waiting) => {
					const keys = [...waiting];
					offered += keys.length;
					return share.next(keys);
				},
			},
		});
		const served = new Set<number>();
		const take = (limit: number) =>
			queues.take({ now: 5_000, limit, maxBytes: 1e9, leaseMs: 1 }, (doc) => {
				if (served.has(doc)) return null;
				served.add(doc);
				return { content: null } as Claimed;
			});
		for (let n = 0; n < 100; n += 1) assert.equal(take(10).length, 10);
		assert.equal(served.size, 1_000);
		assert.ok(offered <= 1_000, `${offered} queues were compared for 1,000 claims`);
		assert.ok((queues.nextReadyAt() ?? Infinity) <= 5_000);
	});

	it('the first that waits is found among tenants whose first ones have left, in bounded steps', () => {
		fill(2_000, 1_000);
		const engine = createDocEngine({ tables: counting(), blobs: noBlobs });
		const claimed = engine.claim({ now: 5_000, limit: 1_000, maxBytes: 1e9, leaseMs: 60_000 });
		engine.transaction(() =>
			engine.commit(
				claimed.map(({ lease }) => ({ lease, manifest: [], detail: {} })),
				5_000,
			),
		);
		read = 0;
		for (let asked = 0; asked < 5; asked += 1) {
			engine.stats();
			assert.ok(read <= 256 * (asked + 1), `${read} rows read by ${asked + 1} questions`);
		}
		assert.equal(engine.stats().oldestPendingAt, 1_000);
	});

	it('one that holds a hundred leases reads past them, and others are not slowed by it', () => {
		fill(10_000, 1);
		read = 0;
		const engine = createDocEngine({ tables: counting(), blobs: noBlobs });
		const request = { now: 20_000, maxBytes: 1e9, leaseMs: 60_000 };
		assert.equal(engine.claim({ ...request, limit: 100 }).length, 100);
		read = 0;
		const inWork = [{ tenant: 'tenant 0', class: 2 as const, documents: 100, bytes: 0 }];
		assert.equal(engine.claim({ ...request, limit: 40, inWork }).length, 5, 'up to three times what is free');
		assert.ok(read <= 120, `${read} rows read`);
	});
});

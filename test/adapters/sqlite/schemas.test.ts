import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { migrate, migrations, schemaVersion } from '../../../api/adapters/sqlite/doc-schema.ts';
import { createDocEngine } from '../../../api/adapters/doc-store/doc-engine.ts';
import { createSqliteTables } from '../../../api/adapters/sqlite/doc-tables.ts';
import { openBodies } from '../../../api/adapters/sqlite/bodies.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What any version since the first has written is read by this one: the columns of the first are in all of them. */
describe('a document store of an earlier schema', () => {
	const job = Buffer.from('01890a5d'.padEnd(32, '0'), 'hex');
	for (let version = 1; version <= schemaVersion; version += 1) {
		it(`of version ${version} opens, with what is published and what waits`, () => {
			const dir = mkdtempSync(join(tmpdir(), 'docdrop-schema-'));
			const db = new DatabaseSync(':memory:');
			for (const step of migrations.slice(0, 1)) db.exec(step);
			db.exec("INSERT INTO epochs (source_id, epoch) VALUES ('api', 'api')");
			const insert = db.prepare(
				`INSERT INTO docs (doc, tenant, doc_id, epoch_rank, rank, seq, generation, settled, failed, first_at, ready_at,
					due, attempts, strays, body, last_job, w_op, w_sha256, w_meta, w_fingerprint, w_job, w_size, w_priority, w_at,
					p_sha256, p_meta, p_fingerprint, p_version, p_job, p_at, p_chunks, p_size)
				VALUES (?, 'acme', ?, 1, 1, 1, 1, ?, 0, 1, 1, 1, 0, 0, ?, ?, 0, 'aa', '', '', ?, 5, 1, 1,
					'aa', '', 'f', 4294967297, ?, 1, 1, 5)`,
			);
			insert.run(1, 'published', 1, null, job, job, job);
			insert.run(2, 'waiting', 0, 1, job, job, job);
			db.exec("INSERT INTO bodies (body, content) VALUES (1, 'bytes')");
			db.prepare("INSERT INTO chunks VALUES (1, ?, ?, 'a', NULL, 3, 'its text', 0)").run(
				job,
				Buffer.alloc(32),
			);
			for (const step of migrations.slice(1, version)) db.exec(step);
			db.exec(`PRAGMA user_version = ${version}`);
			migrate(db);
			const bodies = openBodies(db, join(dir, 'bodies'));
			const engine = createDocEngine({
				tables: createSqliteTables(db, bodies),
				blobs: { path: (blob) => blob, remove() {} },
			});
			const { documents, pending, chunks } = engine.stats();
			assert.deepEqual([documents, pending, chunks], [2, 1, 2]);
			assert.equal(engine.document('acme', 'published')?.state, 'published');
			assert.deepEqual(
				engine.chunks('acme', 'published').map(({ text, page }) => [text, page]),
				[['its text', 3]],
			);
			const [claimed] = engine.claim({ now: 1_000, limit: 9, maxBytes: 1e9, leaseMs: 1_000 });
			assert.equal(claimed?.docId, 'waiting');
			bodies.close();
			db.close();
			rmSync(dir, { recursive: true });
		});
	}
});

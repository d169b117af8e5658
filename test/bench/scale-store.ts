import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createDocEngine } from '../../api/adapters/doc-store/doc-engine.ts';
import type { DocRow, JobRow } from '../../api/adapters/doc-store/tables.ts';
import { openBodies } from '../../api/adapters/sqlite/bodies.ts';
import { migrate } from '../../api/adapters/sqlite/doc-schema.ts';
import { createSqliteTables } from '../../api/adapters/sqlite/doc-tables.ts';
import { createJobIds } from '../../api/pipeline/accept/job-id.ts';
import { canonicalJson } from '../../api/domain/meta.ts';

/** A large document store in order, row by row through the functions that the engine writes with. */
export interface Scale {
	readonly documents: number;
	readonly jobs: number;
	readonly tenants: number;
	/** Of the documents, those that wait, each of another tenant. */
	readonly pending: number;
}

const rowsATransaction = 5_000;
const fingerprint = 'made for the benchmark';
const meta = canonicalJson({ mimeType: 'text/markdown', path: null, title: null, metadata: {} });

export function buildStore(dir: string, { documents, jobs, tenants, pending }: Scale): void {
	mkdirSync(dir, { recursive: true });
	const db = new DatabaseSync(join(dir, 'docs.db'));
	db.exec(
		'PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -100000',
	);
	migrate(db);
	const bodies = openBodies(db, join(dir, 'bodies'));
	const tables = createSqliteTables(db, bodies);
	const at = Date.now() - 3_600_000;
	const nextJob = createJobIds(() => at);
	const tenantOf = (n: number) => `tenant-${n % tenants}`;
	for (let from = 0; from < documents; from += rowsATransaction) {
		tables.transaction(() => {
			if (from === 0) tables.insertEpoch({ sourceId: 'api', epoch: 'api', epochOrder: 1 }, null);
			for (let n = from; n < Math.min(from + rowsATransaction, documents); n += 1) {
				const tenant = tenantOf(n);
				const isPending = n < pending;
				const body = isPending ? tables.insertBody(`# Document ${n}\n\nIt waits.`) : null;
				const jobId = nextJob();
				const row = documentRow({ tenant, docId: `folder/${n % 97}/${n}.md`, jobId, at, body });
				const doc = tables.insertDoc(row);
				// Of the receipts that are left for it the last one is its newest.
				for (let more = documents + n; more < jobs; more += documents)
					tables.insertJob(jobRow({ jobId: nextJob(), tenant, doc, at, state: 'superseded' }));
				if (n < jobs)
					tables.insertJob(jobRow({ jobId, tenant, doc, at, state: isPending ? 'accepted' : 'published' }));
			}
		});
	}
	createDocEngine({ tables, blobs: { path: (blob) => blob, remove: () => {} } }).end();
	bodies.close();
	db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
	db.close();
}

function documentRow(made: {
	readonly tenant: string;
	readonly docId: string;
	readonly jobId: string;
	readonly at: number;
	/** Null: it is published, and its content was empty, so that the index has nothing of it to check. */
	readonly body: number | null;
}): Omit<DocRow, 'key'> {
	const { tenant, docId, jobId, at, body } = made;
	const isPending = body !== null;
	const content = { op: 'put' as const, sha256: '0'.repeat(64), meta, fingerprint };
	const published = {
		...content,
		version: 2 ** 32 + 1,
		jobId,
		at,
		title: null,
		chunks: 0,
		size: 0,
	};
	return {
		...{ tenant, docId, body, lastJob: jobId, flightJob: null, error: null },
		state: {
			...{ sourceId: 'api', epoch: 'api', epochOrder: 1, earlier: [], rank: 1, seq: 1 },
			...{ generation: 1, finished: isPending ? 0 : 1, failed: false, attempts: 0 },
			...{ firstAt: at, readyAt: at, mayHaveOrphans: false, movedTo: null },
			wanted: { ...content, jobId, size: 30, priority: 2, acceptedAt: at },
			published: isPending ? null : published,
		},
	};
}

const jobRow = (
	made: Pick<JobRow, 'jobId' | 'tenant' | 'doc' | 'state'> & { readonly at: number },
): JobRow => {
	const { at, ...job } = made;
	return {
		...job,
		...{ op: 'put', version: 2 ** 32 + 1, acceptedAt: at, updatedAt: at, attempts: 0 },
		...{ supersededBy: null, previous: null, error: null, detail: null, charged: 0 },
	};
};

import type { DatabaseSync } from 'node:sqlite';
import { DocDropError } from '../../errors.ts';

/**
 * The document store's tables, as a list of migrations: entry n takes a file from version n to n + 1. Landed
 * entries are never edited. PRAGMA user_version holds the version.
 *
 * `bodies`: the bytes are in `content`, or in the file that `blob` names, or in `length` bytes of a segment file.
 *
 * `chunks.stray`: 0 published, 1 planned and perhaps in the index, 2 published but perhaps gone or rewritten.
 *
 * `docs.earlier`: who owned the document before, and how far they had come.
 *
 * `refusals`: whose the jobs without a document (`doc` 0) are.
 *
 * `jobs` are those that have ended, `waiting_jobs`, with the same columns, those in state accepted.
 *
 * `docs` is one row a document: what is wanted (w_*), what is published (p_*), and where it stands between
 * the two. `standing` is where its document stands, its lease aside. Its partial index on waiting rows is the queue:
 * `class` and `due` are queueClass and dueAt of doc-state.ts, `large` is isLargeWork of large-work.ts.
 */
export const migrations: readonly string[] = [
	`
	CREATE TABLE epochs (
		rank INTEGER PRIMARY KEY AUTOINCREMENT,
		source_id TEXT NOT NULL,
		epoch TEXT NOT NULL,
		UNIQUE (source_id, epoch)
	);
	CREATE TABLE docs (
		doc INTEGER PRIMARY KEY,
		tenant TEXT NOT NULL,
		doc_id TEXT NOT NULL,
		epoch_rank INTEGER NOT NULL REFERENCES epochs (rank),
		rank INTEGER NOT NULL,
		seq INTEGER NOT NULL,
		generation INTEGER NOT NULL,
		settled INTEGER NOT NULL,
		failed INTEGER NOT NULL,
		first_at INTEGER NOT NULL,
		ready_at INTEGER NOT NULL,
		due INTEGER NOT NULL,
		attempts INTEGER NOT NULL,
		strays INTEGER NOT NULL,
		body INTEGER,
		last_job BLOB NOT NULL,
		flight_job BLOB,
		error_code TEXT,
		error_message TEXT,
		w_op INTEGER NOT NULL,
		w_sha256 TEXT NOT NULL,
		w_meta TEXT NOT NULL,
		w_fingerprint TEXT NOT NULL,
		w_job BLOB NOT NULL,
		w_size INTEGER NOT NULL,
		w_priority INTEGER NOT NULL,
		w_at INTEGER NOT NULL,
		p_sha256 TEXT,
		p_meta TEXT,
		p_fingerprint TEXT,
		p_version INTEGER,
		p_job BLOB,
		p_at INTEGER,
		p_chunks INTEGER,
		p_size INTEGER,
		UNIQUE (tenant, doc_id)
	);
	CREATE INDEX docs_waiting ON docs (due, ready_at) WHERE generation > settled;
	CREATE INDEX docs_failed ON docs (doc) WHERE failed = 1;
	CREATE TABLE bodies (
		body INTEGER PRIMARY KEY,
		content BLOB,
		blob TEXT
	);
	CREATE TABLE jobs (
		job BLOB PRIMARY KEY,
		doc INTEGER NOT NULL,
		op INTEGER NOT NULL,
		state TEXT NOT NULL,
		version INTEGER NOT NULL,
		accepted_at INTEGER NOT NULL,
		updated_at INTEGER NOT NULL,
		attempts INTEGER NOT NULL,
		superseded_by BLOB,
		previous BLOB,
		error_code TEXT,
		error_message TEXT,
		detail TEXT
	) WITHOUT ROWID;
	CREATE INDEX jobs_failed ON jobs (job) WHERE state = 'failed';
	CREATE TABLE chunks (
		doc INTEGER NOT NULL,
		point BLOB NOT NULL,
		hash BLOB NOT NULL,
		ord TEXT NOT NULL,
		heading TEXT,
		page INTEGER,
		text TEXT NOT NULL,
		stray INTEGER NOT NULL,
		PRIMARY KEY (doc, point)
	) WITHOUT ROWID;
	`,
	`
	ALTER TABLE bodies ADD COLUMN segment INTEGER;
	ALTER TABLE bodies ADD COLUMN start INTEGER;
	ALTER TABLE bodies ADD COLUMN length INTEGER;
	`,
	`
	CREATE TABLE refusals (
		job BLOB PRIMARY KEY,
		tenant TEXT NOT NULL,
		doc_id TEXT NOT NULL,
		UNIQUE (tenant, doc_id)
	) WITHOUT ROWID;
	CREATE INDEX refusals_of_tenant ON refusals (tenant, job);
	`,
	`
	ALTER TABLE docs ADD COLUMN class INTEGER NOT NULL DEFAULT 0;
	UPDATE docs SET
		class = CASE WHEN w_priority = 2 THEN 2 WHEN attempts > 0 THEN 1 ELSE 0 END,
		due = ready_at + CASE WHEN w_priority = 0 THEN 0 ELSE 250 END
	WHERE generation > settled;
	DROP INDEX docs_waiting;
	CREATE INDEX docs_queue ON docs (tenant, class, due, ready_at, doc, generation, settled) WHERE generation > settled;
	`,
	`
	ALTER TABLE docs ADD COLUMN moved_to INTEGER;
	ALTER TABLE docs ADD COLUMN moved_generation INTEGER;
	CREATE INDEX docs_leaving ON docs (moved_to) WHERE moved_to IS NOT NULL;
	`,
	`
	ALTER TABLE jobs ADD COLUMN charged INTEGER NOT NULL DEFAULT 0;
	CREATE TABLE credits (
		tenant TEXT PRIMARY KEY,
		granted INTEGER,
		spent INTEGER NOT NULL,
		refunded INTEGER NOT NULL
	) WITHOUT ROWID;
	`,
	// Small things that are remembered by name; the title that published points show.
	`
	CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
	ALTER TABLE docs ADD COLUMN p_title TEXT;
	`,
	// Whether a blob has an owner is asked for each one that is to be dropped.
	'CREATE INDEX bodies_of_blobs ON bodies (blob) WHERE blob IS NOT NULL;',
	// What people know the sender by.
	'ALTER TABLE epochs ADD COLUMN name TEXT;',
	// The order of epochs is their source's own, and ranks count within a document; versions of existing documents go
	// on from theirs. Those that had left the whole numbers come back, and their points are all written anew.
	`
	ALTER TABLE epochs ADD COLUMN ordinal INTEGER NOT NULL DEFAULT 0;
	UPDATE epochs SET ordinal = rank;
	CREATE INDEX epochs_of_source ON epochs (source_id, ordinal);
	CREATE INDEX docs_of_epoch ON docs (epoch_rank);
	ALTER TABLE docs ADD COLUMN earlier TEXT;
	UPDATE docs SET
		rank = 1048576,
		p_version = min(p_version, 4503599627370496),
		p_fingerprint = CASE WHEN p_version > 4503599627370496 THEN '' ELSE p_fingerprint END
	WHERE rank > 2097151;
	UPDATE jobs SET version = 9007199254740991 WHERE version > 9007199254740991;
	`,
	// Keys of documents are never used again, or a receipt would become another document's. A counter, because another
	// kind of key would mean to write every row of a large store anew.
	`
	INSERT INTO notes (name, value) SELECT 'docs.highest_key', max(
		(SELECT coalesce(max(doc), 0) FROM docs),
		(SELECT coalesce(max(doc), 0) FROM jobs)
	);
	`,
	// A list has an index: receipts by tenant and state, documents by tenant and standing.
	`
	ALTER TABLE jobs ADD COLUMN tenant TEXT NOT NULL DEFAULT '';
	UPDATE jobs SET tenant = coalesce(
		(SELECT tenant FROM docs WHERE docs.doc = jobs.doc),
		(SELECT tenant FROM refusals WHERE refusals.job = jobs.job),
		''
	);
	DROP INDEX jobs_failed;
	CREATE INDEX jobs_by_state ON jobs (state, job);
	CREATE INDEX jobs_of_tenant ON jobs (tenant, state, job);
	ALTER TABLE docs ADD COLUMN standing TEXT GENERATED ALWAYS AS (
		CASE
			WHEN failed = 1 THEN 'failed'
			WHEN generation > settled THEN iif(attempts > 0 OR error_code IS NOT NULL, 'retrying', 'accepted')
			ELSE iif(p_sha256 IS NULL, 'deleted', 'published')
		END
	) VIRTUAL;
	CREATE INDEX docs_by_standing ON docs (tenant, standing, doc_id);
	CREATE INDEX docs_retrying ON docs (w_job) WHERE standing = 'retrying';
	CREATE INDEX docs_retrying_of_tenant ON docs (tenant, w_job) WHERE standing = 'retrying';
	`,
	// What a sweep removes, oldest first.
	`
	CREATE INDEX jobs_ended ON jobs (updated_at, job) WHERE state <> 'accepted';
	CREATE INDEX docs_tombstones ON docs (w_at) WHERE standing = 'deleted' AND strays = 0;
	`,
	// A page of a document's chunks costs what is on it, however many there are.
	'CREATE INDEX chunks_in_order ON chunks (doc, ord);',
	// Large documents wait in queues of their own.
	`
	ALTER TABLE docs ADD COLUMN large INTEGER NOT NULL DEFAULT 0;
	UPDATE docs SET large = 1 WHERE (w_op = 0 AND w_size > 4194304) OR p_chunks > 20000;
	DROP INDEX docs_queue;
	CREATE INDEX docs_queue ON docs (tenant, class, large, due, ready_at, doc, generation, settled) WHERE generation > settled;
	`,
	// Which dead letter loses its content first.
	'CREATE INDEX docs_dead ON docs (w_at) WHERE failed = 1 AND body IS NOT NULL;',
	// Each accept writes a job: those without an end have a table of their own, in the order of their list, and one
	// index instead of two.
	`
	CREATE TABLE waiting_jobs (
		job BLOB PRIMARY KEY,
		tenant TEXT NOT NULL,
		doc INTEGER NOT NULL,
		op INTEGER NOT NULL,
		state TEXT NOT NULL,
		version INTEGER NOT NULL,
		accepted_at INTEGER NOT NULL,
		updated_at INTEGER NOT NULL,
		attempts INTEGER NOT NULL,
		superseded_by BLOB,
		previous BLOB,
		error_code TEXT,
		error_message TEXT,
		detail TEXT,
		charged INTEGER NOT NULL
	) WITHOUT ROWID;
	INSERT INTO waiting_jobs (job, tenant, doc, op, state, version, accepted_at, updated_at, attempts, superseded_by,
		previous, error_code, error_message, detail, charged)
	SELECT job, tenant, doc, op, state, version, accepted_at, updated_at, attempts, superseded_by,
		previous, error_code, error_message, detail, charged
	FROM jobs WHERE state = 'accepted';
	DELETE FROM jobs WHERE state = 'accepted';
	CREATE INDEX waiting_jobs_of_tenant ON waiting_jobs (tenant, job);
	`,
];

/** Of this program's document store. */
export const schemaVersion: number = migrations.length;

/** Brings the file to this program's version, in one transaction. Refuses a file from a newer program. */
export function migrate(db: DatabaseSync): void {
	const { user_version: found } = db.prepare('PRAGMA user_version').get() as { user_version: number };
	if (found > migrations.length) {
		throw new DocDropError(
			'store_newer',
			`the data folder was written by a newer DocDrop: its store has version ${found}, this program knows up to ${migrations.length}`,
		);
	}
	if (found === migrations.length) return;
	db.exec('BEGIN IMMEDIATE');
	try {
		for (const step of migrations.slice(found)) db.exec(step);
		// What was counted at the end of another version is counted again.
		db.exec("DELETE FROM notes WHERE name = 'summary'");
		db.exec(`PRAGMA user_version = ${migrations.length}`);
		db.exec('COMMIT');
	} catch (error) {
		db.exec('ROLLBACK');
		throw error;
	}
}

/**
 * Whether the tables of the embedded index agree with each other: for the crash oracle, `docdrop audit` and tests. Reads the file and
 * nothing else, on a connection that cannot write.
 */
import type { DatabaseSync } from 'node:sqlite';
import { fromSqliteError } from '../sqlite/index.ts';
import { allChunks } from './chunks.ts';
import { countWrongDocValues } from './doc-values.ts';
import { vecLibrary } from './library.ts';
import { openForReading } from './index-schema.ts';

export interface VerifyReport {
	readonly tenants: number;
	readonly docs: number;
	readonly points: number;
	readonly vectors: number;
	readonly texts: number;
	/** Empty for a sound index; one sentence for each kind of fault, with how often it was found. */
	readonly faults: readonly string[];
}

/**
 * Synchronous: a few seconds for some 100,000 points, so not for the event loop of a server. Throws
 * store_corrupt where the file is no index, store_newer, store_unavailable.
 */
export function verifySqliteVec(file: string): VerifyReport {
	try {
		const db = openForReading({ file, library: vecLibrary() });
		try {
			// One transaction: a writer may be at work.
			db.exec('BEGIN');
			return verify(db);
		} finally {
			db.close();
		}
	} catch (error) {
		throw fromSqliteError(error);
	}
}

/** Each counts rows that must not be. */
const mustBeNone: Readonly<Record<string, string>> = {
	'points without a document': 'SELECT count(*) FROM points WHERE doc NOT IN (SELECT doc FROM docs)',
	'points whose document is of another tenant':
		'SELECT count(*) FROM points JOIN docs USING (doc) WHERE points.tenant <> docs.tenant',
	'tenants with another number of points than is counted': `SELECT count(*) FROM tenants LEFT JOIN
		(SELECT tenant, count(*) AS found FROM points GROUP BY tenant) USING (tenant) WHERE points <> coalesce(found, 0)`,
	'documents without points': 'SELECT count(*) FROM docs WHERE doc NOT IN (SELECT doc FROM points)',
	'documents without a tenant': 'SELECT count(*) FROM docs WHERE tenant NOT IN (SELECT tenant FROM tenants)',
	'documents with more than one current row': `SELECT count(*) FROM (
		SELECT 1 FROM docs WHERE superseded = 0 GROUP BY tenant, doc_id HAVING count(*) > 1)`,
	'values of a document that is not there':
		'SELECT count(DISTINCT doc) FROM doc_values WHERE doc NOT IN (SELECT doc FROM docs)',
	'points without a vector':
		'SELECT count(*) FROM points WHERE embedded = 1 AND point NOT IN (SELECT rowid FROM vectors)',
	'vectors without a point':
		'SELECT count(*) FROM vectors WHERE rowid NOT IN (SELECT point FROM points WHERE embedded = 1)',
	'points without a text': 'SELECT count(*) FROM points WHERE point NOT IN (SELECT id FROM texts_docsize)',
	'texts without a point': 'SELECT count(*) FROM texts_docsize WHERE id NOT IN (SELECT point FROM points)',
};

function verify(db: DatabaseSync): VerifyReport {
	const count = (sql: string) => Number(Object.values(db.prepare(sql).get() ?? {})[0]);
	const faults: string[] = [];
	// FTS5 takes part in this check; vec0 does not, so its chunks are read below.
	for (const row of db.prepare('PRAGMA integrity_check').all()) {
		if (row['integrity_check'] !== 'ok') faults.push(`integrity_check: ${String(row['integrity_check'])}`);
	}
	for (const [fault, sql] of Object.entries(mustBeNone)) {
		const found = count(sql);
		if (found > 0) faults.push(`${found} ${fault}`);
	}
	const wrong = countWrongDocValues(db);
	if (wrong > 0) faults.push(`${wrong} documents with other values than their fields have`);
	const misplaced = misplacedVectors(db);
	if (misplaced > 0) faults.push(`${misplaced} vectors missing from, or wrong in, what a search reads`);
	return {
		tenants: count('SELECT count(*) FROM tenants'),
		docs: count('SELECT count(*) FROM docs WHERE superseded = 0'),
		points: count('SELECT count(*) FROM points'),
		vectors: count('SELECT count(*) FROM vectors'),
		texts: count('SELECT count(*) FROM texts_docsize'),
		faults,
	};
}

/** A search goes through the chunks, not through the table of rows: each embedded point must be in one, once. */
function misplacedVectors(db: DatabaseSync): number {
	const expected = new Map<number, number>();
	for (const row of db.prepare('SELECT point, tenant FROM points WHERE embedded = 1').iterate()) {
		expected.set(row['point'] as number, row['tenant'] as number);
	}
	let wrong = 0;
	for (const { tenant, rows } of allChunks(db)) {
		for (const row of rows) {
			if (expected.get(row) !== tenant) wrong += 1;
			expected.delete(row);
		}
	}
	return wrong + expected.size;
}

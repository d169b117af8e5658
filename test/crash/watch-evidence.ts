import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '../../nodes/watch/clock.ts';
import { needsSend } from '../../nodes/watch/diff.ts';
import { createSqliteFileState } from '../../nodes/watch/state/sqlite.ts';

/** What a dead process left on disk about each file. Read from copies: the next life must find all as it was. */
export interface Evidence {
	/** Content by path of the files that are seen and acknowledged: nothing is to be sent of them. */
	readonly settled: ReadonlyMap<string, string>;
	/** Content by path of all files that are seen. */
	readonly seen: ReadonlyMap<string, string>;
	/** Receipts that the document store has handed out, by document. */
	readonly receipts: ReadonlyMap<string, number>;
	/** A document for each content that the document store has accepted last or published, by its SHA-256. */
	readonly taken: ReadonlyMap<string, string>;
}

export async function readEvidence(dataDir: string): Promise<Evidence> {
	const copy = await mkdtemp(join(tmpdir(), 'docdrop-crash-watch-evidence-'));
	try {
		const rows = await readFileState(await copyDatabase(join(dataDir, 'watch'), copy, /\.db(-wal)?$/));
		const settled = new Map<string, string>();
		const seen = new Map<string, string>();
		for (const row of rows) {
			if (row.seen === null) continue;
			seen.set(row.path, row.seen.sha256);
			if (!needsSend(row) && row.delivered?.sha256 === row.seen.sha256)
				settled.set(row.path, row.seen.sha256);
		}
		return { settled, seen, ...readStore(await copyDatabase(dataDir, copy, /^docs\.db(-wal)?$/)) };
	} finally {
		await rm(copy, { recursive: true });
	}
}

/** Copies a database with its log; null where there is none yet. */
async function copyDatabase(from: string, to: string, names: RegExp): Promise<string | null> {
	const found = (await readdir(from).catch(() => [])).filter((name) => names.test(name));
	for (const name of found) await copyFile(join(from, name), join(to, name));
	const file = found.find((name) => name.endsWith('.db'));
	return file === undefined ? null : join(to, file);
}

async function readFileState(file: string | null) {
	if (file === null) return [];
	const state = createSqliteFileState({ file, clock: systemClock });
	await state.open();
	try {
		return (await Array.fromAsync(state.rows())).flat();
	} finally {
		await state.close();
	}
}

function readStore(file: string | null): Pick<Evidence, 'receipts' | 'taken'> {
	if (file === null) return { receipts: new Map(), taken: new Map() };
	const db = new DatabaseSync(file);
	try {
		const isThere = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'jobs'").get() !== undefined;
		const all = (sql: string) => (isThere ? db.prepare(sql).all() : []);
		const receipts = all(
			'SELECT doc_id, count(*) AS n FROM (SELECT doc FROM jobs UNION ALL SELECT doc FROM waiting_jobs) AS all_jobs JOIN docs USING (doc) GROUP BY doc',
		);
		const taken = all(
			'SELECT doc_id, w_sha256 AS sha FROM docs UNION SELECT doc_id, p_sha256 FROM docs WHERE p_sha256 IS NOT NULL',
		);
		return {
			receipts: new Map(receipts.map((row) => [String(row['doc_id']), Number(row['n'])])),
			taken: new Map(taken.map((row) => [String(row['sha']), String(row['doc_id'])])),
		};
	} finally {
		db.close();
	}
}

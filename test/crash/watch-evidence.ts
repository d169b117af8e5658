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
		return { settled, seen, receipts: readReceipts(await copyDatabase(dataDir, copy, /^docs\.db(-wal)?$/)) };
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

function readReceipts(file: string | null): Map<string, number> {
	if (file === null) return new Map();
	const db = new DatabaseSync(file);
	try {
		const isThere = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'jobs'").get() !== undefined;
		const sql = 'SELECT doc_id, count(*) AS n FROM jobs JOIN docs ON docs.doc = jobs.doc GROUP BY docs.doc';
		const rows = isThere ? db.prepare(sql).all() : [];
		return new Map(rows.map((row) => [String(row['doc_id']), Number(row['n'])]));
	} finally {
		db.close();
	}
}

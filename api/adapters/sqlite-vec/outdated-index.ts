/** Removes an index file of another embedder, where its vectors cost nothing to make again. Only the writer thread calls this. */
import { existsSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** A file that is not such an index, or cannot be read, is left for whoever opens it. */
export function removeOutdated(
	file: string,
	{
		fingerprint,
		replaceable,
	}: { readonly fingerprint: string | null; readonly replaceable: readonly string[] },
	newestVersion: number,
): void {
	if (fingerprint === null || replaceable.length === 0 || !existsSync(file)) return;
	const made = fingerprintOf(file, newestVersion);
	if (made === null || made === fingerprint || !replaceable.some((begin) => made.startsWith(begin))) return;
	// The log first: a file without its log opens, and one log beside another file would be read into it.
	for (const end of ['-wal', '-shm', '']) rmSync(file + end, { force: true });
}

/** Null as well where a newer version has written the file. */
function fingerprintOf(file: string, newestVersion: number): string | null {
	const db = new DatabaseSync(file, { timeout: 1_000 });
	try {
		const version = db.prepare('PRAGMA user_version').get()?.['user_version'];
		if (Number(version) > newestVersion) return null;
		const row = db.prepare(`SELECT value FROM meta WHERE key = 'fingerprint'`).get();
		return typeof row?.['value'] === 'string' ? row['value'] : null;
	} catch {
		return null;
	} finally {
		db.close();
	}
}

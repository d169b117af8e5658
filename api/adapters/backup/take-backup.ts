import { copyFile, mkdir, open, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { VectorStore } from '../../ports/index.ts';
import { fromFileError, schemaVersion, type SqliteDocStore } from '../sqlite/index.ts';
import { indexSchemaVersion } from '../sqlite-vec/index.ts';
import { hashFile } from './hashed-file.ts';
import { type BackupManifest, manifestName } from './backup-manifest.ts';

/**
 * A copy of a data folder that belongs together, made while work goes on. The order is what makes it so:
 *
 *  1. The index first. It is older than the rows beside it then, and an index that is older than its store is what the
 *     check and the audit mend: whatever was published since is in the manifest with its text. One that is newer could not
 *     be told from one whose store has lost something, and nobody would touch it.
 *  2. The rows, as they are at the moment at which their copy ends.
 *  3. The bodies, which are removed by nobody from before 2 until they are copied: what a row names is there.
 *  4. The list of followed folders, so that a folder stays the source that it was. Its state stays behind: it knows what was
 *     delivered, and could only be older or newer than the rows. Without it a folder begins an epoch, tells of all its
 *     files, and what it does not tell of goes.
 *  5. The manifest, when all else is on disk.
 *
 * Left out as well is what is made again: the spool, the vector cache.
 */
interface BackupDeps {
	readonly dataDir: string;
	readonly docStore: Pick<SqliteDocStore, 'backup'>;
	readonly vectorStore: Pick<VectorStore, 'backup'>;
	readonly version: string;
	/** ISO 8601. */
	readonly at: string;
}

/** `to` must not be there; where the backup does not come to its end, it is not there afterwards either. */
export async function takeBackup(to: string, deps: BackupDeps): Promise<BackupManifest> {
	const { dataDir, docStore, vectorStore, version, at } = deps;
	try {
		await mkdir(to, { mode: 0o700 });
		await vectorStore.backup?.(to);
		await docStore.backup(to);
		await mkdir(join(to, 'watch'), { mode: 0o700 });
		await copyFile(join(dataDir, 'watch', 'folders.json'), join(to, 'watch', 'folders.json')).catch(
			unlessMissing,
		);
		const files = [];
		for (const path of await listFiles(to)) files.push({ path, ...(await hashFile(join(to, path))) });
		const schemas = { docs: schemaVersion, index: indexSchemaVersion };
		const manifest: BackupManifest = { format: 1, version, at, schemas, files };
		for (const path of files.map((file) => file.path)) await syncFile(join(to, path));
		await writeFile(join(to, manifestName), `${JSON.stringify(manifest)}\n`, {
			...{ mode: 0o600, flag: 'wx', flush: true },
		});
		return manifest;
	} catch (error) {
		await rm(to, { recursive: true, force: true });
		throw fromFileError(error);
	}
}

async function listFiles(dir: string): Promise<string[]> {
	const entries = await readdir(dir, { recursive: true, withFileTypes: true });
	return entries
		.filter((entry) => entry.isFile())
		.map((entry) =>
			join(entry.parentPath, entry.name)
				.slice(dir.length + 1)
				.replaceAll('\\', '/'),
		)
		.sort();
}

async function syncFile(path: string): Promise<void> {
	const file = await open(path, 'r+');
	await file.sync().finally(() => file.close());
}

function unlessMissing(error: unknown): void {
	if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}

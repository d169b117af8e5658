import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DocDropError } from '../../errors.ts';
import { schemaVersion } from '../sqlite/index.ts';
import { indexSchemaVersion } from '../sqlite-vec/index.ts';
import { hashFile } from './hashed-file.ts';
import { type BackupFile, type BackupManifest, manifestName, readManifest } from './backup-manifest.ts';

/** Tells the next start that an audit is owed; see app/restored.ts. */
export const restoredName = 'restored.json';
/** As long as it is there the folder is none to start on: a restore is under way, or was killed. */
export const restoringName = 'restoring';

/**
 * Puts a backup into an empty data folder. Each file is verified while it is copied; the document store gets its name last,
 * so that what was begun and not ended is no data folder. Throws where the folder is not empty, the backup is torn or newer
 * than this program; what was written is removed then.
 */
export async function restoreBackup(from: string, dataDir: string): Promise<BackupManifest> {
	const manifest = await checkedManifest(from);
	await mkdir(dataDir, { recursive: true, mode: 0o700 });
	if ((await readdir(dataDir)).length > 0) {
		throw new DocDropError('config_invalid', 'DOCDROP_DATA_DIR must be an empty folder to restore into', {
			field: 'DOCDROP_DATA_DIR',
			hint: 'Name another one, or move away what is there.',
		});
	}
	await writeFile(join(dataDir, restoringName), '', { mode: 0o600, flush: true });
	try {
		// 1. All but the document store, verified; 2. the store under another name; 3. its name.
		const store = join(dataDir, 'docs.db');
		const files = manifest.files.toSorted(
			(a, b) => Number(a.path === 'docs.db') - Number(b.path === 'docs.db'),
		);
		for (const file of files) await copyVerified(from, file, dataDir);
		const { at, version } = manifest;
		await writeFile(join(dataDir, restoredName), `${JSON.stringify({ at, version })}\n`, {
			mode: 0o600,
			flush: true,
		});
		await rename(`${store}.new`, store);
		await rm(join(dataDir, restoringName));
		return manifest;
	} catch (error) {
		for (const name of await readdir(dataDir))
			await rm(join(dataDir, name), { recursive: true, force: true });
		throw error;
	}
}

async function checkedManifest(from: string): Promise<BackupManifest> {
	const text = await readFile(join(from, manifestName), 'utf8').catch(() => null);
	const manifest = text === null ? null : readManifest(text);
	if (manifest === null) {
		throw new DocDropError(
			'config_invalid',
			`the folder to restore holds no whole backup (${manifestName})`,
			{
				hint: 'Name a folder that docdrop backup has made; one that it was interrupted in is of no use.',
			},
		);
	}
	const { schemas, version } = manifest;
	if (schemas.docs > schemaVersion || schemas.index > indexSchemaVersion) {
		throw new DocDropError(
			'store_newer',
			`the backup was made by DocDrop ${JSON.stringify(version.slice(0, 40))}, which is newer than this one`,
		);
	}
	return manifest;
}

async function copyVerified(
	from: string,
	{ path, size, sha256 }: BackupFile,
	dataDir: string,
): Promise<void> {
	const to = join(dataDir, path === 'docs.db' ? 'docs.db.new' : path);
	await mkdir(dirname(to), { recursive: true, mode: 0o700 });
	const found = await hashFile(join(from, path), to).catch((cause: unknown) => {
		const code = (cause as NodeJS.ErrnoException).code;
		if (code === 'ENOSPC') throw new DocDropError('disk_full', 'the disk is full', { cause });
		if (code === 'ENOENT' || code === 'ELOOP' || code === 'EISDIR') return null;
		throw cause;
	});
	if (found?.size === size && found.sha256 === sha256) return;
	throw new DocDropError('store_corrupt', `the backup is torn: ${path} is not what ${manifestName} says`, {
		hint: 'Use another backup.',
	});
}

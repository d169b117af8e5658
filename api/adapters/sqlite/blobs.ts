import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobFiles } from '../doc-store/index.ts';
import { createRemovals, type Removals } from './removals.ts';
import { fromFileError } from './sqlite-errors.ts';
import { syncFolder } from './sync-folder.ts';

/**
 * Bodies too large for a row: one file each under `blobs/`, named by SHA-256 and a suffix of its own, so that
 * a file has exactly one owner and can be removed with it. Written under a temporary name, synced, renamed.
 * The main thread writes them; the store's thread removes them.
 */
export async function writeBlob(
	dir: string,
	bytes: AsyncIterable<Uint8Array>,
): Promise<{ blob: string; sha256: string; size: number }> {
	/** Where the file is by now. */
	let path = join(dir, `${randomUUID()}.tmp`);
	const hash = createHash('sha256');
	let size = 0;
	try {
		const file = await mapFsError(open(path, 'wx', 0o600));
		try {
			for await (const piece of bytes) {
				hash.update(piece);
				size += piece.byteLength;
				await mapFsError(file.writeFile(piece));
			}
			await mapFsError(file.sync());
		} finally {
			await mapFsError(file.close());
		}
		const sha256 = hash.digest('hex');
		const blob = `${sha256}-${randomUUID().slice(0, 8)}`;
		const final = join(dir, blob);
		await mapFsError(
			rename(path, final).then(() => {
				path = final;
				syncFolder(dir);
			}),
		);
		return { blob, sha256, size };
	} catch (error) {
		await rm(path, { force: true });
		throw error;
	}
}

export async function blobSize(dir: string, blob: string): Promise<number | null> {
	try {
		return (await stat(join(dir, blob))).size;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
		throw fromFileError(error);
	}
}

/** What the disk says, as an error of the table; what the bytes' own source throws is none of its. */
async function mapFsError<T>(work: Promise<T>): Promise<T> {
	try {
		return await work;
	} catch (error) {
		throw fromFileError(error);
	}
}

/** Opens the folder and removes what a crash left: temporary files, and blobs that no row refers to. */
export function openBlobs(
	dir: string,
	referenced: ReadonlySet<string>,
	removals: Removals = createRemovals(),
): BlobFiles {
	mkdirSync(dir, { recursive: true, mode: 0o700 });
	for (const name of readdirSync(dir)) if (!referenced.has(name)) rmSync(join(dir, name), { force: true });
	return {
		path: (blob) => join(dir, blob),
		remove: (blob) => removals.remove(join(dir, blob)),
	};
}

/**
 * Spools as files: `DIR/NAME/` with `key.json`, `chunks` (pages as JSON; without a name) and `vectors` (a slot for each chunk of
 * the document, so that a vector's place follows from its chunk's). A slot begins with a checksum over its
 * vector and its place: one that was never or half written does not fit. Only the composition root (api/app/) builds it.
 */
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SpoolKey, Spools } from '../../ports/index.ts';
import { createSpool, mapFsError, type SpoolSettings } from './spool-files.ts';

export function createSpools(settings: SpoolSettings): Spools {
	const { dir, dimensions } = settings;
	const names = new Set<string>();
	/** Spools in use, by name: what a newer attempt works with must not be removed by the end of an older one. */
	const inUse = new Map<string, number>();
	/** Folders are made and removed one after the other. */
	let folders: Promise<unknown> = Promise.resolve();
	const inOrder = <T>(work: () => Promise<T>): Promise<T> => {
		const done = folders.then(() => mapFsError(work));
		folders = done.catch(() => {});
		return done;
	};
	try {
		for (const name of readdirSync(dir)) names.add(name);
	} catch {
		// There is no folder yet, and so no spool.
	}
	const nameOf = (tenant: string, docId: string) =>
		createHash('sha256')
			.update(JSON.stringify([tenant, docId]))
			.digest('hex')
			.slice(0, 32);

	/** Makes the folder of a spool for this key, with what an earlier attempt for the same key has left. */
	async function folderFor(key: SpoolKey): Promise<{ name: string; folder: string }> {
		const name = nameOf(key.tenant, key.docId);
		const folder = join(dir, name);
		const { tenant, docId, contentSha256, fingerprint } = key;
		const wanted = JSON.stringify({ tenant, docId, contentSha256, fingerprint, dimensions });
		const found = await readFile(join(folder, 'key.json'), 'utf8').catch(() => null);
		if (found !== wanted) {
			await rm(folder, { recursive: true, force: true });
			await mkdir(folder, { recursive: true, mode: 0o700 });
			await writeFile(join(folder, 'key.json'), wanted, { mode: 0o600 });
		}
		names.add(name);
		return { name, folder };
	}

	return {
		open: (key) =>
			inOrder(async () => {
				const { name, folder } = await folderFor(key);
				const pagesFile = join(folder, 'chunks');
				const chunks = await open(pagesFile, 'w+', 0o600);
				try {
					// Its name goes at once: a later attempt has pages of its own, and nothing of these outlives the process.
					await rm(pagesFile);
					const file = join(folder, 'vectors');
					const vectors = await open(file, 'r+').catch(() => open(file, 'w+', 0o600));
					inUse.set(name, (inUse.get(name) ?? 0) + 1);
					return createSpool({ chunks, vectors }, settings, () => {
						const left = (inUse.get(name) ?? 1) - 1;
						if (left > 0) inUse.set(name, left);
						else inUse.delete(name);
					});
				} catch (error) {
					await chunks.close();
					throw error;
				}
			}),
		async remove(tenant, docId) {
			if (names.size === 0) return;
			const name = nameOf(tenant, docId);
			await inOrder(async () => {
				if (!names.has(name) || inUse.has(name)) return;
				await rm(join(dir, name), { recursive: true, force: true });
				names.delete(name);
			});
		},
		list: () =>
			inOrder(async () => {
				const found = await Promise.all(
					[...names].map(async (name) => {
						try {
							const key = JSON.parse(await readFile(join(dir, name, 'key.json'), 'utf8')) as SpoolKey;
							if (nameOf(key.tenant, key.docId) === name) return { tenant: key.tenant, docId: key.docId };
						} catch {
							// A crash has left it before it had a key.
						}
						if (inUse.has(name)) return null;
						await rm(join(dir, name), { recursive: true, force: true });
						names.delete(name);
						return null;
					}),
				);
				return found.filter((one) => one !== null);
			}),
	};
}

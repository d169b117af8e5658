import { hash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import xxhash from 'xxhash-wasm';
import { sameStat } from '../diff.ts';
import { asReplaced, checkOpened, openFlags, toFileStat, type FileStat, type FoundStat } from '../disk.ts';
import { unreadFor, type Fingerprint } from '../fingerprint.ts';

/** Larger files would keep the others waiting. */
export const MAX_BYTES = 1024 * 1024;

/** As fingerprint.ts, for files of at most MAX_BYTES, with calls that wait for the disk. */
export async function createSyncFingerprint({ followLinks }: { readonly followLinks: boolean }) {
	const { h64Raw } = await xxhash();
	const flags = openFlags(followLinks);
	const statOf = (file: number) => toFileStat(fstatSync(file, { bigint: true }));
	// A byte more than the largest file: one that grew is told from one that did not.
	const buffer = Buffer.allocUnsafe(MAX_BYTES + 1);

	function readAll(file: number, before: FileStat, asItIs: boolean): Fingerprint {
		const most = asItIs ? before.size : before.size + 1;
		let size = 0;
		for (;;) {
			const bytes = readSync(file, buffer, size, most - size, null);
			if (bytes === 0) break;
			size += bytes;
			if (size > before.size) return { kind: 'unstable' };
		}
		const isAsBefore = size === before.size && sameStat(before, statOf(file));
		if (!asItIs && !isAsBefore) return { kind: 'unstable' };
		const content = buffer.subarray(0, size);
		const xxh64 = h64Raw(content).toString(16).padStart(16, '0');
		return { kind: 'content', content: { size, xxh64, sha256: hash('sha256', content, 'hex') } };
	}

	return (path: string, before: FoundStat, asItIs: boolean): Fingerprint => {
		let file: number | null = null;
		try {
			file = openSync(path, flags);
			checkOpened(statOf(file), before);
			return readAll(file, before, asItIs);
		} catch (error) {
			return unreadFor(file === null ? asReplaced(error, followLinks) : error);
		} finally {
			if (file !== null) closeSync(file);
		}
	};
}

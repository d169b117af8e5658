import { hash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import xxhash from 'xxhash-wasm';
import { sameStat } from '../diff.ts';
import { errorCode, isGone, toFileStat, type FileStat } from '../disk.ts';
import type { Fingerprint } from '../fingerprint.ts';

/** Larger files would keep the others waiting. */
export const MAX_BYTES = 1024 * 1024;

/** As fingerprint.ts, for files of at most MAX_BYTES, with calls that wait for the disk. */
export async function createSyncFingerprint({ followLinks }: { readonly followLinks: boolean }) {
	const { h64Raw } = await xxhash();
	const flags = constants.O_RDONLY | constants.O_NONBLOCK | (followLinks ? 0 : constants.O_NOFOLLOW);
	// A byte more than the largest file: one that grew is told from one that did not.
	const buffer = Buffer.allocUnsafe(MAX_BYTES + 1);

	function readAll(file: number, before: FileStat): Fingerprint {
		let size = 0;
		for (;;) {
			const bytes = readSync(file, buffer, size, before.size + 1 - size, null);
			if (bytes === 0) break;
			size += bytes;
			if (size > before.size) return { kind: 'unstable' };
		}
		if (size !== before.size || !sameStat(before, toFileStat(fstatSync(file, { bigint: true })))) {
			return { kind: 'unstable' };
		}
		const content = buffer.subarray(0, size);
		const xxh64 = h64Raw(content).toString(16).padStart(16, '0');
		return { kind: 'content', content: { size, xxh64, sha256: hash('sha256', content, 'hex') } };
	}

	return (path: string, before: FileStat): Fingerprint => {
		let file: number | null = null;
		try {
			file = openSync(path, flags);
			return readAll(file, before);
		} catch (error) {
			return isGone(error) ? { kind: 'gone' } : { kind: 'unreadable', code: errorCode(error) };
		} finally {
			if (file !== null) closeSync(file);
		}
	};
}

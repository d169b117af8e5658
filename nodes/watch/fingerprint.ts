import { createHash } from 'node:crypto';
import xxhash from 'xxhash-wasm';
import { sameStat } from './diff.ts';
import {
	errorCode,
	isGone,
	isReplaced,
	type Disk,
	type FileStat,
	type FoundStat,
	type OpenFile,
} from './disk.ts';
import type { FileContent } from './state/file-state-port.ts';

const PIECE_BYTES = 1024 * 1024;

/** What reading a file came to. `unstable`: it changed meanwhile, and nothing is known of its content. */
export type Fingerprint =
	| { readonly kind: 'content'; readonly content: FileContent }
	| { readonly kind: 'unstable' }
	| { readonly kind: 'gone' }
	| { readonly kind: 'unreadable'; readonly code: string };

/** What it says of a file that could not be opened or read. */
export function unreadFor(error: unknown): Fingerprint {
	if (isGone(error)) return { kind: 'gone' };
	return isReplaced(error) ? { kind: 'unstable' } : { kind: 'unreadable', code: errorCode(error) };
}

/**
 * Reads a file once, in pieces of at most 1 MiB, and gives both hashes of exactly the bytes that were there
 * at `before`: the stat of the open file after the read must be equal to it (stat, read, stat). A file that never
 * stands still is read `asItIs`: at most as many bytes as it had, whatever they have become meanwhile.
 */
export async function createFingerprint(disk: Disk) {
	const { create64 } = await xxhash();

	const readAll = async (file: OpenFile, before: FileStat, asItIs: boolean): Promise<Fingerprint> => {
		// One byte more than the file has: a file that does not fill the piece has no more to give.
		const piece = Buffer.allocUnsafe(Math.min(before.size + 1, PIECE_BYTES));
		const sha = createHash('sha256');
		const xxh = create64();
		let size = 0;
		for (;;) {
			const room = asItIs ? piece.subarray(0, before.size - size) : piece;
			const bytes = await file.read(room);
			if (bytes === 0) break;
			size += bytes;
			// It grows while it is read, perhaps faster than we read.
			if (size > before.size) return { kind: 'unstable' };
			sha.update(piece.subarray(0, bytes));
			xxh.update(piece.subarray(0, bytes));
		}
		const isAsBefore = size === before.size && sameStat(before, await file.stat());
		if (!asItIs && !isAsBefore) return { kind: 'unstable' };
		const xxh64 = xxh.digest().toString(16).padStart(16, '0');
		return { kind: 'content', content: { size, xxh64, sha256: sha.digest('hex') } };
	};

	return async (path: string, before: FoundStat, asItIs: boolean): Promise<Fingerprint> => {
		let file: OpenFile | null = null;
		try {
			file = await disk.open(path, before);
			return await readAll(file, before, asItIs);
		} catch (error) {
			return unreadFor(error);
		} finally {
			await file?.close().catch(() => {});
		}
	};
}

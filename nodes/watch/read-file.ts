/**
 * How a consumer reads what a path of the watched set holds now: found as a scan finds it, and opened as a fingerprint
 * is, so that nothing is ever handed over that no scan would have met. For consumers that carry the bytes.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { nothingThere, type Disk, type OpenFile } from './disk.ts';
import type { TakenContent } from './file-change.ts';

/** One reading of a file, from its opening on. */
export interface FileReading {
	/**
	 * Resolves with its bytes at that time: no more are read, however fast it grows. Rejects with ENOENT where nothing of
	 * the watched set stands at the path, and as Disk.open does. Opened once, however often it is called.
	 */
	open(): Promise<number>;
	/** Opens it, where it is not open yet. To be used once. */
	pieces(): AsyncGenerator<Uint8Array, void>;
	/** What `open` resolved with; null before. */
	size(): number | null;
	/** What all pieces together were; null until the last one was taken. */
	taken(): TakenContent | null;
	close(): Promise<void>;
}

const PIECE_BYTES = 65_536;

export function createFileReading(
	disk: Pick<Disk, 'find' | 'open'>,
	root: string,
	relPath: string,
): FileReading {
	let opened: { readonly file: OpenFile; readonly size: number } | null = null;
	let taken: TakenContent | null = null;
	const open = async () => {
		if (opened === null) {
			const found = await disk.find(root, relPath);
			if (found.kind !== 'file') throw nothingThere('no file');
			opened = { file: await disk.open(join(root, relPath), found), size: found.size };
		}
		return opened;
	};
	return {
		open: async () => (await open()).size,
		async *pieces() {
			const { file, size } = await open();
			const hash = createHash('sha256');
			let read = 0;
			for await (const piece of piecesOf(file, size)) {
				hash.update(piece);
				read += piece.length;
				yield piece;
			}
			taken = { sha256: hash.digest('hex'), size: read };
		},
		size: () => opened?.size ?? null,
		taken: () => taken,
		close: async () => opened?.file.close(),
	};
}

/** Each piece has memory of its own: whoever takes it may keep it. */
async function* piecesOf(file: OpenFile, most: number): AsyncGenerator<Uint8Array, void> {
	for (let left = most; left > 0;) {
		const piece = Buffer.allocUnsafe(Math.min(left, PIECE_BYTES));
		const bytes = await file.read(piece);
		if (bytes === 0) return;
		left -= bytes;
		yield piece.subarray(0, bytes);
	}
}

import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

const pieceBytes = 1_048_576;

/** Of a file, read piece by piece; where it is copied too, the copy is on disk afterwards. Follows no link. */
export async function hashFile(
	from: string,
	to: string | null = null,
): Promise<{ readonly size: number; readonly sha256: string }> {
	const source = await open(from, constants.O_RDONLY | constants.O_NOFOLLOW);
	let copy: FileHandle | null = null;
	try {
		copy = to === null ? null : await open(to, 'wx', 0o600);
		const hash = createHash('sha256');
		const buffer = Buffer.allocUnsafe(pieceBytes);
		let size = 0;
		for (;;) {
			const { bytesRead } = await source.read(buffer, 0, pieceBytes);
			if (bytesRead === 0) break;
			const piece = buffer.subarray(0, bytesRead);
			hash.update(piece);
			size += bytesRead;
			await copy?.writeFile(piece);
		}
		await copy?.sync();
		return { size, sha256: hash.digest('hex') };
	} finally {
		await source.close();
		await copy?.close();
	}
}

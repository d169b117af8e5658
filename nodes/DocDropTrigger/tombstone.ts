import { createHash } from 'node:crypto';
import type { FileItem, FileMarks } from '../item.ts';

type Deletion = Pick<FileItem, 'tenant' | 'docId'> & Pick<FileMarks, 'sourceId' | 'epoch' | 'seq'>;

/** SHA-256 that names one deletion: of one document, by one source, at one place in its order. Lower-case hex. */
export function tombstoneOf(deletion: Deletion): string {
	const { tenant, docId, sourceId, epoch, seq } = deletion;
	const hash = createHash('sha256');
	for (const part of ['docdrop:tombstone:v1', tenant, docId, sourceId, epoch, String(seq)]) {
		// With their lengths, so that no two lists of parts look alike.
		hash.update(`${Buffer.byteLength(part)}:${part}`);
	}
	return hash.digest('hex');
}

import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { DocDropError, isDocDropError } from '../../errors.ts';
import type { Chunk, Spool } from '../../ports/index.ts';

export interface SpoolSettings {
	/** Absolute; made when it is needed. */
	readonly dir: string;
	readonly dimensions: number;
	/** Of one spool. */
	readonly maxBytes: number;
}

const CHECKSUM = 4;

/** A spool on its two open files. */
export function createSpool(
	{ chunks, vectors }: { readonly chunks: FileHandle; readonly vectors: FileHandle },
	{ dimensions, maxBytes }: Pick<SpoolSettings, 'dimensions' | 'maxBytes'>,
	onClose: () => void,
): Spool {
	const slotBytes = CHECKSUM + dimensions * 4;
	/** Where each page begins, in bytes and in chunks; last, where the next one will. */
	let starts = [0];
	let firsts = [0];
	let vectorBytes = 0;

	function reserve(bytes: number): void {
		if (bytes <= maxBytes) return;
		throw new DocDropError(
			'too_large',
			`the document needs more than ${Math.floor(maxBytes / 1_048_576)} MB of disk while it is worked on, which is the limit`,
			{ field: 'content' },
		);
	}

	return {
		async begin() {
			starts = [0];
			firsts = [0];
			await mapFsError(() => chunks.truncate(0));
		},
		async append(page) {
			const bytes = Buffer.from(JSON.stringify(page));
			const start = starts.at(-1) ?? 0;
			reserve(start + bytes.length + vectorBytes);
			await mapFsError(() => writeAll(chunks, bytes, start));
			starts.push(start + bytes.length);
			firsts.push((firsts.at(-1) ?? 0) + page.length);
		},
		pages: () => starts.length - 1,
		firstOf: (page) => firsts[page] ?? 0,
		async read(page) {
			const start = starts[page] ?? 0;
			const bytes = Buffer.alloc((starts[page + 1] ?? start) - start);
			await mapFsError(() => readAll(chunks, bytes, start));
			return JSON.parse(bytes.toString('utf8')) as Chunk[];
		},
		async vectors(from, count) {
			const bytes = Buffer.alloc(count * slotBytes);
			await mapFsError(() => readAll(vectors, bytes, from * slotBytes));
			// Slots are whole words in a buffer of their own: each vector is a view of its slot.
			return Array.from({ length: count }, (_, at) => {
				const slot = bytes.subarray(at * slotBytes, (at + 1) * slotBytes);
				if (slot.readUInt32LE(0) !== checksum(slot, from + at)) return null;
				return new Float32Array(slot.buffer, slot.byteOffset + CHECKSUM, dimensions);
			});
		},
		async putVectors(list) {
			for (const run of runs(list)) {
				const first = run[0]?.index ?? 0;
				const bytes = Buffer.alloc(run.length * slotBytes);
				for (const [at, { vector }] of run.entries()) {
					const slot = bytes.subarray(at * slotBytes, (at + 1) * slotBytes);
					slot.set(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength), CHECKSUM);
					slot.writeUInt32LE(checksum(slot, first + at), 0);
				}
				const grown = Math.max(vectorBytes, first * slotBytes + bytes.length);
				reserve((starts.at(-1) ?? 0) + grown);
				vectorBytes = grown;
				await mapFsError(() => writeAll(vectors, bytes, first * slotBytes));
			}
		},
		async close() {
			onClose();
			await chunks.close();
			await vectors.close();
		},
	};
}

/** Neighbours are written together. */
function runs<T extends { readonly index: number }>(list: readonly T[]): T[][] {
	const found: T[][] = [];
	for (const one of list) {
		const last = found.at(-1);
		if (last !== undefined && last.at(-1)?.index === one.index - 1) last.push(one);
		else found.push([one]);
	}
	return found;
}

/** A vector of zeros is one too, and no slot that was never written may look like it. */
function checksum(slot: Uint8Array, index: number): number {
	return crc32(slot.subarray(CHECKSUM), index + 1);
}

/** What lies behind the end of the file stays zero. */
async function readAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
	let at = 0;
	while (at < bytes.length) {
		const { bytesRead } = await file.read(bytes, at, bytes.length - at, position + at);
		if (bytesRead === 0) return;
		at += bytesRead;
	}
}

/** A disk that is nearly full takes a part of a write without an error; the next one has it. */
async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
	for (let at = 0; at < bytes.length;) {
		const { bytesWritten } = await file.write(bytes, at, bytes.length - at, position + at);
		at += bytesWritten;
	}
}

/** Runs `work`; what the file system says becomes an error of the table. */
export async function mapFsError<T>(work: () => Promise<T>): Promise<T> {
	try {
		return await work();
	} catch (error) {
		if (isDocDropError(error)) throw error;
		const { code } = error as NodeJS.ErrnoException;
		if (code === 'ENOSPC' || code === 'EDQUOT')
			throw new DocDropError('disk_full', 'there is no room to work on a large document', { cause: error });
		throw new DocDropError('store_unavailable', 'the files of a large document could not be used', {
			cause: error,
		});
	}
}

/** A tenant's vectors as they are in the file, all of them; for resident-vectors.ts. */
import type { DatabaseSync } from 'node:sqlite';
import { chunksOfTenant } from './chunks.ts';

export interface StoredVectors {
	/** The numbers of their rows, ascending. */
	rows(tenant: number): Float64Array;
	/** In no order; the vector is a view that is good until the next one. */
	each(tenant: number, take: (row: number, vector: Int8Array) => void): void;
}

/** Both must be called in one transaction to be of one moment. */
export function createStoredVectors(db: DatabaseSync, dimensions: number): StoredVectors {
	const chunksOf = chunksOfTenant(db);
	const readVectors = db.prepare('SELECT vectors FROM vectors_vector_chunks00 WHERE rowid = ?');
	return {
		rows: (tenant) =>
			Float64Array.from(
				chunksOf(tenant).flatMap(({ rows }) => rows),
				Number,
			).sort(),
		each(tenant, take) {
			for (const { chunk, rows, slots } of chunksOf(tenant)) {
				const bytes = readVectors.get(chunk)?.['vectors'] as Uint8Array;
				const vectors = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
				rows.forEach((row, at) => {
					const from = (slots[at] as number) * dimensions;
					take(Number(row), vectors.subarray(from, from + dimensions));
				});
				// Frees it now: as garbage the chunks of a large tenant would stand beside what was made of them.
				(bytes.buffer as ArrayBuffer).transfer(0);
			}
		},
	};
}

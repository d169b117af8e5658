/** A tenant's vectors as they are in the file, all of them; for resident-vectors.ts. */
import type { DatabaseSync } from 'node:sqlite';
import { chunksOfTenant } from './chunks.ts';

export interface StoredVectors {
	/** The numbers of their rows, ascending. */
	readonly rows: Float64Array;
	/** In no order; the vector is a view that is good until the next one. */
	each(take: (row: number, vector: Int8Array) => void): void;
}

/** What is found must be used in the same transaction. */
export function createStoredVectors(db: DatabaseSync, dimensions: number): (tenant: number) => StoredVectors {
	const chunksOf = chunksOfTenant(db);
	const readVectors = db.prepare('SELECT vectors FROM vectors_vector_chunks00 WHERE rowid = ?');
	return (tenant) => {
		const chunks = chunksOf(tenant);
		return {
			rows: Float64Array.from(chunks.flatMap(({ rows }) => rows)).sort(),
			each(take) {
				for (const { chunk, rows, slots } of chunks) {
					const bytes = readVectors.get(chunk)?.['vectors'] as Uint8Array;
					const vectors = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
					rows.forEach((row, at) => {
						const from = (slots[at] as number) * dimensions;
						take(row, vectors.subarray(from, from + dimensions));
					});
					// Frees it now: as garbage all chunks would stand beside what was made of them.
					(bytes.buffer as ArrayBuffer).transfer(0);
				}
			},
		};
	};
}

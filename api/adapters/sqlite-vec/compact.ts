/**
 * Gives space back that vec0 would keep. It fills only the newest chunk of a tenant and frees a chunk only
 * when its last row goes, so that under steady edits a few old rows would each hold a chunk, and every search
 * would read them all. When a removal leaves a chunk less than a quarter full, its rows move to the newest.
 */
import type { DatabaseSync } from 'node:sqlite';
import { chunkReader } from './chunks.ts';

export interface Compactor {
	/** The chunk that holds a row of `vectors`. */
	chunkOf(row: bigint): number;
	/** `chunks`: those that lost rows in this transaction. */
	compact(tenant: number, chunks: ReadonlySet<number>): void;
}

/** Keeps the transaction short; a chunk that is passed over is met again by its next removal. */
const MOVED_PER_CALL = 8;

export function createCompactor(db: DatabaseSync): Compactor {
	const findChunk = db.prepare('SELECT chunk_id AS chunk FROM vectors_rowids WHERE rowid = ?');
	const findNewest = db.prepare('SELECT max(chunk_id) AS chunk FROM vectors_chunks WHERE partition00 = ?');
	const readChunk = chunkReader(db);
	const readVector = db.prepare('SELECT vector FROM vectors WHERE rowid = ?');
	const drop = db.prepare('DELETE FROM vectors WHERE rowid = ?');
	const add = db.prepare('INSERT INTO vectors(rowid, tenant, vector) VALUES(?, ?, vec_int8(?))');

	return {
		chunkOf: (row) => Number(findChunk.get(row)?.['chunk']),
		compact(tenant, chunks) {
			let moved = 0;
			for (const number of chunks) {
				const chunk = readChunk(number);
				if (chunk === null || chunk.rows.length * 4 >= chunk.size) continue;
				if (number === Number(findNewest.get(tenant)?.['chunk'])) continue;
				// vec0 takes integers only as such: a JavaScript number would be bound as a float.
				for (const row of chunk.rows.map(BigInt)) {
					const vector = readVector.get(row)?.['vector'] as Uint8Array;
					drop.run(row);
					add.run(row, BigInt(tenant), vector);
				}
				moved += 1;
				if (moved === MOVED_PER_CALL) return;
			}
		},
	};
}

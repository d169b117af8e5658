/**
 * The chunks of the vec0 table, read from its shadow tables as sqlite-vec 0.1.9 makes them (the version is
 * pinned). Searches by vector read these and nothing else, so verify.ts looks here too.
 */
import type { DatabaseSync } from 'node:sqlite';

export interface VectorChunk {
	readonly chunk: number;
	readonly tenant: number;
	/** Slots, used or not. */
	readonly size: number;
	/** Row numbers in the used slots, and the numbers of these. */
	readonly rows: number[];
	readonly slots: number[];
}

interface ChunkRow {
	readonly chunk: number;
	readonly tenant: number;
	readonly size: number;
	/** A bit for each slot, lowest first. */
	readonly validity: Uint8Array;
	/** A signed 64-bit number for each slot, in the machine's order of bytes. */
	readonly rowids: Uint8Array;
}

const columns = 'chunk_id AS chunk, partition00 AS tenant, size, validity, rowids';

export function chunkReader(db: DatabaseSync): (chunk: number) => VectorChunk | null {
	const read = db.prepare(`SELECT ${columns} FROM vectors_chunks WHERE chunk_id = ?`);
	return (chunk) => {
		const row = read.get(chunk) as unknown as ChunkRow | undefined;
		return row === undefined ? null : decode(row);
	};
}

export function chunksOfTenant(db: DatabaseSync): (tenant: number) => VectorChunk[] {
	const read = db.prepare(`SELECT ${columns} FROM vectors_chunks WHERE partition00 = ? ORDER BY chunk_id`);
	return (tenant) => read.all(tenant).map((row) => decode(row as unknown as ChunkRow));
}

export function* allChunks(db: DatabaseSync): Iterable<VectorChunk> {
	const rows = db.prepare(`SELECT ${columns} FROM vectors_chunks ORDER BY chunk_id`).iterate();
	for (const row of rows) yield decode(row as unknown as ChunkRow);
}

function decode({ chunk, tenant, size, validity, rowids }: ChunkRow): VectorChunk {
	const numbers = new BigInt64Array(rowids.slice().buffer);
	const rows: number[] = [];
	const slots: number[] = [];
	for (let slot = 0; slot < size; slot += 1) {
		const used = ((validity[slot >> 3] ?? 0) >> (slot & 7)) & 1;
		const row = numbers[slot];
		if (used === 0 || row === undefined) continue;
		rows.push(Number(row));
		slots.push(slot);
	}
	return { chunk, tenant, size, rows, slots };
}

/**
 * The memory in which vectors are searched: blocks of one page of WebAssembly's, for whole tenants (tenant-vectors.ts).
 * The first page is for the query and for what is computed; each further one is a block of vectors, and behind them the
 * number of its row for each. Memory that was taken once stays with the process and is used again.
 */
import { openKernel } from './distance-kernel.ts';

const PAGE = 65_536;
/** Of the longest query: 8,192 numbers of 16 bits. */
const QUERY_BYTES = 16_384;
const NUMBER_BYTES = 8;
/** Pages that a memory of WebAssembly's can have. */
const MOST_PAGES = 65_536;

export interface VectorBlocks {
	/** So many vectors fit into a block. */
	readonly size: number;
	/** So many blocks there may be. */
	readonly most: number;
	/** So many of them nobody has. */
	free(): number;
	/** With zeros for vectors. Null where there are not so many, or the system has no memory for them. */
	take(count: number): number[] | null;
	give(blocks: readonly number[]): void;
	/** A view that is good until blocks are taken. */
	vector(block: number, at: number): Int8Array;
	row(block: number, at: number): number;
	setRow(block: number, at: number, row: number): void;
	/** What `distances` measures from. */
	setQuery(query: Int8Array): void;
	/** Squared, of `count` vectors of a block; a view that is good until the next call. */
	distances(block: number, from: number, count: number): Int32Array;
}

export function createVectorBlocks(dimensions: number, maxBytes: number): VectorBlocks {
	const stride = Math.ceil(dimensions / 16) * 16;
	const size = Math.floor(PAGE / (stride + NUMBER_BYTES));
	const most = Math.max(1, Math.min(MOST_PAGES, Math.floor(maxBytes / PAGE))) - 1;
	const { memory, distances } = openKernel(most + 1);
	/** Blocks that were given back, how many were ever made, and views of the memory as large as it is now. */
	const state = { given: [] as number[], made: 0, ...viewsOf(memory.buffer) };
	const rowsAt = PAGE / NUMBER_BYTES - size;
	const rowAt = (block: number, at: number) => (block * PAGE) / NUMBER_BYTES + rowsAt + at;

	function make(count: number): boolean {
		if (state.made + count > most) return false;
		try {
			memory.grow(count);
		} catch {
			return false;
		}
		Object.assign(state, viewsOf(memory.buffer));
		for (let at = 0; at < count; at += 1) state.given.push((state.made += 1));
		return true;
	}

	return {
		...{ size, most },
		free: () => most - state.made + state.given.length,
		take(count) {
			const missing = count - state.given.length;
			if (missing > 0 && !make(missing)) return null;
			const taken = state.given.splice(state.given.length - count);
			for (const block of taken) state.bytes.fill(0, block * PAGE, block * PAGE + size * stride);
			return taken;
		},
		give(blocks) {
			for (const block of blocks) state.given.push(block);
		},
		vector(block, at) {
			const from = block * PAGE + at * stride;
			return state.bytes.subarray(from, from + dimensions);
		},
		row: (block, at) => state.numbers[rowAt(block, at)] as number,
		setRow: (block, at, row) => void (state.numbers[rowAt(block, at)] = row),
		setQuery: (query) => new Int16Array(memory.buffer, 0, stride).fill(0).set(query),
		distances(block, from, count) {
			distances(0, block * PAGE + from * stride, count, stride, QUERY_BYTES);
			return state.distances.subarray(0, count);
		},
	};
}

const viewsOf = (buffer: ArrayBuffer) => ({
	bytes: new Int8Array(buffer),
	numbers: new Float64Array(buffer),
	distances: new Int32Array(buffer, QUERY_BYTES, (PAGE - QUERY_BYTES) / 4),
});

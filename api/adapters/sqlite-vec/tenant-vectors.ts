/**
 * The vectors of one tenant in blocks of memory, in the order of their rows, so that a row is found by halving. A row that
 * goes leaves its place, marked by a number below zero, until there are more such places than others. For resident-vectors.ts.
 */
import { createLeastDistances } from './least-distances.ts';
import type { VectorBlocks } from './vector-blocks.ts';

export interface TenantVectors {
	/** For rows that it was made with. */
	fill(row: number, vector: Int8Array): void;
	/**
	 * Whether there is a place for it: there is none for a row that comes before others and was not there. `another`
	 * gives one more block.
	 */
	put(row: number, vector: Int8Array, another: () => number | undefined): boolean;
	drop(row: number): void;
	/** Those within the `limit` least distances, in no order, with views of theirs. `rows`: of these alone, ascending. */
	nearest(
		query: Int8Array,
		asked: { readonly limit: number; readonly rows: Float64Array | null },
	): { readonly row: number; readonly vector: Int8Array }[];
	/** Gives all blocks back; nothing may be asked of it afterwards. */
	release(): void;
}

interface Places {
	readonly memory: VectorBlocks;
	readonly blocks: number[];
	/** Those of rows that are gone included. */
	count: number;
	gone: number;
	/** The last one that was filled. */
	filled: number;
}

/** `blocks`: as many as the rows need. `rows`: ascending. */
export function createTenantVectors(
	memory: VectorBlocks,
	blocks: number[],
	rows: Float64Array,
): TenantVectors {
	const places: Places = { memory, blocks, count: rows.length, gone: 0, filled: -1 };
	rows.forEach((row, place) => setRow(places, place, row));
	return {
		fill(row, vector) {
			// Mostly the file has them in their order.
			const next = places.filled + 1;
			places.filled = next < places.count && rowAt(places, next) === row ? next : placeOf(places, row);
			vectorAt(places, places.filled).set(vector);
		},
		put: (row, vector, another) => put(places, row, vector, another),
		drop: (row) => drop(places, row),
		nearest(query, { limit, rows }) {
			const runs = rows === null ? [{ from: 0, to: places.count }] : runsOf(places, rows);
			memory.setQuery(query);
			return measured(places, limit, runs).map((place) => ({
				row: rowAt(places, place),
				vector: vectorAt(places, place),
			}));
		},
		release: () => memory.give(blocks),
	};
}

function put(places: Places, row: number, vector: Int8Array, another: () => number | undefined): boolean {
	const place = placeOf(places, row);
	if (place === places.count) {
		if (place === places.blocks.length * places.memory.size) {
			const block = another();
			if (block === undefined) return false;
			places.blocks.push(block);
		}
		places.count += 1;
	} else {
		const there = rowAt(places, place);
		if (Math.abs(there) !== row) return false;
		if (there < 0) places.gone -= 1;
	}
	setRow(places, place, row);
	vectorAt(places, place).set(vector);
	return true;
}

function drop(places: Places, row: number): void {
	const place = placeOf(places, row);
	if (place === places.count || rowAt(places, place) !== row) return;
	setRow(places, place, -row);
	places.gone += 1;
	// SQLite gives the number of a last row out again: what comes must find its place behind all that are there.
	while (places.count > 0 && rowAt(places, places.count - 1) < 0) {
		places.count -= 1;
		places.gone -= 1;
	}
	if (places.gone * 2 > places.count) closeGaps(places);
	giveBack(places);
}

function closeGaps(places: Places): void {
	let to = 0;
	for (let from = 0; from < places.count; from += 1) {
		const row = rowAt(places, from);
		if (row < 0) continue;
		setRow(places, to, row);
		vectorAt(places, to).set(vectorAt(places, from));
		to += 1;
	}
	places.count = to;
	places.gone = 0;
}

function giveBack({ memory, blocks, count }: Places): void {
	memory.give(blocks.splice(Math.ceil(count / memory.size)));
}

interface Run {
	readonly from: number;
	readonly to: number;
}

/** Where these rows are; several in a row as one. */
function runsOf(places: Places, rows: Float64Array): Run[] {
	const runs: { from: number; to: number }[] = [];
	let [place, last] = [0, { from: -1, to: -1 }];
	for (const row of rows) {
		// The next one mostly lies behind the one before it.
		place = place < places.count && rowAt(places, place) === row ? place : placeOf(places, row, place);
		if (place === places.count) break;
		if (rowAt(places, place) !== row) continue;
		if (last.to === place) last.to += 1;
		else runs.push((last = { from: place, to: place + 1 }));
		place += 1;
	}
	return runs;
}

/** The places of the nearest. */
function measured({ memory, blocks }: Places, limit: number, runs: readonly Run[]): number[] {
	const least = createLeastDistances(limit);
	for (const { from, to } of runs) {
		for (let place = from; place < to;) {
			const at = place % memory.size;
			const block = blocks[(place - at) / memory.size] as number;
			const count = Math.min(memory.size - at, to - place);
			const distances = memory.distances(block, at, count);
			let bound = least.bound();
			for (let next = 0; next < count; next += 1) {
				const distance = distances[next] as number;
				if (distance > bound || memory.row(block, at + next) < 0) continue;
				least.offer(place + next, distance);
				bound = least.bound();
			}
			place += count;
		}
	}
	return least.found().map(({ place }) => place);
}

/** The place of a row, or of the first one behind it, at `least` or further. */
function placeOf(places: Places, row: number, least = 0): number {
	let [from, to] = [least, places.count];
	while (from < to) {
		const middle = (from + to) >> 1;
		if (Math.abs(rowAt(places, middle)) < row) from = middle + 1;
		else to = middle;
	}
	return from;
}

const blockOf = ({ memory, blocks }: Places, place: number) =>
	blocks[Math.trunc(place / memory.size)] as number;
const rowAt = (places: Places, place: number) =>
	places.memory.row(blockOf(places, place), place % places.memory.size);
const setRow = (places: Places, place: number, row: number) =>
	places.memory.setRow(blockOf(places, place), place % places.memory.size, row);
const vectorAt = (places: Places, place: number) =>
	places.memory.vector(blockOf(places, place), place % places.memory.size);

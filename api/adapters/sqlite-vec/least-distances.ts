/**
 * The least of many distances, as they come: as many as are wanted, and whatever is as near as the last of these, so
 * that somebody else can choose among equals. Pure.
 */
export interface Near {
	readonly place: number;
	readonly distance: number;
}

/** Among more than that at one distance the first are taken: thousands of equal vectors must not make a list of thousands. */
export const mostTied = 4_096;

export interface LeastDistances {
	/** Only what is at most `bound` away need be offered, in the order of the places. */
	offer(place: number, distance: number): void;
	bound(): number;
	found(): Near[];
}

export function createLeastDistances(wanted: number): LeastDistances {
	/** The greatest first, each at least as great as the two at twice its place and one or two further. */
	const heap = new Int32Array(wanted);
	const state = { size: 0, bound: Number.POSITIVE_INFINITY };
	/** Some of them are beyond the bound by now. */
	const offered: Near[] = [];

	return {
		offer(place, distance) {
			if (distance > state.bound) return;
			offered.push({ place, distance });
			if (state.size < wanted) rise(heap, state.size++, distance);
			else if (distance < state.bound) sink(heap, distance);
			if (state.size === wanted) state.bound = heap[0] as number;
		},
		bound: () => state.bound,
		found() {
			const nearer = offered.filter(({ distance }) => distance < state.bound);
			const tied = offered.filter(({ distance }) => distance === state.bound);
			return [...nearer, ...tied.slice(0, mostTied)];
		},
	};
}

function rise(heap: Int32Array, from: number, value: number): void {
	let at = from;
	while (at > 0) {
		const above = (at - 1) >> 1;
		if ((heap[above] as number) >= value) break;
		heap[at] = heap[above] as number;
		at = above;
	}
	heap[at] = value;
}

/** In place of the greatest. */
function sink(heap: Int32Array, value: number): void {
	let at = 0;
	for (;;) {
		let below = 2 * at + 1;
		if (below >= heap.length) break;
		if (below + 1 < heap.length && (heap[below + 1] as number) > (heap[below] as number)) below += 1;
		if ((heap[below] as number) <= value) break;
		heap[at] = heap[below] as number;
		at = below;
	}
	heap[at] = value;
}

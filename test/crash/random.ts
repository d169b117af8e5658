/** Choices that a few numbers determine, so that a run can be made again. */
export interface Random {
	/** From 0 to below 1. */
	next(): number;
	/** Both ends included. */
	int(least: number, most: number): number;
	chance(probability: number): boolean;
	pick<T>(list: readonly T[]): T;
}

/** Mulberry32, started from all of `seeds`. */
export function createRandom(...seeds: readonly number[]): Random {
	let state = seeds.reduce((mixed, seed) => Math.imul(mixed ^ seed, 0x9e3779b1) ^ (mixed >>> 15), 0x5bd1e995);
	function next(): number {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	}
	const int = (least: number, most: number) => least + Math.floor(next() * (most - least + 1));
	return {
		next,
		int,
		chance: (probability) => next() < probability,
		pick(list) {
			const chosen = list[int(0, list.length - 1)];
			if (chosen === undefined) throw new Error('nothing to pick from');
			return chosen;
		},
	};
}

/** Index of the first entry above `value` in a sorted list. */
export function firstAbove(sorted: readonly number[], value: number): number {
	let low = 0;
	let high = sorted.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if ((sorted[middle] ?? 0) > value) high = middle;
		else low = middle + 1;
	}
	return low;
}

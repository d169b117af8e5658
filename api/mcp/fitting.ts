import { limits } from '../contract/limits.ts';

/** How many of the first rows one answer can hold; at least one, which is bounded by itself. */
export function fitting<Row>(rows: readonly Row[], charsOf: (row: Row) => number): number {
	let chars = 0;
	for (const [index, row] of rows.entries()) {
		chars += charsOf(row);
		if (chars > limits.agentChars) return Math.max(1, index);
	}
	return rows.length;
}

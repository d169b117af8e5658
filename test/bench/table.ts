/** Prints rows of a measure, its figure and what it means. */
export type Row = readonly [measure: string, figure: string | number, note?: string];

export function printTable(rows: readonly Row[]): void {
	const shown = rows.map(([measure, figure, note = '']): [string, string, string] => [
		measure,
		typeof figure === 'number' ? figure.toLocaleString('en', { maximumFractionDigits: 3 }) : figure,
		note,
	]);
	const width = (column: 0 | 1) => Math.max(...shown.map((row) => row[column].length));
	const [first, second] = [width(0), width(1)];
	for (const [measure, figure, note] of shown) {
		console.log(`  ${measure.padEnd(first)}  ${figure.padStart(second)}  ${note}`.trimEnd());
	}
}

export function round(value: number, digits = 2): number {
	return Math.round(value * 10 ** digits) / 10 ** digits;
}

export function median(values: readonly number[]): number {
	const sorted = values.toSorted((a, b) => a - b);
	const middle = sorted.length >> 1;
	const upper = sorted[middle] ?? Number.NaN;
	return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** `share` from 0 to 1, by the nearest rank. */
export function percentile(values: readonly number[], share: number): number {
	const sorted = values.toSorted((a, b) => a - b);
	return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

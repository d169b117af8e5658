const windowMs = 60_000;

/** The most that any half-open window of a minute holds. */
export function mostInAMinute(times: readonly number[]): number {
	const sorted = times.toSorted((a, b) => a - b);
	let most = 0;
	let from = 0;
	for (const [index, time] of sorted.entries()) {
		while (time - (sorted[from] ?? 0) >= windowMs) from += 1;
		most = Math.max(most, index - from + 1);
	}
	return most;
}

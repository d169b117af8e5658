/** 1 change, 2 changes, 1,234 changes. */
export const count = (n: number, one: string, many = `${one}s`) =>
	`${n.toLocaleString('en')} ${n === 1 ? one : many}`;

/** `seconds` as cli-progress guesses them: words, where it cannot. */
export function timeLeft(seconds: unknown): string {
	if (typeof seconds !== 'number' || !Number.isFinite(seconds)) return 'time left unknown';
	const minutes = Math.floor(seconds / 60);
	if (minutes === 0) return `${Math.round(seconds)} s left`;
	return minutes < 60 ? `${minutes} min left` : `${Math.floor(minutes / 60)} h ${minutes % 60} min left`;
}

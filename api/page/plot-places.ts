/** Where the points of a plot stand. Pure. */
export interface Point {
	readonly at: number;
	readonly value: number;
}

/** Shorter than this it would jump about. */
const shortestMs = 300_000;
export const width = 300;
export const height = 80;

/** The place of each point in the picture, from the oldest time that it shows to now; the line begins at the first one. */
export function placed(
	points: readonly Point[],
	{ from, to }: { from: number; to: number },
): [number, number][] {
	const most = Math.max(1, ...points.map(({ value }) => value));
	return points
		.filter(({ at }) => at >= from)
		.map(({ at, value }) => [
			(width * (at - from)) / Math.max(1, to - from),
			// Room above, so that the highest line is not cut.
			height - 2 - ((height - 8) * value) / most,
		]);
}

/** Of what is remembered for less than the whole span, that is shown: a line in a corner tells nothing. */
export function beginOf(points: readonly Point[], from: number, to: number): number {
	const first = points.find(({ at }) => at >= from)?.at ?? from;
	return Math.max(from, Math.min(first, to - shortestMs));
}

export function nearest(points: readonly Point[], time: number): number | null {
	if (points.length === 0) return null;
	return points.reduce(
		(best, point, index) =>
			Math.abs(point.at - time) < Math.abs((points[best]?.at ?? 0) - time) ? index : best,
		0,
	);
}

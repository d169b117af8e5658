import { crashPoints, type CrashPoint } from '../../api/pipeline/faults/crash-points.ts';
import type { Random } from './random.ts';

/**
 * When a life of `docdrop watch` ends: at the n-th passage of a named point, while it starts, some time after it
 * follows the folder, or when it has nothing left to do.
 */
export type WatchKill =
	| { readonly at: CrashPoint; readonly nth: number }
	| { readonly at: 'startup' | 'time'; readonly ms: number }
	| { readonly at: 'rest' };
export const watchKillPlaces = [...crashPoints, 'startup', 'time', 'rest'] as const;
export type WatchKillPlace = (typeof watchKillPlaces)[number];

/** How often each is passed in the life that takes a few hundred files in, and in one under the storm, about. */
const passages: Readonly<Record<CrashPoint, readonly [number, number]>> = {
	'after-accept': [3, 8],
	'after-lease': [4, 5],
	'after-embed': [150, 20],
	'after-intent': [5, 6],
	'between-points': [5, 6],
	'before-manifest': [5, 6],
};

export interface WatchLife {
	readonly kill: WatchKill;
	/** Operations that begin with this life; what it does not live to see happens without it. */
	readonly operations: number;
}

/** One while the folder is taken in, one at rest, then two or three under the storm; every place in its turn. */
export function planLives(random: Random, run: number): WatchLife[] {
	const places = [...crashPoints, 'time', 'startup', 'time'] as const;
	const kill = (number: number): WatchKill => {
		const at = places[(run * 2 + number) % places.length] ?? 'time';
		if (at === 'startup') return { at, ms: random.int(50, 1_500) };
		if (at === 'time') return { at, ms: random.int(1, number === 0 ? 1_000 : 2_500) };
		return { at, nth: random.int(1, passages[at][number === 0 ? 0 : 1]) };
	};
	const storms = Array.from({ length: random.int(2, 3) }, (_, number): WatchLife => {
		// Again and again before anything has come to rest.
		const isShort = random.chance(0.3);
		return { kill: kill(number + 1), operations: isShort ? random.int(3, 10) : random.int(25, 45) };
	});
	return [
		{ kill: kill(0), operations: random.int(0, 15) },
		{ kill: { at: 'rest' }, operations: 0 },
		...storms,
	];
}

export const watchKillName = (kill: WatchKill): string =>
	kill.at === 'rest' ? 'rest' : 'nth' in kill ? `${kill.at}:${kill.nth}` : `${kill.at}:${kill.ms}ms`;

import { crashPoints, type CrashPoint } from '../../api/pipeline/faults/crash-points.ts';
import type { Random } from './random.ts';

/**
 * When each life of the process ends: at the n-th passage of a named point, the moment the n-th answer to a
 * change arrives, some time after it is ready, or while it starts.
 */
export type Kill =
	| { readonly at: CrashPoint | 'answer'; readonly nth: number }
	| { readonly at: 'time' | 'startup'; readonly ms: number };

export const killPlaces = [...crashPoints, 'answer', 'time', 'startup'] as const;
export type KillPlace = (typeof killPlaces)[number];

/** How often each is passed in one life, about. */
const passages: Readonly<Record<CrashPoint | 'answer', number>> = {
	answer: 20,
	'after-accept': 25,
	'after-lease': 8,
	'after-embed': 25,
	'after-intent': 7,
	'between-points': 7,
	'before-manifest': 7,
};

/** Two kills, every place in its turn from run to run; some are followed by one during the recovery. */
export function planKills(random: Random, run: number): Kill[] {
	const kills: Kill[] = [];
	const places = [...crashPoints, 'answer', 'time'] as const;
	for (let number = 0; number < 2; number += 1) {
		const place = places[(run * 2 + number) % places.length] ?? 'time';
		kills.push(
			place === 'time'
				? { at: place, ms: random.int(5, 700) }
				: { at: place, nth: random.int(1, passages[place]) },
		);
		if (!random.chance(0.4)) continue;
		kills.push(
			random.chance(0.4)
				? { at: 'startup', ms: random.int(50, 1_500) }
				: { at: random.pick(crashPoints), nth: random.int(1, 2) },
		);
	}
	return kills;
}

export const killName = (kill: Kill): string =>
	'nth' in kill ? `${kill.at}:${kill.nth}` : `${kill.at}:${kill.ms}ms`;

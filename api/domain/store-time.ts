import { DocDropError } from '../errors.ts';

/**
 * Store time: wall milliseconds that never go back and never jump. It starts at the later of the wall clock
 * and the highest time the store holds, and then moves with the monotonic clock. So an hour's jump of the
 * wall clock neither delays a waiting change nor steals a lease while the process runs, and after a
 * restart with a clock that was set back, what is stored does not lie in the future.
 *
 * A clock can be wrong by decades. One that is far ahead stops the start, before anything is written with its time. A
 * store that lies far ahead of a clock that can be right was written by a wrong one, and is not believed: then store
 * time begins below `highestStored`, and the caller has the store forget its future (`DocStore.leaveFuture`).
 */
export function anchoredTime(
	clock: { readonly now: () => number; readonly monotonic: () => number },
	highestStored: number,
): () => number {
	const wall = clock.now();
	if (wall > latestStart(highestStored)) throw clockAhead(wall, highestStored);
	const isStoreWrong = wall >= written && highestStored > wall + farBehindMs;
	const base = isStoreWrong ? wall : Math.max(wall, highestStored);
	const start = clock.monotonic();
	return () => Math.round(base + clock.monotonic() - start);
}

const dayMs = 86_400_000;
const yearMs = 365 * dayMs;
/** When this was written: a clock that shows an earlier time is wrong, however far ahead of it the store is. */
const written = Date.UTC(2026, 0, 1);
/** Clocks are set back by hours and days, and computers without a battery go on from their last shutdown. */
const farBehindMs = yearMs;

/** A data folder may rest for years, and a program be old when it is first started. */
const latestStart = (highestStored: number): number =>
	highestStored > 0 ? Math.max(highestStored, written) + 10 * yearMs : written + 20 * yearMs;

function clockAhead(wall: number, highestStored: number): DocDropError {
	const known =
		highestStored > 0
			? `the newest entry of the data folder is of ${new Date(highestStored).toISOString()}`
			: `this program was written in ${new Date(written).getUTCFullYear()}`;
	return new DocDropError(
		'clock_ahead',
		`the clock must not be decades ahead: it says ${new Date(wall).toISOString()}, and ${known}`,
	);
}

/**
 * From when on old tombstones may go. While the process was down nothing late could come, and now it may; and where a
 * clock has jumped ahead, there is a day to put it right.
 */
export const tombstonesFrom = (start: number, highestStored: number): number =>
	highestStored > 0 && start - highestStored > dayMs ? start + dayMs : start;

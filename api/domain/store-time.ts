/**
 * Store time: wall milliseconds that never go back and never jump. It starts at the later of the wall clock
 * and the highest time the store holds, and then moves with the monotonic clock. So an hour's jump of the
 * wall clock neither delays a waiting change nor steals a lease while the process runs, and after a
 * restart with a clock that was set back, what is stored does not lie in the future.
 */
export function anchoredTime(
	clock: { readonly now: () => number; readonly monotonic: () => number },
	highestStored: number,
): () => number {
	const base = Math.max(clock.now(), highestStored);
	const start = clock.monotonic();
	return () => Math.round(base + clock.monotonic() - start);
}

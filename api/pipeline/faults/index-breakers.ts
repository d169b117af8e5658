import type { Clock } from '../../ports/index.ts';
import type { Log } from '../../telemetry.ts';
import { createBreaker, type Breaker, type BreakerOptions } from './breaker.ts';

/**
 * Publishing and searches each have a breaker of the vector index, and so probes of their own: neither waits for
 * the other's, and an index that only refuses writes can still be searched. That it is away or back is found out
 * by publishing for both, because it is never asked in vain; a search that fails may be the fault of the search.
 * A search is asked once: its caller would rather be told.
 */
export function createIndexBreakers({
	indexBreaker,
	clock,
	log,
}: {
	readonly indexBreaker: Omit<BreakerOptions, 'clock'>;
	readonly clock: Clock;
	readonly log: Log;
}): { readonly index: Breaker; readonly search: Breaker } {
	const { control: _ofWrites, ...ofSearches } = indexBreaker;
	const search = createBreaker({
		...ofSearches,
		clock,
		attempts: 1,
		onChange: (state) => log.warn({ peer: 'index', state }, 'the breaker of searches changed its state'),
	});
	let wasClosed = true;
	const index = createBreaker({
		...indexBreaker,
		clock,
		onChange(state) {
			indexBreaker.onChange?.(state);
			// A failed probe of publishing is no news: searches may have found out by now that they get through.
			if (state === 'closed') search.learn('back');
			else if (wasClosed) search.learn('away');
			wasClosed = state === 'closed';
		},
	});
	return { index, search };
}

import type { Clock } from '../ports/index.ts';
import type { ViewerRights } from './overview-figures.ts';

/**
 * One look for all viewers of the same rights: however many watch, the figures are taken at most once in `everyMs`,
 * and none are taken while nobody watches. There are no more different rights than keys.
 */
export function createSharedLooks<T>(
	look: (rights: ViewerRights) => Promise<T>,
	{ clock, everyMs }: { readonly clock: Pick<Clock, 'monotonic'>; readonly everyMs: number },
): (rights: ViewerRights) => Promise<T> {
	const last = new Map<string, { readonly at: number; readonly found: Promise<T> }>();
	return async ({ onlyTenant, mayOperate }) => {
		const key = JSON.stringify([onlyTenant, mayOperate]);
		const known = last.get(key);
		if (known !== undefined && clock.monotonic() - known.at < everyMs) return known.found;
		const taken = { at: clock.monotonic(), found: look({ onlyTenant, mayOperate }) };
		last.set(key, taken);
		try {
			return await taken.found;
		} catch (error) {
			// Who comes next tries anew.
			if (last.get(key) === taken) last.delete(key);
			throw error;
		}
	};
}

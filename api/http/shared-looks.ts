import type { Clock } from '../ports/index.ts';

/**
 * One look for all viewers of the same rights: however many watch, the figures are taken at most once in `everyMs`,
 * and none are taken while nobody watches. Rights are a tenant, or null for all; there are as many as there are keys.
 */
export function createSharedLooks<T>(
	look: (onlyTenant: string | null) => Promise<T>,
	{ clock, everyMs }: { readonly clock: Pick<Clock, 'monotonic'>; readonly everyMs: number },
): (onlyTenant: string | null) => Promise<T> {
	const last = new Map<string | null, { readonly at: number; readonly found: Promise<T> }>();
	return async (onlyTenant) => {
		const known = last.get(onlyTenant);
		if (known !== undefined && clock.monotonic() - known.at < everyMs) return known.found;
		const taken = { at: clock.monotonic(), found: look(onlyTenant) };
		last.set(onlyTenant, taken);
		try {
			return await taken.found;
		} catch (error) {
			// Who comes next tries anew.
			if (last.get(onlyTenant) === taken) last.delete(onlyTenant);
			throw error;
		}
	};
}

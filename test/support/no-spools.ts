import type { Spools } from '../../api/ports/spool.ts';

/** For tests without large documents. */
export const noSpools: Spools = {
	open: () => Promise.reject(new Error('no document here is large')),
	remove: () => Promise.resolve(),
	list: () => Promise.resolve([]),
};

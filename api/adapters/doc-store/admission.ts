import type { Allowance } from '../../ports/doc-store.ts';

/**
 * How many of the changes of one `accept` may be taken for work (ports/doc-store.ts, `Allowance`). Called by
 * engine.ts, which makes one for each call.
 */
export interface Admission {
	/** A document of the tenant found no place: what comes after it in the call waits too, so that nothing overtakes it. */
	isClosed(tenant: string): boolean;
	/** Takes a place; false, and closed, where none is left. */
	take(tenant: string): boolean;
}

const unlimited: Admission = { isClosed: () => false, take: () => true };

export function openAdmission(allowance: Allowance | undefined): Admission {
	if (allowance === undefined) return unlimited;
	const left = new Map(allowance.tenants);
	const closed = new Set<string>();
	return {
		isClosed: (tenant) => closed.has(tenant),
		take(tenant) {
			const places = left.get(tenant) ?? 0;
			if (places === 0) closed.add(tenant);
			else left.set(tenant, places - 1);
			return places > 0;
		},
	};
}

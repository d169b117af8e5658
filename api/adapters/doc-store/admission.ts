import type { Allowance } from '../../ports/index.ts';
import type { AcceptResult, Change, Refusal } from '../../domain/index.ts';
import type { Credits } from './credit-ledger.ts';

/**
 * What stands before the changes of one `accept`, beside the decision on each: how many may be taken for work
 * (ports/doc-store.ts, `Allowance`), and what they cost. Made by accept-changes.ts, one for each call.
 */
export interface Admission {
	/** Why nothing of the tenant is looked at any more, or null. */
	closed(tenant: string): AcceptResult | null;
	/**
	 * Takes a place; false, and closed, where none is left: what comes after it in the call waits too, so that
	 * nothing overtakes it.
	 */
	take(tenant: string): boolean;
	/** What an accepted change was charged. */
	costOf(change: Change): number;
	/** Gives back what was taken for changes that were not accepted. */
	giveBack(results: readonly AcceptResult[]): void;
}

/** The usual case costs nothing. */
const unlimited: Admission = { closed: () => null, take: () => true, costOf: () => 0, giveBack: () => {} };

export function openAdmission(
	changes: readonly (Change | Refusal)[],
	allowance: Allowance | undefined,
	credits: Credits,
): Admission {
	const costs = credits.costs(changes);
	if (allowance === undefined && costs.size === 0) return unlimited;
	const places = allowance === undefined ? null : new Map(allowance.tenants);
	const closed = new Map<string, AcceptResult>();
	for (const [tenant, needed] of costs) {
		if (credits.charge(tenant, needed)) continue;
		costs.delete(tenant);
		closed.set(tenant, { kind: 'unpaid', needed, left: credits.view(tenant).left ?? 0 });
	}
	const costOf = ({ op, tenant }: Change) =>
		op !== 'delete' && costs.has(tenant) ? credits.costOfPut(tenant) : 0;
	return {
		closed: (tenant) => closed.get(tenant) ?? null,
		take(tenant) {
			if (places === null) return true;
			const left = places.get(tenant) ?? 0;
			if (left === 0) closed.set(tenant, { kind: 'limited' });
			else places.set(tenant, left - 1);
			return left > 0;
		},
		costOf,
		giveBack(results) {
			const back = new Map<string, number>();
			for (const [index, change] of changes.entries()) {
				if ('refused' in change || results[index]?.kind === 'accepted') continue;
				const cost = costOf(change);
				if (cost > 0) back.set(change.tenant, (back.get(change.tenant) ?? 0) + cost);
			}
			for (const [tenant, cost] of back) credits.refund(tenant, cost);
		},
	};
}

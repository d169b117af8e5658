import {
	type Change,
	chargeCredits,
	costOfPut,
	grantCredits,
	type CreditBalance,
	creditsLeft,
	noLedger,
	refundCredits,
	type Refusal,
} from '../../domain/index.ts';
import type { CreditLedger, GrantRequest, GrantResult, StoreStats } from '../../ports/index.ts';
import type { Tables } from './tables.ts';

/**
 * The ledgers of tenants, in step with their rows, in the engine's transactions; `onUndo` is told how to take memory
 * back with them. All ledgers are in memory, so that a tenant without one costs a look into a map.
 */
export type Credits = ReturnType<typeof createCredits>;

export function createCredits(deps: {
	readonly tables: Pick<Tables, 'ledgers' | 'saveLedger'>;
	readonly onUndo: (step: () => void) => void;
}) {
	const { tables, onUndo } = deps;
	const ledgers = new Map(tables.ledgers().map(({ tenant, ...ledger }) => [tenant, ledger]));
	/** In order of their bytes; null: to be sorted again. */
	let names: string[] | null = null;

	function set(tenant: string, ledger: CreditBalance): void {
		const before = ledgers.get(tenant);
		if (before === ledger) return;
		onUndo(() => {
			names = null;
			if (before === undefined) ledgers.delete(tenant);
			else ledgers.set(tenant, before);
		});
		if (before === undefined) names = null;
		ledgers.set(tenant, ledger);
		tables.saveLedger({ tenant, ...ledger });
	}

	const view = (tenant: string): CreditLedger => {
		const ledger = ledgers.get(tenant) ?? noLedger;
		return { tenant, ...ledger, left: creditsLeft(ledger) };
	};
	const isLimited = (tenant: string) => (ledgers.get(tenant)?.granted ?? null) !== null;

	return {
		view,

		/** What the changes of a call cost each tenant with a limit. */
		costs(changes: readonly (Change | Refusal)[]): Map<string, number> {
			const costs = new Map<string, number>();
			if (ledgers.size === 0) return costs;
			for (const change of changes) {
				if ('refused' in change || change.op !== 'put' || !isLimited(change.tenant)) continue;
				costs.set(change.tenant, (costs.get(change.tenant) ?? 0) + costOfPut);
			}
			return costs;
		},

		/** False, and nothing taken, where so many are not left. */
		charge(tenant: string, credits: number): boolean {
			const next = chargeCredits(ledgers.get(tenant) ?? noLedger, credits);
			if (next === null) return false;
			set(tenant, next);
			return true;
		},

		refund(tenant: string, credits: number): void {
			const ledger = ledgers.get(tenant);
			if (ledger !== undefined && credits > 0) set(tenant, refundCredits(ledger, credits));
		},

		/** What a put of the tenant costs now. */
		costOfPut: (tenant: string): number => (isLimited(tenant) ? costOfPut : 0),

		grant({ tenant, granted, expected }: GrantRequest): GrantResult {
			const before = ledgers.get(tenant) ?? noLedger;
			if (expected !== undefined && expected !== before.granted)
				return { kind: 'changed', ledger: view(tenant) };
			const next = grantCredits(before, granted);
			if (next === null) return { kind: 'spent', ledger: view(tenant) };
			set(tenant, next);
			return { kind: 'granted', ledger: view(tenant) };
		},

		list({ after, limit }: { readonly after: string; readonly limit: number }): CreditLedger[] {
			names ??= [...ledgers.keys()].sort();
			const found: CreditLedger[] = [];
			for (const tenant of names) {
				if (found.length >= limit) break;
				if (tenant > after) found.push(view(tenant));
			}
			return found;
		},

		stats(): StoreStats['credits'] {
			const sums = { tenants: 0, exhausted: 0, granted: 0, spent: 0, refunded: 0, left: 0 };
			for (const ledger of ledgers.values()) {
				const rest = creditsLeft(ledger);
				sums.spent += ledger.spent;
				sums.refunded += ledger.refunded;
				if (rest === null) continue;
				sums.tenants += 1;
				sums.granted += ledger.granted ?? 0;
				sums.left += rest;
				if (rest < costOfPut) sums.exhausted += 1;
			}
			return sums;
		},
	};
}

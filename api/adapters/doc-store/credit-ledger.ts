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
	readonly tables: Pick<Tables, 'ledgers' | 'listLedgers' | 'saveLedger'>;
	readonly onUndo: (step: () => void) => void;
}) {
	const { tables, onUndo } = deps;
	const ledgers = new Map(tables.ledgers().map(({ tenant, ...ledger }) => [tenant, ledger]));
	const sums: Totals = { tenants: 0, exhausted: 0, granted: 0, spent: 0, refunded: 0, left: 0 };
	for (const ledger of ledgers.values()) addTo(sums, ledger, 1);

	function replace(tenant: string, before: CreditBalance | undefined, after: CreditBalance | undefined) {
		if (before !== undefined) addTo(sums, before, -1);
		if (after === undefined) return ledgers.delete(tenant);
		addTo(sums, after, 1);
		return ledgers.set(tenant, after);
	}
	function set(tenant: string, ledger: CreditBalance): void {
		const before = ledgers.get(tenant);
		if (before === ledger) return;
		onUndo(() => replace(tenant, ledger, before));
		replace(tenant, before, ledger);
		tables.saveLedger({ tenant, ...ledger });
	}

	const shown = (tenant: string, { granted, spent, refunded }: CreditBalance): CreditLedger => {
		const ledger = { granted, spent, refunded };
		return { tenant, ...ledger, left: creditsLeft(ledger) };
	};
	const view = (tenant: string): CreditLedger => shown(tenant, ledgers.get(tenant) ?? noLedger);
	const isLimited = (tenant: string) => (ledgers.get(tenant)?.granted ?? null) !== null;

	return {
		view,

		/** What the changes of a call cost each tenant with a limit. */
		costs(changes: readonly (Change | Refusal)[]): Map<string, number> {
			const costs = new Map<string, number>();
			if (ledgers.size === 0) return costs;
			for (const change of changes) {
				if ('refused' in change || change.op === 'delete' || !isLimited(change.tenant)) continue;
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

		list: ({ after, limit }: { readonly after: string; readonly limit: number }): CreditLedger[] =>
			tables.listLedgers(after, limit).map(({ tenant, ...ledger }) => shown(tenant, ledger)),

		/** Counted as ledgers change: asking costs the same however many there are. */
		stats: (): StoreStats['credits'] => ({ ...sums }),
	};
}

type Totals = { -readonly [K in keyof StoreStats['credits']]: number };

/** A ledger comes (1) or goes (-1). */
function addTo(sums: Totals, ledger: CreditBalance, sign: 1 | -1): void {
	const rest = creditsLeft(ledger);
	sums.spent += sign * ledger.spent;
	sums.refunded += sign * ledger.refunded;
	if (rest === null) return;
	sums.tenants += sign;
	sums.granted += sign * (ledger.granted ?? 0);
	sums.left += sign * rest;
	if (rest < costOfPut) sums.exhausted += sign;
}

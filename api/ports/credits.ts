import type { CreditBalance } from '../domain/index.ts';

/** Credits of one tenant. */
export interface CreditLedger extends CreditBalance {
	readonly tenant: string;
	/** Null: no limit. */
	readonly left: number | null;
}

export interface GrantRequest {
	readonly tenant: string;
	/** All that is granted from now on, in all; null: no limit. The same request again changes nothing. */
	readonly granted: number | null;
	/** Only where so much is granted until now. */
	readonly expected?: number | null;
}

export interface GrantResult {
	/** `changed`: it was not as expected. `spent`: more is spent than would be granted. Both change nothing. */
	readonly kind: 'granted' | 'changed' | 'spent';
	readonly ledger: CreditLedger;
}

/**
 * Credits of a tenant, as pure moves of its ledger: one for each put or patch that is accepted, taken for a whole call in
 * advance, and given back where it comes to nothing (superseded, canceled, failed). A patch takes the place of a put
 * that waits, whose credit is given back then: free, it would publish for nothing. Deletions cost nothing. A
 * tenant without a ledger, or with no grant in it, has no limit and is charged nothing. Every doc-store adapter moves
 * ledgers with these functions.
 *
 * Invariant: left = granted - spent + refunded, never below 0; spent - refunded is what the receipts hold.
 */
export interface CreditBalance {
	/** All that was ever granted; null: no limit from now on. The other two go on counting what was charged. */
	readonly granted: number | null;
	readonly spent: number;
	readonly refunded: number;
}

/** What one put costs, and one patch. */
export const costOfPut = 1;

/** Far above what anybody has, and far below where whole numbers end. */
export const mostGranted = 1_000_000_000_000;

export const noLedger: CreditBalance = { granted: null, spent: 0, refunded: 0 };

/** Null: no limit. */
export const creditsLeft = ({ granted, spent, refunded }: CreditBalance): number | null =>
	granted === null ? null : granted - spent + refunded;

/** The ledger after `credits` were taken; null where so many are not left. Of a ledger without a limit nothing is taken. */
export function chargeCredits(ledger: CreditBalance, credits: number): CreditBalance | null {
	const rest = creditsLeft(ledger);
	if (rest === null) return ledger;
	return rest < credits ? null : { ...ledger, spent: ledger.spent + credits };
}

export const refundCredits = (ledger: CreditBalance, credits: number): CreditBalance => ({
	...ledger,
	refunded: ledger.refunded + credits,
});

/** Sets what was granted in all; null where less than what is spent would remain. */
export function grantCredits(ledger: CreditBalance, granted: number | null): CreditBalance | null {
	if (granted !== null && !(Number.isSafeInteger(granted) && granted >= 0 && granted <= mostGranted))
		return null;
	const next = { ...ledger, granted };
	return (creditsLeft(next) ?? 0) < 0 ? null : next;
}

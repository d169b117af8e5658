import type { DocDropError } from '../../errors.ts';
import type { DocStore, QueueLimits } from '../../ports/index.ts';
import type { AcceptResult, Change, Refusal } from '../../domain/index.ts';
import type { DocumentLimiter } from './document-limiter.ts';

/** Hands changes to the store, with as many places as the limiter has. Called by ingress.ts alone. */
export interface Admitted {
	readonly results: readonly AcceptResult[];
	/** For the results that are `limited`, by tenant. */
	readonly refusals: ReadonlyMap<string, DocDropError>;
}

export async function admit(
	changes: readonly (Change | Refusal)[],
	deps: {
		readonly docStore: DocStore;
		readonly limiter: DocumentLimiter | null;
		readonly now: () => number;
		readonly limits: QueueLimits;
	},
): Promise<Admitted> {
	const { docStore, limiter, now, limits } = deps;
	if (limiter === null)
		return { results: await docStore.accept(changes, now(), limits), refusals: new Map() };
	const permit = await limiter.reserve(tally(changes, (index) => !('refused' in (changes[index] ?? {}))));
	let results: AcceptResult[] = [];
	try {
		results = await docStore.accept(changes, now(), { ...limits, allowance: permit.allowance });
	} catch (error) {
		// A rejected call had no effect.
		permit.settle(new Map(), new Map());
		throw error;
	}
	const refusals = permit.settle(
		tally(changes, (index) => results[index]?.kind === 'accepted'),
		tally(changes, (index) => results[index]?.kind === 'limited'),
	);
	return { results, refusals };
}

/** How many of the changes each tenant has. */
function tally(
	changes: readonly (Change | Refusal)[],
	counts: (index: number) => boolean,
): Map<string, number> {
	const found = new Map<string, number>();
	for (const [index, { tenant }] of changes.entries()) {
		if (counts(index)) found.set(tenant, (found.get(tenant) ?? 0) + 1);
	}
	return found;
}

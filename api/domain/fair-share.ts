import type { QueueKey, WorkClass } from './queue-key.ts';

/**
 * Who is next. What waits for the same thing (a claim, a place at the extractor, a call of the embedder) stands
 * in queues, one for each queue key (tenant and class of work), and the turn goes
 *
 *  - by class: interactive before retries before bulk, but a class that has waiting work is passed over at most
 *    `patience` times in a row: nothing starves. (Age by the clock would not do: in a backlog of 21,000 documents
 *    everything is old, and an edit would stand behind it again.)
 *  - within a class by tenant, fair by the work received: start-time fair queueing (Goyal, Vin, Cheng, 1996). Of
 *    two tenants that both wait all the time, neither receives more than the other by more than one item of each,
 *    in proportion to their weights. Who comes back from a pause begins where the others are: a pause earns
 *    nothing, and costs nothing.
 *
 * Decisions only, over numbers in memory. Used by the queue of documents (adapters/doc-store/queues.ts) and by
 * the queues behind the claim (fair-queue.ts).
 */

const classes: readonly WorkClass[] = [0, 1, 2];

/** Bulk stays bulk, also when it is tried again: an onboarding that fails must not overtake anybody. */
export const classOf = (priority: 0 | 1 | 2, attempts: number): WorkClass =>
	priority === 2 ? 2 : attempts > 0 ? 1 : 0;

/** Tenants hold no control characters and classes are one digit: no two queue keys share a name. */
export const queueKeyName = (key: QueueKey): string => `${key.class}${key.tenant}`;

/** How often in a row a class with waiting work is passed over, at most; one time more where two classes are. */
export const patience = 15;

/** What one document costs its tenant: its place, and its size in units of 64 kB. */
export const documentCost = (bytes: number): number => 1 + bytes / 65_536;

export interface FairShare {
	/** The queue whose turn it is among `waiting`; null where there is none. Changes nothing but what `charge` needs. */
	next<Q extends QueueKey>(waiting: Iterable<Q>): Q | null;
	/** Where the queue's turn stands among those of its class, the least first. It never gets less. */
	start(key: QueueKey): number;
	/** Work of the queue that `next` has just named was taken. `cost` is positive. */
	charge(key: QueueKey, cost: number): void;
}

/** `weightOf` a tenant: its share relative to the others', positive. */
export function createFairShare(weightOf: (tenant: string) => number = () => 1): FairShare {
	/** Per class: virtual time (the start of the item that was taken last), and where each tenant's last item ends. */
	const virtual = [0, 0, 0];
	const ends = classes.map(() => new Map<string, number>());
	const passedOver = [0, 0, 0];
	let present = [false, false, false];
	let pruneAt = 1_024;

	const startOf = ({ class: at, tenant }: QueueKey) =>
		Math.max(virtual[at] ?? 0, ends[at]?.get(tenant) ?? -Infinity);

	/** Forgets tenants who have no more behind them than who has never been seen. */
	function prune(at: WorkClass): void {
		const known = ends[at];
		if (known === undefined || known.size < pruneAt) return;
		for (const [tenant, end] of known) if (end <= (virtual[at] ?? 0)) known.delete(tenant);
		pruneAt = Math.max(1_024, known.size * 2);
	}

	return {
		start: startOf,
		next<Q extends QueueKey>(waiting: Iterable<Q>): Q | null {
			const first: (Q | undefined)[] = [];
			const starts: number[] = [];
			for (const key of waiting) {
				const start = startOf(key);
				if (first[key.class] !== undefined && (starts[key.class] ?? Infinity) <= start) continue;
				first[key.class] = key;
				starts[key.class] = start;
			}
			present = classes.map((at) => first[at] !== undefined);
			const here = classes.filter((at) => present[at]);
			const impatient = here
				.filter((at) => (passedOver[at] ?? 0) >= patience)
				.sort((a, b) => (passedOver[b] ?? 0) - (passedOver[a] ?? 0));
			const chosen = impatient[0] ?? here[0];
			return chosen === undefined ? null : (first[chosen] ?? null);
		},
		charge(key, cost) {
			const start = startOf(key);
			virtual[key.class] = start;
			ends[key.class]?.set(key.tenant, start + cost / weightOf(key.tenant));
			prune(key.class);
			for (const at of classes) {
				if (at === key.class) passedOver[at] = 0;
				else if (present[at] === true) passedOver[at] = (passedOver[at] ?? 0) + 1;
			}
		},
	};
}

import {
	createFairShare,
	documentCost,
	type QueueKey,
	queueKeyName,
	highLead,
	isPending,
	mayGrow,
	queueClass,
} from '../../domain/index.ts';
import type { ClaimRequest, Claimed, DocKey } from '../../ports/index.ts';
import type { DurableState, Tables, Waiting } from './tables.ts';

/**
 * The queue of documents, as the engine sees it: one queue for each tenant and class that has waiting documents,
 * and whose turn it is. The rows stay in the tables, in an index by tenant, class and due time; kept in memory is
 * a number or two a queue, so that a claim looks at the queues that may have something, and at the first rows of
 * those whose turn it is.
 *
 * Invariants:
 *  - A queue is known exactly when it has waiting documents, leased ones included.
 *  - `readyAt` and `due` are lower bounds: no document of the queue is claimable before the one, none is due
 *    before the other. A look may find that it is later; nothing may ever be earlier.
 */
interface Queue extends QueueKey {
	pending: number;
	readyAt: number;
	due: number;
}

export type Queues = ReturnType<typeof createQueues>;

interface QueueDeps {
	readonly tables: Tables;
	readonly weightOf: (tenant: string) => number;
	/** When the document's lease runs out (`Infinity`: a repair holds it); null where it has none. */
	readonly leasedUntil: (doc: DocKey) => number | null;
}

/** First rows of a queue that are read at once, beside those that the caller itself works on. */
const pageSize = 8;

export function createQueues({ tables, weightOf, leasedUntil }: QueueDeps) {
	const share = createFairShare(weightOf);
	let queues = new Map<string, Queue>();

	/** Reads them from the rows: at the start, and after a transaction was undone. */
	function reload(): void {
		queues = new Map();
		for (const { tenant, class: at, pending, due } of tables.queues()) {
			const key = { tenant, class: at };
			queues.set(queueKeyName(key), { ...key, pending, due, readyAt: due - highLead });
		}
	}

	/** A row with this state comes (1) or goes (-1). */
	function count(tenant: string, durable: DurableState, sign: 1 | -1): void {
		const state = { ...durable, lease: null };
		if (!isPending(state)) return;
		const key: QueueKey = { tenant, class: queueClass(state) };
		const name = queueKeyName(key);
		const queue = queues.get(name) ?? { ...key, pending: 0, readyAt: Infinity, due: Infinity };
		queue.pending += sign;
		if (queue.pending === 0) return void queues.delete(name);
		if (sign === 1) {
			queue.readyAt = Math.min(queue.readyAt, state.readyAt);
			// No row is due before it is ready.
			queue.due = Math.min(queue.due, state.readyAt);
		}
		queues.set(name, queue);
	}

	/** The queue's claimable documents in due order. Read to its end, it has found out when there will be more. */
	function* claimable(queue: Queue, now: number, inWork: number): Generator<DocKey, void> {
		const { tenant, class: at } = queue;
		let limit = inWork + pageSize;
		let rows: Waiting[] = tables.waiting(tenant, at, limit);
		let next = Infinity;
		for (let index = 0; ; index += 1) {
			if (index === rows.length) {
				if (rows.length < limit) break;
				limit *= 4;
				rows = tables.waiting(tenant, at, limit);
				if (index === rows.length) break;
			}
			const { doc, due, readyAt } = rows[index] as Waiting;
			// From here on nothing can be ready.
			if (due > now + highLead) {
				next = Math.min(next, due - highLead);
				break;
			}
			const until = leasedUntil(doc);
			if (readyAt <= now && (until === null || until <= now)) {
				yield doc;
				next = Math.min(next, leasedUntil(doc) ?? now);
			} else next = Math.min(next, Math.max(readyAt, until ?? 0));
		}
		queue.readyAt = next;
	}

	reload();
	return {
		reload,
		count,

		/**
		 * Claims as many documents as there is capacity for, each from the queue whose turn it is. `claim` takes the lease,
		 * or returns null for a document that is larger than `maxBytes`.
		 */
		take(request: ClaimRequest, claim: (doc: DocKey, maxBytes: number) => Claimed | null): Claimed[] {
			const { now, limit, inWork } = request;
			const claimed: Claimed[] = [];
			let { maxBytes, mayExceed = true } = request;
			const usage = new Map<string, { documents: number; bytes: number }>();
			for (const one of inWork ?? []) usage.set(queueKeyName(one), { ...one });
			const waiting = new Map<Queue, Generator<DocKey, void> | null>();
			for (const queue of queues.values()) if (queue.readyAt <= now) waiting.set(queue, null);

			while (claimed.length < limit && maxBytes > 0) {
				const queue = share.next(waiting.keys());
				if (queue === null) break;
				const own = usage.get(queueKeyName(queue)) ?? { documents: 0, bytes: 0 };
				const hasCapacity =
					inWork === undefined ||
					(mayGrow(own.documents, limit - claimed.length) && mayGrow(own.bytes, maxBytes));
				const documents = waiting.get(queue) ?? claimable(queue, now, own.documents);
				waiting.set(queue, documents);
				const doc = hasCapacity ? documents.next().value : undefined;
				const one = doc === undefined ? null : claim(doc, mayExceed ? Infinity : maxBytes);
				if (one === null) {
					// Has nothing more that is ready, or nothing that there is capacity for.
					waiting.delete(queue);
					continue;
				}
				const bytes = one.content?.size ?? 0;
				if (bytes > maxBytes) mayExceed = false;
				maxBytes -= bytes;
				usage.set(queueKeyName(queue), { documents: own.documents + 1, bytes: own.bytes + bytes });
				share.charge(queue, documentCost(bytes));
				claimed.push(one);
			}
			return claimed;
		},

		/** A time before which nothing becomes claimable; null where nothing waits. */
		nextReadyAt(): number | null {
			let earliest = Infinity;
			for (const { readyAt } of queues.values()) earliest = Math.min(earliest, readyAt);
			return queues.size === 0 ? null : earliest;
		},

		/** The waiting document that is due first, leased ones included. */
		first(): DocKey | null {
			for (;;) {
				let queue: Queue | null = null;
				for (const one of queues.values()) if (queue === null || one.due < queue.due) queue = one;
				if (queue === null) return null;
				const [row] = tables.waiting(queue.tenant, queue.class, 1);
				if (row === undefined) throw new Error('a queue without a row');
				if (row.due === queue.due) return row.doc;
				queue.due = row.due;
			}
		},
	};
}

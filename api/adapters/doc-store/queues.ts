import { documentCost, type FairShare, highLead, mayGrow, queueKeyName } from '../../domain/index.ts';
import type { ClaimRequest, Claimed, DocKey } from '../../ports/index.ts';
import {
	add,
	charge,
	classes,
	count,
	kindOf,
	lower,
	nameOf,
	openHeaps,
	place,
	type Queue,
	type QueueHeaps,
	wakeUp,
} from './queue-heaps.ts';
import type { DurableState, Tables, Waiting } from './tables.ts';

/**
 * The queue of documents, as the engine sees it: one queue for each tenant and class that has waiting documents, large
 * ones apart, and whose turn it is. The rows stay in the tables, in an index by tenant, class and due time; a claim
 * looks at the first rows of the queues whose turn it is, and at nothing of the others, however many they are.
 */
export type Queues = ReturnType<typeof createQueues>;

interface QueueDeps {
	readonly tables: Pick<Tables, 'queues' | 'waiting'>;
	readonly share: FairShare;
	/** When the document's lease runs out (`Infinity`: a repair holds it); null where it has none. */
	readonly leasedUntil: (doc: DocKey) => number | null;
	readonly onUndo: (step: () => void) => void;
}

export function createQueues(deps: QueueDeps) {
	let queues = openHeaps(deps.share);
	/** Reads them from the rows. */
	function load(): void {
		queues = openHeaps(deps.share);
		for (const { pending, due, ...name } of deps.tables.queues())
			add(queues, { ...name, pending, due, readyAt: due - highLead, start: 0, since: 0, place: null });
	}
	load();
	return {
		reload: load,

		/** A row with this state comes (1) or goes (-1). */
		count(tenant: string, durable: DurableState, sign: 1 | -1): void {
			count(queues, tenant, durable, sign);
			deps.onUndo(() => count(queues, tenant, durable, sign === 1 ? -1 : 1));
		},

		/**
		 * Claims as many documents as there is capacity for, each from the queue whose turn it is. `claim` takes the lease,
		 * or returns null for a document that is larger than `maxBytes`.
		 */
		take: (request: ClaimRequest, claim: ClaimOne): Claimed[] => take(queues, deps, request, claim),

		/** See `nextDueAt` of the port. */
		nextReadyAt(): number | null {
			const firsts = queues.kinds.flatMap(({ sleeping, ready }) =>
				[sleeping.first() ?? [], ready.first() ?? []].flat(),
			);
			return firsts.length === 0 ? null : Math.min(...firsts.map(({ readyAt }) => readyAt));
		},

		/**
		 * The waiting document that is due first, leased ones included. What has left the queues since the last look has
		 * left bounds behind that are too low; where these are many, the answer may be one of the first only.
		 */
		first: (): DocKey | null => first(queues, deps),
	};
}

/** A look has found that it is later. Should the rows that were looked at go back, so does this. */
function raise(
	queues: QueueHeaps,
	queue: Queue,
	bounds: { readyAt?: number; due?: number },
	deps: QueueDeps,
): void {
	const { readyAt, due } = queue;
	deps.onUndo(() => {
		const known = queues.known.get(nameOf(queue, queue.isLarge));
		if (known !== undefined) lower(queues, known, readyAt, due);
	});
	Object.assign(queue, bounds);
	queues.byDue.moved(queue);
}

/** First rows of a queue that are read at once, beside those that the caller itself works on. */
const pageSize = 8;

/** The queue's claimable documents in due order. Read to its end, it has found out when there will be more. */
function* claimable(
	queues: QueueHeaps,
	queue: Queue,
	{ now, inWork }: { readonly now: number; readonly inWork: number },
	deps: QueueDeps,
): Generator<DocKey, void> {
	const { tables, leasedUntil } = deps;
	let limit = inWork + pageSize;
	let rows: Waiting[] = tables.waiting(queue, limit);
	let next = Infinity;
	for (let index = 0; ; index += 1) {
		if (index === rows.length) {
			if (rows.length < limit) break;
			limit *= 4;
			rows = tables.waiting(queue, limit);
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
	raise(queues, queue, { readyAt: next }, deps);
}

type ClaimOne = (doc: DocKey, maxBytes: number) => Claimed | null;

/** Queues without anything that the caller has room for that one claim looks at: they wait, and so does what is behind. */
const mostPassed = 256;

function take(queues: QueueHeaps, deps: QueueDeps, request: ClaimRequest, claim: ClaimOne): Claimed[] {
	const { now, limit, inWork } = request;
	const claimed: Claimed[] = [];
	let { maxBytes, mayExceed = true, mostLarge = Infinity } = request;
	const usage = new Map<string, { documents: number; bytes: number }>();
	for (const one of inWork ?? []) usage.set(queueKeyName(one), { ...one });
	const open = new Map<Queue, Generator<DocKey, void>>();
	const passed: Queue[] = [];
	wakeUp(queues, now);

	while (claimed.length < limit && maxBytes > 0 && passed.length < mostPassed) {
		const kinds = mostLarge > 0 ? queues.kinds : queues.kinds.slice(0, classes.length);
		const queue = queues.share.next(kinds.flatMap(({ ready }) => ready.first() ?? []));
		if (queue === null) break;
		const own = usage.get(queueKeyName(queue)) ?? { documents: 0, bytes: 0 };
		const hasCapacity =
			inWork === undefined ||
			(mayGrow(own.documents, limit - claimed.length) && mayGrow(own.bytes, maxBytes));
		const documents = open.get(queue) ?? claimable(queues, queue, { now, inWork: own.documents }, deps);
		open.set(queue, documents);
		const doc = hasCapacity ? documents.next().value : undefined;
		const one = doc === undefined ? null : claim(doc, mayExceed ? Infinity : maxBytes);
		if (one === null) {
			// Has nothing more that is ready, or nothing that there is capacity for.
			place(queue, null);
			passed.push(queue);
			continue;
		}
		const bytes = one.content?.size ?? 0;
		if (bytes > maxBytes) mayExceed = false;
		maxBytes -= bytes;
		if (queue.isLarge) mostLarge -= 1;
		usage.set(queueKeyName(queue), { documents: own.documents + 1, bytes: own.bytes + bytes });
		charge(queues, queue, documentCost(bytes));
		claimed.push(one);
	}
	for (const queue of passed) {
		const isKnown = queues.known.get(nameOf(queue, queue.isLarge)) === queue;
		const { sleeping, ready } = kindOf(queues, queue);
		if (isKnown) place(queue, queue.readyAt > now ? sleeping : ready);
	}
	return claimed;
}

const mostLooks = 256;

function first(queues: QueueHeaps, deps: QueueDeps): DocKey | null {
	let earliest: Waiting | null = null;
	for (let looks = 0; looks < mostLooks; looks += 1) {
		const queue = queues.byDue.first();
		if (queue === undefined) return null;
		const [row] = deps.tables.waiting(queue, 1);
		if (row === undefined) throw new Error('a queue without a row');
		if (row.due === queue.due) return row.doc;
		if (earliest === null || row.due < earliest.due) earliest = row;
		raise(queues, queue, { due: row.due }, deps);
	}
	return earliest?.doc ?? null;
}

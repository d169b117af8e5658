import {
	dueAt,
	type FairShare,
	isLargeWork,
	isPending,
	type QueueKey,
	queueKeyName,
	queueClass,
	type WorkClass,
} from '../../domain/index.ts';
import { createHeap, type Heap } from './heap.ts';
import type { DurableState, QueueName } from './tables.ts';

/**
 * The queues in memory: a number or two each, in heaps, so that whose turn it is costs the same however many they are.
 * queues.ts fills them from the rows and claims by them.
 *
 * Invariants:
 *  - A queue is known exactly when it has waiting documents, leased ones included.
 *  - `readyAt` and `due` are lower bounds: no document of the queue is claimable before the one, none is due
 *    before the other. A look may find that it is later; nothing may ever be earlier.
 *  - A queue is in one of `sleeping` and `ready` of its kind, but while a claim that has passed it over lasts.
 */
export interface Queue extends QueueName {
	pending: number;
	readyAt: number;
	due: number;
	/** Where its turn stands among the others of its class; only grows. Of equals who has waited longest is first. */
	start: number;
	since: number;
	place: Heap<Queue> | null;
}

interface Kind {
	/** By `readyAt`: those that had nothing claimable when they were looked at. */
	readonly sleeping: Heap<Queue>;
	/** By `start`: those that may have something. */
	readonly ready: Heap<Queue>;
}

export interface QueueHeaps {
	readonly known: Map<string, Queue>;
	/** By `due`: all of them. */
	readonly byDue: Heap<Queue>;
	/** By class, those of large documents in the second half. */
	readonly kinds: readonly Kind[];
	readonly share: FairShare;
	/** Turns that were given so far. */
	turns: number;
}

export const classes: readonly WorkClass[] = [0, 1, 2];
export const nameOf = (key: QueueKey, isLarge: boolean): string => `${isLarge ? 1 : 0}${queueKeyName(key)}`;
export const kindOf = ({ kinds }: QueueHeaps, { class: at, isLarge }: QueueName) =>
	kinds[at + (isLarge ? classes.length : 0)] as Kind;

export function openHeaps(share: FairShare): QueueHeaps {
	return {
		known: new Map(),
		byDue: createHeap((a, b) => a.due < b.due),
		kinds: [...classes, ...classes].map(() => ({
			sleeping: createHeap((a, b) => a.readyAt < b.readyAt),
			ready: createHeap((a, b) => a.start < b.start || (a.start === b.start && a.since < b.since)),
		})),
		share,
		turns: 0,
	};
}

export function add(queues: QueueHeaps, queue: Queue): void {
	queues.known.set(nameOf(queue, queue.isLarge), queue);
	queues.byDue.add(queue);
	place(queue, kindOf(queues, queue).sleeping);
}

export function place(queue: Queue, heap: Heap<Queue> | null): void {
	queue.place?.remove(queue);
	queue.place = heap;
	heap?.add(queue);
}

export function count(queues: QueueHeaps, tenant: string, state: DurableState, sign: 1 | -1): void {
	if (!isPending(state)) return;
	const name: QueueName = { tenant, class: queueClass(state), isLarge: isLargeWork(state) };
	const queue = queues.known.get(nameOf(name, name.isLarge));
	if (sign === 1) {
		const { readyAt } = state;
		if (queue === undefined)
			add(queues, { ...name, pending: 1, readyAt, due: dueAt(state), start: 0, since: 0, place: null });
		else {
			queue.pending += 1;
			lower(queues, queue, readyAt, dueAt(state));
		}
	} else if (queue !== undefined && (queue.pending -= 1) === 0) {
		queues.known.delete(nameOf(name, name.isLarge));
		queues.byDue.remove(queue);
		place(queue, null);
	}
}

export function lower(queues: QueueHeaps, queue: Queue, readyAt: number, due: number): void {
	// The usual case: what comes is not ready before what waits.
	if (readyAt >= queue.readyAt && due >= queue.due) return;
	queue.readyAt = Math.min(queue.readyAt, readyAt);
	queue.due = Math.min(queue.due, due);
	queues.byDue.moved(queue);
	const { sleeping } = kindOf(queues, queue);
	if (queue.place === sleeping) sleeping.moved(queue);
}

/** Queues of a kind that one claim wakes, more than it takes documents; the next one wakes others. */
const mostWoken = 1_000;

export function wakeUp(queues: QueueHeaps, now: number): void {
	for (const { sleeping, ready } of queues.kinds) {
		for (let woken = 0; woken < mostWoken; woken += 1) {
			const queue = sleeping.first();
			if (queue === undefined || queue.readyAt > now) break;
			setTurn(queues, queue);
			place(queue, ready);
		}
	}
}

function setTurn(queues: QueueHeaps, queue: Queue): void {
	queue.start = queues.share.start(queue);
	queue.since = queues.turns += 1;
}

/** A tenant's large and other documents of one class have one turn. */
export function charge(queues: QueueHeaps, queue: Queue, cost: number): void {
	queues.share.charge(queue, cost);
	for (const isLarge of [false, true]) {
		const one = queues.known.get(nameOf(queue, isLarge));
		if (one === undefined) continue;
		setTurn(queues, one);
		if (one.place === kindOf(queues, one).ready) one.place.moved(one);
	}
}

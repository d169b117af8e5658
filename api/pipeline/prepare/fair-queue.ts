import { createFairShare, type QueueKey, queueKeyName, type WorkClass } from '../../domain/index.ts';

/**
 * What waits behind the claim, for the extractor or the embedder: taken in the same turn as claims are
 * (fair-share.ts), so that a document that was claimed at once does not stand behind a hundred others there.
 */
export interface FairQueue<T> {
	readonly size: number;
	push(key: QueueKey, item: T, cost?: number): void;
	/** The oldest item of the queue whose turn it is. */
	take(): T | undefined;
	/** At most `limit` items, in turn, all of the class whose turn it is: what is urgent travels light. */
	takeTogether(limit: number): T[];
}

interface Waiting<T> extends QueueKey {
	readonly items: { readonly item: T; readonly cost: number }[];
	/** Items before this one are gone; they are cut off now and then, not at each turn. */
	head: number;
}

export function createFairQueue<T>(weightOf?: (tenant: string) => number): FairQueue<T> {
	const share = createFairShare(weightOf);
	const queues = new Map<string, Waiting<T>>();
	let size = 0;

	function takeOf(
		candidates: Iterable<Waiting<T>>,
	): { readonly item: T; readonly class: WorkClass } | undefined {
		const queue = share.next(candidates);
		const first = queue?.items[queue.head];
		if (queue === null || first === undefined) return undefined;
		share.charge(queue, first.cost);
		queue.head += 1;
		size -= 1;
		if (queue.head === queue.items.length) queues.delete(queueKeyName(queue));
		else if (queue.head >= 1_024) {
			queue.items.splice(0, queue.head);
			queue.head = 0;
		}
		return { item: first.item, class: queue.class };
	}

	function* ofClass(at: WorkClass): Generator<Waiting<T>> {
		for (const queue of queues.values()) if (queue.class === at) yield queue;
	}

	return {
		get size() {
			return size;
		},
		push(key, item, cost = 1) {
			const name = queueKeyName(key);
			const { tenant, class: at } = key;
			const own = queues.get(name) ?? { tenant, class: at, items: [], head: 0 };
			own.items.push({ item, cost });
			queues.set(name, own);
			size += 1;
		},
		take: () => takeOf(queues.values())?.item,
		takeTogether(limit) {
			const first = takeOf(queues.values());
			if (first === undefined) return [];
			const taken = [first.item];
			while (taken.length < limit) {
				const next = takeOf(ofClass(first.class));
				if (next === undefined) break;
				taken.push(next.item);
			}
			return taken;
		},
	};
}

/** Lets at most `places` in at a time, in fair turn. */
export interface Gate {
	/** Resolves with what gives the place back; rejects with the signal's reason. */
	enter(key: QueueKey, cost: number, signal: AbortSignal): Promise<() => void>;
}

export function createGate(places: number, weightOf?: (tenant: string) => number): Gate {
	const queue = createFairQueue<{ readonly open: () => void; readonly signal: AbortSignal }>(weightOf);
	let free = places;
	function leave(): void {
		free += 1;
		for (let next = queue.take(); next !== undefined; next = queue.take()) {
			if (next.signal.aborted) continue;
			free -= 1;
			return next.open();
		}
	}
	/** A place is given back once, however often its holder says so. */
	function once(): () => void {
		let isInside = true;
		return () => {
			if (isInside) leave();
			isInside = false;
		};
	}
	return {
		async enter(key, cost, signal) {
			signal.throwIfAborted();
			if (free > 0) {
				free -= 1;
				return once();
			}
			const { promise, resolve, reject } = Promise.withResolvers<void>();
			const abandon = () => reject(signal.reason as Error);
			signal.addEventListener('abort', abandon, { once: true });
			queue.push(key, { open: resolve, signal }, cost);
			try {
				await promise;
			} finally {
				signal.removeEventListener('abort', abandon);
			}
			return once();
		},
	};
}

import { createFairShare, type QueueKey, queueKeyName, type WorkClass } from '../../domain/index.ts';

/**
 * What waits behind the claim, for the extractor or the embedder: taken in the same turn as claims are
 * (fair-share.ts), so that a document that was claimed at once does not stand behind a hundred others there.
 */
export interface FairQueue<T> {
	readonly size: number;
	push(flow: QueueKey, item: T, cost?: number): void;
	/** The oldest item of the flow whose turn it is. */
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
	const flows = new Map<string, Waiting<T>>();
	let size = 0;

	function takeOf(
		candidates: Iterable<Waiting<T>>,
	): { readonly item: T; readonly class: WorkClass } | undefined {
		const flow = share.next(candidates);
		const first = flow?.items[flow.head];
		if (flow === null || first === undefined) return undefined;
		share.charge(flow, first.cost);
		flow.head += 1;
		size -= 1;
		if (flow.head === flow.items.length) flows.delete(queueKeyName(flow));
		else if (flow.head >= 1_024) {
			flow.items.splice(0, flow.head);
			flow.head = 0;
		}
		return { item: first.item, class: flow.class };
	}

	function* ofClass(at: WorkClass): Generator<Waiting<T>> {
		for (const flow of flows.values()) if (flow.class === at) yield flow;
	}

	return {
		get size() {
			return size;
		},
		push(flow, item, cost = 1) {
			const name = queueKeyName(flow);
			const { tenant, class: at } = flow;
			const own = flows.get(name) ?? { tenant, class: at, items: [], head: 0 };
			own.items.push({ item, cost });
			flows.set(name, own);
			size += 1;
		},
		take: () => takeOf(flows.values())?.item,
		takeTogether(limit) {
			const first = takeOf(flows.values());
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
	enter(flow: QueueKey, cost: number, signal: AbortSignal): Promise<() => void>;
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
		let isHeld = true;
		return () => {
			if (isHeld) leave();
			isHeld = false;
		};
	}
	return {
		async enter(flow, cost, signal) {
			signal.throwIfAborted();
			if (free > 0) {
				free -= 1;
				return once();
			}
			const { promise, resolve, reject } = Promise.withResolvers<void>();
			const abandon = () => reject(signal.reason as Error);
			signal.addEventListener('abort', abandon, { once: true });
			queue.push(flow, { open: resolve, signal }, cost);
			try {
				await promise;
			} finally {
				signal.removeEventListener('abort', abandon);
			}
			return once();
		},
	};
}

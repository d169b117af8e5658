/**
 * How many requests leave this process: at most `limit` in any window of `windowMs`, over all executions. Requests
 * wait; none is lost or refused. Within an execution they leave in order, between executions in turn.
 *
 * A request leaves at some moment between its turn and its answer, and only its receiver knows when. So it holds its
 * place from its turn until a window after its answer: then no window at the receiver can ever see more than the
 * limit, however long a request is held up on its way.
 */
import { systemClock, type Clock } from '../watch/clock.ts';

export interface Throttle {
	/**
	 * Calls `send` when it is its turn, and gives what it gives. An aborted signal frees the place of one that waits
	 * and rejects with its reason; a request that has left is `send`'s own to end.
	 */
	run<T>(owner: Owner, send: () => Promise<T>, signal?: AbortSignal): Promise<T>;
	/** Nothing leaves for `ms` from now on, whoever asks: a server said so. Longer pauses win. */
	pause(ms: number): void;
	/** Requests whose turn has not come. */
	waiting(): number;
}

/** An execution: its id, or anything that stands for it alone. */
export type Owner = string | object;

export interface ThrottleDeps {
	readonly clock: Clock;
	readonly limit: number;
	readonly windowMs: number;
}

/** One that waits: called when it is its turn. */
type Waiter = () => void;

export function createThrottle({ clock, limit, windowMs }: ThrottleDeps): Throttle {
	/** When the last requests were answered, oldest first, in a ring. */
	const ends = new Float64Array(limit);
	let oldest = 0;
	let ended = 0;
	let underWay = 0;
	let pausedUntil = -Infinity;
	/** Never holds an empty set. The first one is served next, and goes to the end. */
	const queues = new Map<Owner, Set<Waiter>>();
	/** Somebody waits, and a timer runs for the next place. */
	let isTimed = false;

	function freePlaces(now: number): number {
		if (now < pausedUntil) return 0;
		while (ended > 0 && now - (ends[oldest] ?? 0) >= windowMs) {
			oldest = (oldest + 1) % limit;
			ended -= 1;
		}
		return limit - underWay - ended;
	}

	/** Gives out what is free, one an owner in turn, and looks again when the next place becomes free. */
	function serve(): void {
		isTimed = false;
		const now = clock.monotonic();
		for (let free = freePlaces(now); free > 0; free -= 1) {
			const [next] = queues;
			if (next === undefined) return;
			const [owner, queue] = next;
			const [start] = queue;
			queues.delete(owner);
			if (start !== undefined) queue.delete(start);
			if (queue.size > 0) queues.set(owner, queue);
			underWay += 1;
			start?.();
		}
		if (queues.size === 0) return;
		// Without a pause and with every place under way, the next answer is what comes next.
		const frees = now < pausedUntil ? pausedUntil : ended > 0 ? (ends[oldest] ?? 0) + windowMs : null;
		if (frees === null) return;
		isTimed = true;
		clock.after(frees - now, serve);
	}

	function turn(owner: Owner, signal: AbortSignal | undefined): Promise<void> | undefined {
		if (queues.size === 0 && freePlaces(clock.monotonic()) > 0) {
			underWay += 1;
			return undefined;
		}
		return new Promise((resolve, reject) => {
			const start = () => {
				signal?.removeEventListener('abort', giveUp);
				resolve();
			};
			const giveUp = () => {
				const queue = queues.get(owner);
				queue?.delete(start);
				if (queue?.size === 0) queues.delete(owner);
				reject(signal?.reason);
			};
			const queue = queues.get(owner);
			if (queue === undefined) queues.set(owner, new Set([start]));
			else queue.add(start);
			signal?.addEventListener('abort', giveUp, { once: true });
			if (!isTimed) serve();
		});
	}

	function answered(): void {
		underWay -= 1;
		ends[(oldest + ended) % limit] = clock.monotonic();
		ended += 1;
		if (queues.size > 0 && !isTimed) serve();
	}

	return {
		async run(owner, send, signal) {
			signal?.throwIfAborted();
			await turn(owner, signal);
			try {
				return await send();
			} finally {
				answered();
			}
		},
		pause(ms) {
			pausedUntil = Math.max(pausedUntil, clock.monotonic() + ms);
		},
		waiting: () => [...queues.values()].reduce((sum, queue) => sum + queue.size, 0),
	};
}

/**
 * The one of this process: 4,000 requests a minute. Each worker of a queue mode has its own, so that many workers
 * may send more together; the last word has the API, whose 429 and 503 with Retry-After pause it.
 */
export const throttle: Throttle = createThrottle({ clock: systemClock, limit: 4_000, windowMs: 60_000 });

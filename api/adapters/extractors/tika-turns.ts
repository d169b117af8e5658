/** Who may ask the Tika server now: so many files at a time, in turn, and one that is suspected alone. */
import { outsideUnavailable } from './tika-failure.ts';

export interface Turns {
	/** Rejects with the signal's reason, and at once where the row is long: other types must not wait behind it. */
	enter(signal: AbortSignal, file: { readonly isAlone: boolean }): Promise<void>;
	leave(): void;
}

interface Waiting {
	readonly isAlone: boolean;
	readonly enter: () => void;
}

const WAITING_FOR_A_CALL = 8;
const BUSY_MS = 15_000;

export function createTurns(calls: number): Turns {
	let waiting: Waiting[] = [];
	let running = 0;
	let isAlone = false;

	/** Whoever waits longest goes first, also one that needs the server for itself. */
	function admit(): void {
		for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
			const hasRoom = next.isAlone ? running === 0 : running < calls && !isAlone;
			if (!hasRoom) return;
			waiting.shift();
			running += 1;
			isAlone = next.isAlone;
			next.enter();
		}
	}

	return {
		async enter(signal, file) {
			signal.throwIfAborted();
			if (waiting.length >= calls * WAITING_FOR_A_CALL)
				throw outsideUnavailable('is busy with other files', { retryAfterMs: BUSY_MS });
			const { promise, resolve, reject } = Promise.withResolvers<void>();
			const own: Waiting = { ...file, enter: resolve };
			const abandon = () => {
				waiting = waiting.filter((other) => other !== own);
				reject(signal.reason);
				admit();
			};
			signal.addEventListener('abort', abandon, { once: true });
			waiting.push(own);
			admit();
			await promise.finally(() => signal.removeEventListener('abort', abandon));
		},
		leave() {
			running -= 1;
			isAlone = false;
			admit();
		},
	};
}

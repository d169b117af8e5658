/**
 * The order of the rounds in which lists are told as a whole. A round is a number within an epoch of a year: with
 * an epoch for every round, a change that is late by more than a few would be taken for a new one (epoch-order.ts).
 */
export interface Round {
	readonly epoch: string;
	/** Hundredths of a second of the year, so that they stay below what a seq may be. */
	readonly seq: number;
}

const unitMs = 10;

/** Each one is above all before it, however soon it follows; `now` is store time, which never goes back. */
export function createRounds(now: () => number): () => Round {
	let last = 0;
	return () => {
		last = Math.max(Math.floor(now() / unitMs), last + 1);
		const year = new Date(last * unitMs).getUTCFullYear();
		return { epoch: String(year), seq: last - Date.UTC(year, 0, 1) / unitMs };
	};
}

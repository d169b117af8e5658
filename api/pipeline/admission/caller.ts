/** Who waits for an answer that is large: it has a place of an allotment for as long as its answer is in memory. */
export interface Caller {
	/** Aborted when the caller hangs up before it was answered: it waits no more. Work in hand keeps its place. */
	readonly gone: AbortSignal;
	/** Resolves when the answer has left, or never will. */
	readonly left: Promise<void>;
}

/**
 * What failed deliveries say of single files, when a consumer refuses a batch as a whole. Pure but for its own
 * entries; the emitter tells it of each outcome.
 *
 * A batch that failed goes again, then in halves, then each file alone. A failure says something of a file only
 * where another batch succeeded since the file's last try: an outage blames nobody, however long it lasts, and
 * nobody is given up for it.
 */
export interface Suspicion {
	/** The largest batch that this file may travel in. */
	cap(docId: string): number;
	/** A batch was refused; returns the files that are to be given up. */
	failed(docIds: readonly string[]): readonly string[];
	/** A batch was taken. */
	succeeded(docIds: readonly string[]): void;
	/** Whether a failure of this batch would be this one file's own, and no sign of an outage. */
	isIsolated(docIds: readonly string[]): boolean;
	forget(docId: string): void;
}

interface Entry {
	readonly cap: number;
	/** Successes of others at its last try. */
	readonly at: number;
	/** It failed although others succeeded since the try before. */
	readonly blamed: boolean;
	/** Such failures alone. */
	readonly alone: number;
}

export function createSuspicion({ maxTries }: { readonly maxTries: number }): Suspicion {
	const entries = new Map<string, Entry>();
	let successes = 0;
	return {
		cap: (docId) => entries.get(docId)?.cap ?? Infinity,
		failed(docIds) {
			const size = docIds.length;
			const lost: string[] = [];
			for (const docId of docIds) {
				const before = entries.get(docId);
				const blames = before !== undefined && successes > before.at;
				const entry: Entry = {
					cap: before === undefined ? size : Math.ceil(size / 2),
					at: successes,
					blamed: before?.blamed === true || blames,
					alone: (before?.alone ?? 0) + (blames && size === 1 ? 1 : 0),
				};
				if (entry.alone >= maxTries) {
					lost.push(docId);
					entries.delete(docId);
				} else entries.set(docId, entry);
			}
			return lost;
		},
		succeeded(docIds) {
			successes += 1;
			for (const docId of docIds) entries.delete(docId);
			// The consumer is back: what went down with it may travel together again.
			for (const [docId, entry] of entries) {
				if (!entry.blamed && entry.cap !== Infinity) entries.set(docId, { ...entry, cap: Infinity });
			}
		},
		isIsolated: ([docId, ...others]) =>
			others.length === 0 && docId !== undefined && (entries.get(docId)?.alone ?? 0) > 0,
		forget: (docId) => void entries.delete(docId),
	};
}

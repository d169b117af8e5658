/**
 * Finds the file that makes batches fail, where a consumer refuses a batch as a whole. Pure but for its own
 * records; the emitter reports each outcome to it.
 *
 * A batch that failed goes again, then in halves, then each file alone. A failure says something of a file only
 * where another batch succeeded since the file's last try: an outage blames nobody, however long it lasts, and
 * nobody is given up for it.
 */
export interface PoisonIsolation {
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

interface BlameRecord {
	readonly cap: number;
	/** Deliveries that had succeeded by its last try. */
	readonly at: number;
	/** It failed although others succeeded since the try before. */
	readonly blamed: boolean;
	/** Such failures of a batch of this file alone. */
	readonly failuresAlone: number;
}

export function createPoisonIsolation({ maxTries }: { readonly maxTries: number }): PoisonIsolation {
	const records = new Map<string, BlameRecord>();
	let successes = 0;
	return {
		cap: (docId) => records.get(docId)?.cap ?? Infinity,
		failed(docIds) {
			const size = docIds.length;
			const lost: string[] = [];
			for (const docId of docIds) {
				const before = records.get(docId);
				const blames = before !== undefined && successes > before.at;
				const record: BlameRecord = {
					cap: before === undefined ? size : Math.ceil(size / 2),
					at: successes,
					blamed: before?.blamed === true || blames,
					failuresAlone: (before?.failuresAlone ?? 0) + (blames && size === 1 ? 1 : 0),
				};
				if (record.failuresAlone >= maxTries) {
					lost.push(docId);
					records.delete(docId);
				} else records.set(docId, record);
			}
			return lost;
		},
		succeeded(docIds) {
			successes += 1;
			for (const docId of docIds) records.delete(docId);
			// The consumer is back: what went down with it may travel together again.
			for (const [docId, record] of records) {
				if (!record.blamed && record.cap !== Infinity) records.set(docId, { ...record, cap: Infinity });
			}
		},
		isIsolated: ([docId, ...others]) =>
			others.length === 0 && docId !== undefined && (records.get(docId)?.failuresAlone ?? 0) > 0,
		forget: (docId) => void records.delete(docId),
	};
}

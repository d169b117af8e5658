import type { DocKey } from '../../ports/index.ts';

/**
 * Whether a failure of a document's own counts against it. It does where others were really served since the one before:
 * that a peer answers a control question says that it is there, not that it can do real work, and a peer which fails all
 * of it must not bury a whole queue. The watch engine has the same rule (nodes/watch/poison-isolation.ts).
 *
 * One for each kind of work: texts embedded, points written. In memory: after a restart a document has one more try.
 */
export interface Blame {
	/** Some work was done, whosever. */
	served(): void;
	/** A document has failed by itself; how often it has now, as far as is remembered. */
	failed(doc: DocKey): { readonly othersServed: boolean; readonly failures: number };
	forget(doc: DocKey): void;
}

interface BlameRecord {
	/** How often anything had been served by its last failure. */
	readonly at: number;
	readonly failures: number;
}

/** Who failed longest ago is forgotten, and has one more try. */
const mostRecords = 10_000;

export function createBlame(): Blame {
	const records = new Map<DocKey, BlameRecord>();
	let served = 0;
	return {
		served: () => void (served += 1),
		failed(doc) {
			const before = records.get(doc);
			const failures = (before?.failures ?? 0) + 1;
			records.delete(doc);
			records.set(doc, { at: served, failures });
			const [oldest] = records.keys();
			if (records.size > mostRecords && oldest !== undefined) records.delete(oldest);
			return { othersServed: before !== undefined && served > before.at, failures };
		},
		forget: (doc) => void records.delete(doc),
	};
}

import { sampleEpoch } from '../contract/sample-epoch.ts';
import type { DocState } from './doc-state.ts';

/**
 * The order of a source's epochs: that in which the store first saw them, which is above the order in which their
 * names could be told. Few are kept of each source: all that some document is of, and the newest others.
 */

/** Of a source, whatever their documents. */
export const keptEpochs = 16;
/** First sights of any source, for which epochs of a source without a document are kept. */
const keptOfAll = 10_000;
const dayMs = 86_400_000;

/** Samples come at any time, and before every epoch of their source. */
const orderOf = ({ epoch, epochOrder }: Pick<DocState, 'epoch' | 'epochOrder'>): number =>
	epoch === sampleEpoch ? -1 : epochOrder;

export const isEarlier = (
	state: Pick<DocState, 'epoch' | 'epochOrder'>,
	of: Pick<DocState, 'epoch' | 'epochOrder'>,
): boolean => orderOf(state) < orderOf(of);

/** Whether a source that tells of all that it has, from `belowSeq` of its epoch on, has not told of the document. */
export const isToldBefore = (
	state: Pick<DocState, 'epoch' | 'epochOrder' | 'seq'>,
	round: Pick<DocState, 'epoch' | 'epochOrder'> & { readonly belowSeq: number },
): boolean =>
	isEarlier(state, round) || (state.epochOrder === round.epochOrder && state.seq < round.belowSeq);

/** When a UUIDv7 was made, ms; null of any other name. */
function madeAt(epoch: string): number | null {
	const isOne = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(epoch);
	return isOne && epoch !== sampleEpoch ? parseInt(epoch.slice(0, 8) + epoch.slice(9, 13), 16) : null;
}

/**
 * The order of an epoch that is not written down. It is a new one, unless it may have been forgotten: names of our own
 * senders say when they were made, and one that is older than all that are kept comes back late (0: before all
 * others). Names of the future say nothing, or a clock that was wrong once would make every later epoch an old one.
 */
export function orderOfUnknown(
	epoch: string,
	store: { readonly newest: () => readonly string[]; readonly next: number; readonly now: number },
): number {
	const own = madeAt(epoch);
	if (own === null) return store.next;
	const newest = store.newest();
	if (newest.length < keptEpochs) return store.next;
	const times = newest.map(madeAt).filter((at) => at !== null && at <= store.now + dayMs);
	return times.length > 0 && times.every((at) => at !== null && own < at) ? 0 : store.next;
}

/** An epoch as it is written down. */
export interface KnownEpoch extends Pick<DocState, 'sourceId' | 'epoch' | 'epochOrder'> {
	readonly key: number;
}

/** Whether nothing is lost with an epoch that no document is of. */
export function mayForget(
	epoch: KnownEpoch,
	store: {
		/** Of its source. */
		readonly newest: readonly KnownEpoch[];
		/** Whether some document is of one of those. */
		readonly isSourceUsed: () => boolean;
		readonly next: number;
	},
): boolean {
	if (!store.newest.some(({ key }) => key === epoch.key)) return true;
	return epoch.epochOrder < store.next - keptOfAll && !store.isSourceUsed();
}

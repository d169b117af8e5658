import { sampleEpoch } from '../contract/sample-epoch.ts';
import type { Change } from './change.ts';
import { type DocState, isPending, type EarlierOwner, versionOf, type Wanted } from './doc-state.ts';
import { isEarlier } from './epoch-order.ts';

/** Where an arriving change stands in its document's order, or why it has no place there. */

/** A change as it meets the document. */
export type Arrival = Omit<Wanted, 'acceptedAt'> &
	Pick<DocState, 'sourceId' | 'epoch' | 'epochOrder'> &
	Pick<Change, 'seq' | 'takeOver' | 'windowMs' | 'maxWaitMs'>;

export type Rejection =
	| { readonly kind: 'owned' }
	/** `isSuperseded`: the document is of a newer epoch of the same source. */
	| { readonly kind: 'stale'; readonly version: number; readonly isSuperseded: boolean }
	/** The document has no rank above its own. */
	| { readonly kind: 'spent' };

type Place = Pick<DocState, 'rank' | 'seq' | 'earlier'>;

/** The highest rank whose versions are whole numbers. */
export const maxRank = 2 ** 21 - 1;
const maxSeq = 2 ** 32 - 1;
/** Earlier owners that a document remembers. A late change of one that fell out is taken for another source's. */
const rememberedOwners = 8;

/** A deleted document that nobody is about to bring back belongs to nobody: any source may create it anew. */
const isFree = (state: DocState): boolean =>
	state.wanted.op === 'delete' && !isPending(state) && state.lease === null;

/**
 * Whether the arrival is what its number was given to. A version names one content: a file that was read again
 * and has moved on since comes under a number of its own. Another pipeline may take the same bytes anew, with
 * the fields that it reads from them.
 */
const isRepetition = (wanted: Wanted, arrival: Arrival): boolean =>
	arrival.op === wanted.op &&
	arrival.sha256 === wanted.sha256 &&
	(arrival.meta === wanted.meta || arrival.fingerprint !== wanted.fingerprint);

const stale = (state: DocState, isSuperseded: boolean): Rejection => ({
	kind: 'stale',
	version: versionOf(state),
	isSuperseded,
});

export function place(state: DocState | null, arrival: Arrival): Place | Rejection {
	// A sample has no number of its own: an edited file may be tried again.
	const seq = arrival.epoch === sampleEpoch ? null : arrival.seq;
	if (state === null) return { rank: 1, seq: seq ?? 1, earlier: [] };
	if (isOvertaken(state, arrival)) return stale(state, false);
	const sameOwner = state.sourceId === arrival.sourceId;
	if (!sameOwner && !arrival.takeOver && !isFree(state)) return { kind: 'owned' };
	if (sameOwner && state.epoch === arrival.epoch) {
		const isLate = seq !== null && seq < state.seq;
		if (isLate || (seq === state.seq && !isRepetition(state.wanted, arrival))) return stale(state, false);
		const { rank, earlier } = state;
		if (seq !== null) return { rank, seq, earlier };
		if (state.seq < maxSeq) return { rank, seq: state.seq + 1, earlier };
	}
	// Whoever tries out a sample beside what is published has not lost it to anybody.
	if (sameOwner && isEarlier(arrival, state)) return stale(state, arrival.epoch !== sampleEpoch);
	if (state.rank >= maxRank) return { kind: 'spent' };
	// Another epoch or another owner begins above everything the document has seen.
	return { rank: state.rank + 1, seq: seq ?? 1, earlier: ownersBefore(state, arrival) };
}

/**
 * Whether the source was taken from, or left, the document at a later place: what it sent before is late, whoever owns
 * the document by now. Known by its name, an epoch keeps its place also where the store has forgotten it.
 */
function isOvertaken({ earlier }: DocState, arrival: Arrival): boolean {
	const own = earlier.find(({ sourceId }) => sourceId === arrival.sourceId);
	if (own === undefined || arrival.epoch === sampleEpoch) return false;
	if (own.epoch !== arrival.epoch) return isEarlier(arrival, own);
	return arrival.seq !== null && arrival.seq <= own.seq;
}

/** The earlier owners, once the arrival is taken. A sample has no place that could be remembered, and takes none away. */
function ownersBefore(state: DocState, arrival: Arrival): readonly EarlierOwner[] {
	const isSample = arrival.epoch === sampleEpoch;
	const others = state.earlier.filter(({ sourceId }) => isSample || sourceId !== arrival.sourceId);
	const { sourceId, epoch, epochOrder, seq } = state;
	if (sourceId === arrival.sourceId || epoch === sampleEpoch) return others;
	return [...others, { sourceId, epoch, epochOrder, seq }].slice(-rememberedOwners);
}

import { sampleEpoch } from '../contract/sample-epoch.ts';
import type { Change } from './change.ts';
import {
	type ContentIdentity,
	type DocState,
	isPending,
	type PriorityRank,
	versionOf,
	waitingJob,
	type Wanted,
} from './doc-state.ts';

/** Acceptance: what an arriving change does to its document, see doc-state.ts. */

/** A change as it meets the document. */
export type Arrival = Omit<Wanted, 'acceptedAt'> &
	Pick<DocState, 'sourceId' | 'epoch' | 'epochRank'> &
	Pick<Change, 'seq' | 'takeOver' | 'windowMs' | 'maxWaitMs'>;

export type AcceptDecision =
	| { readonly kind: 'owned' }
	/** `isSuperseded`: the document is of a newer epoch of the same source. */
	| { readonly kind: 'stale'; readonly version: number; readonly isSuperseded: boolean }
	| {
			readonly kind: 'unchanged';
			readonly state: DocState;
			readonly follows: string | null;
			readonly superseded: string | null;
	  }
	| { readonly kind: 'accepted'; readonly state: DocState; readonly superseded: string | null };

/** A deleted document that nobody is about to bring back belongs to nobody: any source may create it anew. */
const isFree = (state: DocState): boolean =>
	state.wanted.op === 'delete' && !isPending(state) && state.lease === null;

const sameContent = (a: ContentIdentity, b: ContentIdentity): boolean =>
	a.op === b.op &&
	(a.op === 'delete' || (a.sha256 === b.sha256 && a.meta === b.meta && a.fingerprint === b.fingerprint));

/** What the index holds for the document when it has no orphan points: the published content, or nothing. */
const isPublished = (state: DocState, content: ContentIdentity): boolean =>
	state.published === null ? content.op === 'delete' : sameContent(state.published, content);

/**
 * Whether the arrival is what its number was given to. A version names one content: a file that was read again
 * and has moved on since comes under a number of its own. Another pipeline may take the same bytes anew, with
 * the fields that it reads from them.
 */
const isRepetition = (wanted: Wanted, arrival: Arrival): boolean =>
	arrival.op === wanted.op &&
	arrival.sha256 === wanted.sha256 &&
	(arrival.meta === wanted.meta || arrival.fingerprint !== wanted.fingerprint);

/** Epochs of one source in their order; the store ranks them as it first sees them, samples at any time. */
const orderOf = ({ epoch, epochRank }: Pick<DocState, 'epoch' | 'epochRank'>): number =>
	epoch === sampleEpoch ? 0 : epochRank;

export const isEarlier = (
	state: Pick<DocState, 'epoch' | 'epochRank'>,
	of: Pick<DocState, 'epoch' | 'epochRank'>,
): boolean => orderOf(state) < orderOf(of);

/** Whether a source that tells of all that it has, from `belowSeq` of its epoch on, has not told of the document. */
export const isToldBefore = (
	state: Pick<DocState, 'epoch' | 'epochRank' | 'seq'>,
	round: Pick<DocState, 'epoch' | 'epochRank'> & { readonly belowSeq: number },
): boolean => isEarlier(state, round) || (state.epochRank === round.epochRank && state.seq < round.belowSeq);

/** Where the arrival stands in the document's order, or why it has no place. */
function place(
	state: DocState | null,
	arrival: Arrival,
): { readonly rank: number; readonly seq: number } | Extract<AcceptDecision, { kind: 'owned' | 'stale' }> {
	// A sample has no number of its own: an edited file may be tried again.
	const seq = arrival.epoch === sampleEpoch ? null : arrival.seq;
	if (state === null) return { rank: arrival.epochRank, seq: seq ?? 1 };
	const sameOwner = state.sourceId === arrival.sourceId;
	if (!sameOwner && !arrival.takeOver && !isFree(state)) return { kind: 'owned' };
	if (sameOwner && state.epoch === arrival.epoch) {
		const isLate = seq !== null && seq < state.seq;
		if (isLate || (seq === state.seq && !isRepetition(state.wanted, arrival))) {
			return { kind: 'stale', version: versionOf(state), isSuperseded: false };
		}
		return { rank: state.rank, seq: seq ?? state.seq + 1 };
	}
	if (sameOwner && isEarlier(arrival, state)) {
		// Whoever tries out a sample beside what is published has not lost it to anybody.
		return { kind: 'stale', version: versionOf(state), isSuperseded: arrival.epoch !== sampleEpoch };
	}
	// Another epoch or another owner begins above everything the document has seen.
	return { rank: Math.max(arrival.epochRank, state.rank + 1), seq: seq ?? 1 };
}

/**
 * What an arriving change does. "Unchanged" is judged against the newest ACCEPTED state, waiting and in
 * flight included: judged against the published one, going back to it would lose the last write.
 */
export function decideAccept(state: DocState | null, arrival: Arrival, now: number): AcceptDecision {
	const spot = place(state, arrival);
	if ('kind' in spot) return spot;
	const { op, sha256, meta, fingerprint, jobId, size, priority } = arrival;
	const wanted: Wanted = { op, sha256, meta, fingerprint, jobId, size, priority, acceptedAt: now };
	const { sourceId, epoch, epochRank } = arrival;
	const identity = { sourceId, epoch, epochRank, ...spot };
	if (state === null) {
		const generation = op === 'delete' ? 0 : 1;
		const fresh: DocState = {
			...identity,
			generation,
			finished: 0,
			wanted,
			failed: false,
			firstAt: now,
			readyAt: now + Math.min(arrival.windowMs, arrival.maxWaitMs),
			attempts: 0,
			lease: null,
			published: null,
			mayHaveOrphans: false,
			movedTo: null,
		};
		// A deletion of what never was: nothing to do, but its version outlives late writes.
		if (generation === 0) return { kind: 'unchanged', state: fresh, follows: null, superseded: null };
		return { kind: 'accepted', state: fresh, superseded: null };
	}
	if (!state.failed && sameContent(state.wanted, arrival)) {
		const higher = Math.min(state.wanted.priority, priority) as PriorityRank;
		const next = { ...state, ...identity, wanted: { ...state.wanted, priority: higher } };
		return {
			kind: 'unchanged',
			state: next,
			follows: isPending(state) || state.lease !== null ? state.wanted.jobId : null,
			superseded: null,
		};
	}
	const superseded = waitingJob(state);
	const next = { ...state, ...identity, wanted, failed: false, attempts: 0, movedTo: null };
	if (state.lease === null && !state.mayHaveOrphans && isPublished(state, arrival)) {
		const generation = state.generation + 1;
		return {
			kind: 'unchanged',
			state: { ...next, generation, finished: generation },
			follows: null,
			superseded,
		};
	}
	const firstAt = superseded === null ? now : state.firstAt;
	return {
		kind: 'accepted',
		state: {
			...next,
			generation: state.generation + 1,
			firstAt,
			readyAt: Math.max(now, Math.min(now + arrival.windowMs, firstAt + arrival.maxWaitMs)),
		},
		superseded,
	};
}

import {
	type ContentIdentity,
	type DocState,
	isPending,
	type PriorityRank,
	waitingJob,
	type Wanted,
} from './doc-state.ts';
import { type Arrival, place, type Rejection } from './place.ts';

/** Acceptance: what an arriving change does to its document, see doc-state.ts. */

export type AcceptDecision =
	| Rejection
	| {
			readonly kind: 'unchanged';
			readonly state: DocState;
			readonly follows: string | null;
			readonly superseded: string | null;
	  }
	| { readonly kind: 'accepted'; readonly state: DocState; readonly superseded: string | null };

const sameContent = (a: ContentIdentity, b: ContentIdentity): boolean =>
	a.op === b.op &&
	(a.op === 'delete' || (a.sha256 === b.sha256 && a.meta === b.meta && a.fingerprint === b.fingerprint));

/**
 * What the index holds for the document when it has no orphan points: the published content, or nothing. An attempt that
 * was given up has left nobody knows what on the points of a content without a fingerprint (lease-life.ts).
 */
const isPublished = (state: DocState, content: ContentIdentity): boolean =>
	state.published === null
		? content.op === 'delete'
		: state.published.fingerprint !== '' && sameContent(state.published, content);

/**
 * What an arriving change does. "Unchanged" is judged against the newest ACCEPTED state, waiting and in
 * flight included: judged against the published one, going back to it would lose the last write.
 */
export function decideAccept(state: DocState | null, arrival: Arrival, now: number): AcceptDecision {
	const spot = place(state, arrival);
	if ('kind' in spot) return spot;
	const { op, sha256, meta, fingerprint, jobId, size, priority } = arrival;
	const wanted: Wanted = { op, sha256, meta, fingerprint, jobId, size, priority, acceptedAt: now };
	const { sourceId, epoch, epochOrder } = arrival;
	const identity = { sourceId, epoch, epochOrder, ...spot };
	if (state === null) return decideFirst(arrival, identity, wanted);
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

/** Of a document that nobody has told of. */
function decideFirst(
	{ windowMs, maxWaitMs }: Arrival,
	identity: Pick<DocState, 'sourceId' | 'epoch' | 'epochOrder' | 'rank' | 'seq' | 'earlier'>,
	wanted: Wanted,
): AcceptDecision {
	const generation = wanted.op === 'delete' ? 0 : 1;
	const now = wanted.acceptedAt;
	const state: DocState = {
		...identity,
		generation,
		finished: 0,
		wanted,
		failed: false,
		firstAt: now,
		readyAt: now + Math.min(windowMs, maxWaitMs),
		attempts: 0,
		lease: null,
		published: null,
		mayHaveOrphans: false,
		movedTo: null,
	};
	// A deletion of what never was: nothing to do, but its version outlives late writes.
	if (generation === 0) return { kind: 'unchanged', state, follows: null, superseded: null };
	return { kind: 'accepted', state, superseded: null };
}

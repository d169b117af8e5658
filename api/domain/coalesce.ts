/**
 * The life of one document, as pure transitions: what an arriving change does to what is wanted, how a lease
 * is taken and lost, and how a generation finishes. Every doc-store adapter stores `DocState` and moves it
 * with these functions and no others, so that the rules stand in one place; test/pipeline/protocol.test.ts
 * walks through every order and every crash with them.
 *
 * Invariants:
 *  - `generation` grows with each change that must be worked on; the document waits for work exactly when
 *    `generation > finished`, and is being worked on exactly when `lease` is set.
 *  - (rank, seq) of a document never goes down, and names one content: a late change is `stale`, whatever it
 *    holds, and so is another content under a number that was taken.
 *  - Work is always done for the newest generation at claim time; a change accepted during a lease is the
 *    next generation.
 *  - `mayHaveOrphans` is true from the intent until the commit or the dead letter: the index may hold more than the
 *    manifest.
 *  - `movedTo` is set only while a deletion is wanted, and says what it waits for (move-wait.ts).
 */

import { sampleEpoch } from '../contract/sample-epoch.ts';
import type { Change } from './change.ts';
import { classOf } from './fair-share.ts';
import type { WorkClass } from './queue-key.ts';

/** A set of values that make two states of a document the same. */
export interface ContentIdentity {
	readonly op: 'put' | 'delete';
	/** Of the bytes; '' for a delete. */
	readonly sha256: string;
	/** Canonical JSON of the document's own fields; '' for a delete. */
	readonly meta: string;
	/** Of extractors, chunker settings and model; '' for a delete. */
	readonly fingerprint: string;
}

export interface Wanted extends ContentIdentity {
	readonly jobId: string;
	readonly size: number;
	readonly priority: PriorityRank;
	readonly acceptedAt: number;
}

/** 0 high, 1 normal, 2 low. */
export type PriorityRank = 0 | 1 | 2;

export interface LeaseState {
	readonly token: number;
	readonly generation: number;
	readonly jobId: string;
	readonly version: number;
	readonly until: number;
	readonly content: ContentIdentity;
	readonly size: number;
}

export interface Published extends ContentIdentity {
	readonly version: number;
	readonly jobId: string;
	readonly at: number;
	/** As its points show it; null where they have none, or were published before it was kept. */
	readonly title: string | null;
	readonly chunks: number;
	readonly size: number;
}

/** The generation of a document by which the content of another one, which was moved there, is in the index. */
export interface Successor {
	/** Key of its row. */
	readonly doc: number;
	readonly generation: number;
}

export interface DocState {
	/** Source and epoch of the newest accepted change, and the order in which the store first saw that epoch. */
	readonly sourceId: string;
	readonly epoch: string;
	readonly epochRank: number;
	/** At least `epochRank`; higher where an earlier owner's versions were. */
	readonly rank: number;
	readonly seq: number;
	readonly generation: number;
	readonly finished: number;
	/** The newest accepted change. */
	readonly wanted: Wanted;
	/** The newest generation was given up; its body waits for an explicit retry. */
	readonly failed: boolean;
	/** When the oldest change in the present window arrived. */
	readonly firstAt: number;
	readonly readyAt: number;
	readonly attempts: number;
	readonly lease: LeaseState | null;
	readonly published: Published | null;
	readonly mayHaveOrphans: boolean;
	/** Where the content has gone and is not in yet: until then this document's points stay. */
	readonly movedTo: Successor | null;
}

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

const rankSize = 2 ** 32;

/** One integer that grows with every accepted change of a document: rank x 2^32 + seq. Exact up to rank 2^21. */
export function versionOf(state: { readonly rank: number; readonly seq: number }): number {
	return state.rank * rankSize + state.seq;
}

export const isPending = (state: DocState): boolean => state.generation > state.finished;

/** A deleted document that nobody is about to bring back belongs to nobody: any source may create it anew. */
const isFree = (state: DocState): boolean =>
	state.wanted.op === 'delete' && !isPending(state) && state.lease === null;

const sameContent = (a: ContentIdentity, b: ContentIdentity): boolean =>
	a.op === b.op &&
	(a.op === 'delete' || (a.sha256 === b.sha256 && a.meta === b.meta && a.fingerprint === b.fingerprint));

/** What the index holds for the document when it has no orphan points: the published content, or nothing. */
const isPublished = (state: DocState, content: ContentIdentity): boolean =>
	state.published === null ? content.op === 'delete' : sameContent(state.published, content);

/** The job that waits and that no worker has a lease on; a newer change supersedes it. */
function waitingJob(state: DocState): string | null {
	if (!isPending(state)) return null;
	return state.lease !== null && state.lease.generation === state.generation ? null : state.wanted.jobId;
}

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

/** By so much a change of high priority goes before the normal ones of its tenant, ms. */
export const highLead = 250;

/**
 * The order in which a tenant's documents of one class are claimed: by the time they became ready. Because the
 * lead of the high ones is a time, whatever waits grows older than every later arrival.
 */
export function dueAt(state: DocState): number {
	return state.readyAt + (state.wanted.priority === 0 ? 0 : highLead);
}

/** The queue in which the document waits, beside its tenant. */
export const queueClass = (state: DocState): WorkClass => classOf(state.wanted.priority, state.attempts);

/** May be claimed: waits for no other document, its window is over, and no live lease holds it. */
export function isClaimable(state: DocState, now: number): boolean {
	const isReady = isPending(state) && state.movedTo === null && state.readyAt <= now;
	return isReady && (state.lease === null || state.lease.until <= now);
}

/**
 * Takes the lease on the newest generation. `abandoned` is the receipt of an expired lease on an older
 * generation: its work is lost and its place is taken by the newest one.
 */
export function takeLease(
	state: DocState,
	token: number,
	until: number,
): { readonly state: DocState; readonly abandoned: string | null } {
	const lost = state.lease;
	const { op, sha256, meta, fingerprint, size, jobId } = state.wanted;
	return {
		state: {
			...state,
			lease: {
				token,
				generation: state.generation,
				jobId,
				version: versionOf(state),
				until,
				content: { op, sha256, meta, fingerprint },
				size,
			},
		},
		abandoned: lost !== null && lost.generation < state.generation ? lost.jobId : null,
	};
}

export const holdsLease = (state: DocState, token: number): boolean =>
	state.lease !== null && state.lease.token === token;

/** Before the first request that writes: from now on the index may hold more than the manifest. */
export function recordIntent(state: DocState): DocState {
	return { ...state, mayHaveOrphans: true };
}

/** The index holds exactly the leased generation: it is finished. */
export function commitLeased(
	state: DocState,
	chunks: number,
	now: number,
	title: string | null = null,
): DocState {
	const leased = state.lease;
	if (leased === null) throw new Error('commit without a lease');
	const { content, version, jobId, size } = leased;
	const isLatest = leased.generation === state.generation;
	return {
		...state,
		// A deletion behind it may have been given up meanwhile (move-wait.ts), and is finished as well.
		finished: Math.max(state.finished, leased.generation),
		attempts: isLatest ? 0 : state.attempts,
		failed: state.failed && !isLatest,
		lease: null,
		mayHaveOrphans: false,
		published: content.op === 'delete' ? null : { ...content, version, jobId, at: now, title, chunks, size },
	};
}

/** Gives the lease back. `superseded` is the leased receipt when a newer change already waits in its place. */
export function releaseLease(
	state: DocState,
	retryAt: number,
	counted: boolean,
): { readonly state: DocState; readonly superseded: string | null } {
	const leased = state.lease;
	if (leased === null) throw new Error('release without a lease');
	if (leased.generation < state.generation)
		return { state: { ...state, lease: null }, superseded: leased.jobId };
	const readyAt = state.movedTo === null ? retryAt : state.readyAt;
	return {
		state: { ...state, lease: null, readyAt, attempts: state.attempts + (counted ? 1 : 0) },
		superseded: null,
	};
}

/**
 * Gives the leased generation up. A newer change that waits is not touched.
 *
 * An attempt that had begun to write may have left its fields and its order on points that stay. So what is published
 * counts as no pipeline's any more: the next change rewrites every point, and the same content again is work.
 */
export function deadLetterLeased(state: DocState): DocState {
	const leased = state.lease;
	if (leased === null) throw new Error('dead letter without a lease');
	const published =
		state.mayHaveOrphans && state.published !== null
			? { ...state.published, fingerprint: '' }
			: state.published;
	const rest = { ...state, lease: null, mayHaveOrphans: false, published };
	if (leased.generation < state.generation) return rest;
	return { ...rest, finished: leased.generation, failed: true };
}

/** Withdraws the waiting change, or null where it cannot be: it is worked on, partly in the index, or done. */
export function cancelWaiting(state: DocState, jobId: string): DocState | null {
	if (waitingJob(state) !== jobId || state.mayHaveOrphans || state.lease !== null) return null;
	const { published } = state;
	// What an attempt that was given up left on its points is there until a change rewrites all of their fields.
	if (published?.fingerprint === '') return null;
	const wanted: Wanted =
		published === null
			? { ...state.wanted, op: 'delete', sha256: '', meta: '', fingerprint: '', size: 0 }
			: { ...state.wanted, ...published, jobId: published.jobId };
	return { ...state, finished: state.generation, wanted, attempts: 0, movedTo: null };
}

/** Makes a failed change wait again, or null where it is not failed. */
export function retryFailed(state: DocState, jobId: string, now: number): DocState | null {
	if (!state.failed || state.wanted.jobId !== jobId) return null;
	return {
		...state,
		failed: false,
		finished: state.generation - 1,
		attempts: 0,
		firstAt: now,
		readyAt: now,
		movedTo: null,
	};
}

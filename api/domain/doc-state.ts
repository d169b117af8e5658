/**
 * The life of one document. Every doc-store adapter stores `DocState` and moves it with the pure transitions of
 * coalesce.ts and place.ts (what an arriving change does to what is wanted), lease-life.ts (how a lease is taken and lost, and how
 * a generation finishes), waiting-change.ts and move-wait.ts, and with no others, so that the rules stand in one
 * place; test/pipeline/protocol.test.ts walks through every order and every crash with them.
 *
 * Invariants:
 *  - `generation` grows with each change that must be worked on; the document waits for work exactly when
 *    `generation > finished`, and is being worked on exactly when `lease` is set.
 *  - (rank, seq) of a document never goes down, and names one content: a late change is `stale`, whatever it
 *    holds and whoever owns the document by now, and so is another content under a number that was taken.
 *  - Work is always done for the newest generation at claim time; a change accepted during a lease is the
 *    next generation.
 *  - `mayHaveOrphans` is true from the intent until the commit or the dead letter: the index may hold more than the
 *    manifest.
 *  - `movedTo` is set only while a deletion is wanted, and says what it waits for (move-wait.ts).
 */

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

/** A source that the document was taken from, or left by, and how far it had come. */
export type EarlierOwner = Pick<DocState, 'sourceId' | 'epoch' | 'epochOrder' | 'seq'>;

export interface DocState {
	/** Source and epoch of the newest accepted change, and the place of that epoch among its source's (epoch-order.ts). */
	readonly sourceId: string;
	readonly epoch: string;
	readonly epochOrder: number;
	/** The document's own count of owners and epochs, from 1. */
	readonly rank: number;
	readonly seq: number;
	/** Who owned it before: the last few, newest last, a source once. */
	readonly earlier: readonly EarlierOwner[];
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

const rankSize = 2 ** 32;

/** One integer that grows with every accepted change of a document: rank x 2^32 + seq. Exact up to `maxRank` of place.ts. */
export function versionOf(state: { readonly rank: number; readonly seq: number }): number {
	return state.rank * rankSize + state.seq;
}

export const isPending = (state: Pick<DocState, 'generation' | 'finished'>): boolean =>
	state.generation > state.finished;

/** The job that waits and that no worker has a lease on; a newer change supersedes it. */
export function waitingJob(state: DocState): string | null {
	if (!isPending(state)) return null;
	return state.lease !== null && state.lease.generation === state.generation ? null : state.wanted.jobId;
}

/** By so much a change of high priority goes before the normal ones of its tenant, ms. */
export const highLead = 250;

/**
 * The order in which a tenant's documents of one class are claimed: by the time they became ready. Because the
 * lead of the high ones is a time, whatever waits grows older than every later arrival.
 */
export function dueAt(state: Pick<DocState, 'readyAt' | 'wanted'>): number {
	return state.readyAt + (state.wanted.priority === 0 ? 0 : highLead);
}

/** The queue in which the document waits, beside its tenant. */
export const queueClass = (state: Pick<DocState, 'wanted' | 'attempts'>): WorkClass =>
	classOf(state.wanted.priority, state.attempts);

/** May be claimed: waits for no other document, its window is over, and no live lease holds it. */
export function isClaimable(state: DocState, now: number): boolean {
	const isReady = isPending(state) && state.movedTo === null && state.readyAt <= now;
	return isReady && (state.lease === null || state.lease.until <= now);
}

/** What the worker hands to the lane of a tenant, and what it is told back; publish/ has the lanes. */
import type { Claimed } from '../../ports/index.ts';
import type { LargePrepared } from './prepare-large.ts';
import type { Prepared } from './prepare.ts';

export interface LaneItem {
	readonly prepared: Prepared;
	/** Points that will be written or removed. */
	readonly points: number;
	readonly bytes: number;
	/** When it became ready, monotonic ms. */
	readonly readyAt: number;
	readonly prepareMs: number;
	readonly waitMs: number;
}

export interface Lane {
	add(item: LaneItem): void;
	/** A document that cannot be prepared: its orphan points are removed, then it is a dead letter. */
	deadLetter(claimed: Claimed, error: unknown): void;
	/** A document that is written slice by slice, between the others' batches. */
	addLarge(large: LargeItem): void;
	/** Something outside changed: fewer documents are on their way. */
	nudge(): void;
}

export interface LargeItem {
	readonly prepared: LargePrepared;
	readonly prepareMs: number;
	readonly waitMs: number;
}

export interface LaneHooks {
	/** Whether more documents of the tenant are being prepared. */
	readonly isMoreComing: () => boolean;
	/** The lane has taken another document of its tenant on. */
	readonly onTaken: (claimed: Claimed) => void;
	/** The document left the lane, in whatever way. */
	readonly onDone: (claimed: Claimed) => void;
}

export type OpenLane = (tenant: string, hooks: LaneHooks) => Lane;

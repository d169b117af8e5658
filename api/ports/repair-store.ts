import type { ManifestChunk, StoredEntry } from '../domain/index.ts';
import type { DocKey, PublishedState } from './work-claims.ts';

/** A document that somebody repairs in the index; meanwhile nobody else is given it. */
export interface RepairTarget {
	/** Null: the store does not know it. */
	readonly doc: DocKey | null;
	/** Of the newest accepted change; 0 where the document is not known. */
	readonly version: number;
	readonly published: PublishedState | null;
	/** An attempt has begun to write and did not finish: the next one writes every point whole. */
	readonly isInterrupted: boolean;
}

/** What the index must hold of one tenant, at least and at most: what is under way may be there or not. */
export interface PointTally {
	readonly tenant: string;
	readonly least: number;
	readonly most: number;
	/**
	 * How far the two have moved in this process, all in all. Between two tallies the number of points was never below
	 * the `least`, nor above the `most`, of the first one by more than this has grown.
	 */
	readonly moved: number;
	/** Its document published last, unless something is under way on it or nobody knows which it is. */
	readonly latest: {
		readonly docId: string;
		readonly version: number;
		readonly chunks: number;
		/** Store time. */
		readonly at: number;
	} | null;
}

/**
 * For index-check.ts alone: what an index that lost something is verified against, and repaired from.
 *
 *  M1. From `hold` to `endHold` no change of the document is claimed; changes are accepted as ever. Where a lease is
 *      on it, `hold` is null and the next `hold` after the lease has ended succeeds; `endHold` is owed all the same.
 *  M2. Holds do not outlive the process.
 *  M3. A marker is durable, and changes nothing else.
 *  M4. A tally costs the same however many documents a tenant has: it is counted as they move.
 */
export interface RepairStore {
	/** Of these tenants, in their order, all at one moment. */
	tally(tenants: readonly string[]): Promise<PointTally[]>;
	hold(tenant: string, docId: string): Promise<RepairTarget | null>;
	endHold(tenant: string, docId: string): Promise<void>;
	/**
	 * Manifest entries (certain) and orphans of a document by point id, from above `after` (null: the first). Who waits
	 * for nothing to change in between holds the document.
	 */
	entriesOf(doc: DocKey, after: string | null, limit: number): Promise<StoredEntry[]>;
	/** The chunks of these points, in no order; what is not in the manifest is left out. */
	texts(doc: DocKey, pointIds: readonly string[]): Promise<ManifestChunk[]>;
	marker(name: string): Promise<string | null>;
	/** Null forgets it. */
	setMarker(name: string, value: string | null): Promise<void>;
}

import type { ManifestChunk, ManifestEntry } from '../domain/index.ts';
import type { DocKey, PublishedState } from './work-claims.ts';

/** A document that somebody repairs in the index; meanwhile nobody else is given it. */
export interface RepairTarget {
	/** Null: the store does not know it. */
	readonly doc: DocKey | null;
	/** Of the newest accepted change; 0 where the document is not known. */
	readonly version: number;
	readonly published: PublishedState | null;
	/** In order; what the index must hold. */
	readonly manifest: readonly ManifestEntry[];
	/** Point ids that may be there beyond these; the next generation sees to them. */
	readonly orphans: readonly string[];
	/** An attempt has begun to write and did not finish: the next one writes every point whole. */
	readonly isInterrupted: boolean;
}

/** What the index must hold of one tenant, at least and at most: what is under way may be there or not. */
export interface PointTally {
	readonly tenant: string;
	readonly least: number;
	readonly most: number;
	/** Its document published last, unless something is under way on it. */
	readonly latest: { readonly docId: string; readonly at: number } | null;
}

/**
 * For index-check.ts alone: what an index that lost something is verified against, and repaired from.
 *
 *  M1. From `hold` to `endHold` no change of the document is claimed; changes are accepted as ever. Where a lease is
 *      on it, `hold` is null and the next `hold` after the lease has ended succeeds; `endHold` is owed all the same.
 *  M2. Holds do not outlive the process.
 *  M3. A marker is durable, and changes nothing else.
 */
export interface RepairStore {
	/** Over documents by key from above `after` (0: all), at most `limit` of them; `last` null at the end. */
	tally(request: {
		readonly after: DocKey;
		readonly limit: number;
	}): Promise<{ readonly tenants: readonly PointTally[]; readonly last: DocKey | null }>;
	hold(tenant: string, docId: string): Promise<RepairTarget | null>;
	endHold(tenant: string, docId: string): Promise<void>;
	/** The chunks of these points, in no order; what is not in the manifest is left out. */
	texts(doc: DocKey, pointIds: readonly string[]): Promise<ManifestChunk[]>;
	marker(name: string): Promise<string | null>;
	/** Null forgets it. */
	setMarker(name: string, value: string | null): Promise<void>;
}

import type {
	Failure,
	ManifestChunk,
	ManifestEntry,
	Published,
	QueueUsage,
	WorkClass,
} from '../domain/index.ts';
import type { Priority } from '../contract/job-schema.ts';

/** Names one document's row for the life of the store. */
export type DocKey = number;

export interface Lease {
	readonly doc: DocKey;
	readonly token: number;
	readonly generation: number;
}

export interface Claimed {
	readonly lease: Lease;
	readonly tenant: string;
	readonly docId: string;
	readonly jobId: string;
	readonly op: 'put' | 'delete';
	readonly version: number;
	readonly priority: Priority;
	readonly class: WorkClass;
	readonly meta: string;
	readonly fingerprint: string;
	/**
	 * Null for a delete, and for a put that only changes the metadata of what is published. `file` is absolute and stays
	 * until the lease ends.
	 */
	readonly content: {
		readonly sha256: string;
		readonly size: number;
		readonly body: Uint8Array | { readonly file: string };
	} | null;
	/** Counted failures of this generation so far. */
	readonly attempts: number;
	readonly acceptedAt: number;
	readonly published: PublishedState | null;
	/** In order; what is certainly in the index, as it was published. */
	readonly manifest: readonly ManifestEntry[];
	/** Point ids that may be in the index beyond these. */
	readonly orphans: readonly string[];
	/** Documents whose content has been moved here and whose deletion waits for this. */
	readonly moveSources: readonly MoveSource[];
	/** There are so many of both that they are left out here; `entries` reads them. */
	readonly isPaged: boolean;
	/** An attempt has begun to write and did not finish: it may have left its fields and its order on points that stay. */
	readonly isInterrupted: boolean;
}

/** A published document that waits for its successor. */
export interface MoveSource {
	readonly doc: DocKey;
	readonly tenant: string;
	readonly docId: string;
	/** Of what is published. */
	readonly fingerprint: string;
}

/** What a document has in the index; of a deleted one there is none. */
export type PublishedState = Omit<Published, 'op'>;

export interface ClaimRequest {
	readonly now: number;
	readonly limit: number;
	/** Stops after the document that reaches this many bytes; the first one is always taken. */
	readonly maxBytes: number;
	readonly leaseMs: number;
	/** Only deletions of these, whatever else is due. */
	readonly onlyDeletionsOf?: readonly DocKey[];
	/** What the caller works on: of each queue key it takes no more than domain/capacity.ts lets grow. Absent: no bound. */
	readonly inWork?: readonly QueueUsage[];
	/** False: no document that is larger than `maxBytes`, nor what waits behind it in its queue. Default true. */
	readonly mayExceed?: boolean;
	/** Of documents that wait as large (domain/large-work.ts), at most so many. Absent: no bound. */
	readonly mostLarge?: number;
}

export interface Intent {
	readonly lease: Lease;
	/** Chunks that are about to enter the index. */
	readonly added: readonly ManifestChunk[];
	/** Manifest entries that are about to be rewritten or removed: from now on nobody can count on them. */
	readonly uncertain: readonly string[];
}

/** What an attempt may have left in the index, or taken from it. */
export interface OrphanPoints {
	/** Never published. */
	readonly fresh: readonly string[];
	/** Published, but perhaps gone or rewritten. */
	readonly uncertain: readonly string[];
}

export interface Commit {
	readonly lease: Lease;
	/**
	 * The whole manifest, in order; empty for a delete or an empty document. `intended`: everything that was ever
	 * intended for the document and not forgotten.
	 */
	readonly manifest: readonly ManifestEntry[] | 'intended';
	/** Of the points, where they have one: it cannot be read from the manifest's texts. */
	readonly title?: string | null;
	/** For the job: what was done. */
	readonly detail: JobDetail;
}

/** A lease that is given back. */
export interface Release {
	readonly lease: Lease;
	/** The document waits until then. */
	readonly retryAt: number;
	/** The failure adds to the attempts. */
	readonly counted: boolean;
	readonly error: Failure | null;
}

/**
 * A change that is given up. The caller has removed the fresh orphan points from the index, and has looked which of
 * the uncertain ones are `present`: those are certain again, the others leave the manifest.
 */
export interface DeadLetter {
	readonly lease: Lease;
	readonly error: Failure;
	readonly present: readonly string[];
}

/** What a job says of the work that was done for it. */
export interface JobDetail {
	readonly added?: number;
	readonly kept?: number;
	readonly removed?: number;
	readonly embedded?: number;
	/** Vectors taken over from the name that the document had. */
	readonly reused?: number;
	/** Why the bulk write that carried it was closed. */
	readonly closedBy?: string;
	/** Milliseconds: from accept to claim, of preparation, of the bulk write. */
	readonly waitMs?: number;
	readonly prepareMs?: number;
	readonly publishMs?: number;
	/** What of the document could not be read, a sentence each; absent where there is nothing. */
	readonly warnings?: readonly string[];
}

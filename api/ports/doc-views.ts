import type { DocKey, JobDetail, PublishedState } from './work-claims.ts';
import type { Change, Failure, Filter, ManifestEntry } from '../domain/index.ts';
import type { JobState } from '../contract/job-schema.ts';

export interface Job {
	readonly jobId: string;
	readonly tenant: string;
	readonly docId: string;
	readonly op: Change['op'];
	readonly state: JobState;
	readonly version: number;
	readonly acceptedAt: number;
	readonly updatedAt: number;
	readonly attempts: number;
	readonly supersededBy: string | null;
	readonly error: Failure | null;
	readonly detail: JobDetail | null;
	/** Credits that it was charged and that were not given back. */
	readonly charged: number;
	/** Refused at ingress: nothing of it was kept, so that there is nothing to try again. */
	readonly refused: boolean;
}

export interface JobFilter {
	readonly tenant?: string;
	readonly docId?: string;
	readonly state?: JobState;
	/** Job id after which (in descending order, newest first) the page begins. */
	readonly after?: string;
	readonly limit: number;
}

export interface DocumentState {
	readonly tenant: string;
	readonly docId: string;
	readonly sourceId: string;
	/** What people know the source by; null: it did not say. */
	readonly sourceName: string | null;
	readonly version: number;
	/** Of the newest accepted change. */
	readonly state: 'published' | 'deleted' | 'accepted' | 'processing' | 'retrying' | 'failed';
	readonly jobId: string;
	readonly meta: string;
	readonly acceptedAt: number;
	readonly readyAt: number;
	readonly attempts: number;
	readonly error: Failure | null;
	readonly published: PublishedState | null;
	/** Points that may be in the index beyond the manifest. */
	readonly orphans: number;
}

export interface DocumentFilter {
	readonly tenant: string;
	readonly prefix?: string;
	readonly state?: DocumentState['state'];
	/** By what was sent with the newest accepted change, and what the index shows of the document. */
	readonly filter?: Filter;
	/** docId after which the page begins. */
	readonly after?: string;
	readonly limit: number;
}

/** Of a document's chunks, in their order. */
export interface ChunkPage {
	/** The last chunk of the page before; null: from the first on. */
	readonly after: Pick<ManifestEntry, 'order' | 'pointId'> | null;
	readonly limit: number;
	/** The chunks before that one instead, the nearest first. */
	readonly isBackwards?: boolean;
}

export interface StoreStats {
	readonly documents: number;
	readonly pending: number;
	/** Contents of what waits or is worked on. */
	readonly pendingBytes: number;
	/** Contents that dead letters keep for a retry. */
	readonly failedBytes: number;
	readonly leased: number;
	readonly failed: number;
	readonly chunks: number;
	/** Store time of the oldest change that waits; null when none does. */
	readonly oldestPendingAt: number | null;
	/** Of all tenants: those with a limit, and those of them with nothing left; `granted` and `left` are of these alone. */
	readonly credits: Readonly<
		Record<'tenants' | 'exhausted' | 'granted' | 'spent' | 'refunded' | 'left', number>
	>;
	/** Changes by final or present state since the store was made. */
	readonly jobs: Readonly<Partial<Record<JobState, number>>>;
}

/** Changes that were refused at the door, and after which nothing of their document was taken. */
export interface StandingRefusals {
	readonly count: number;
	readonly newest: Job | null;
}

/** Of one tenant's documents, or of everybody's. */
export interface Progress {
	/** That are wanted, or whose deletion is not done. */
	readonly documents: number;
	readonly pending: number;
	readonly failed: number;
	/** Changes that were published or deleted, and that were given up, in the last `latelyMs`. */
	readonly doneLately: number;
	readonly failedLately: number;
	/** A minute, or less where the first of them is younger; at least 5 s. */
	readonly latelyMs: number;
}

export interface SourcePage {
	readonly sourceId: string;
	readonly epoch: string;
	/** Changes of this epoch below it are earlier, too. */
	readonly belowSeq?: number;
	readonly after: DocKey;
	readonly limit: number;
}

export interface SourceDocument {
	readonly doc: DocKey;
	readonly tenant: string;
	readonly docId: string;
	/** Its newest change came in an epoch before the one asked about, or in that one below `belowSeq`. */
	readonly isEarlier: boolean;
}

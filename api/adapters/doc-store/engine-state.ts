import type { LeaseState } from '../../domain/index.ts';
import type { DocKey } from '../../ports/index.ts';
import type { Credits } from './credit-ledger.ts';
import type { PointTallies } from './point-tallies.ts';
import type { ProgressCounts } from './progress-counts.ts';
import type { Queues } from './queues.ts';
import type { Counts, Tables } from './tables.ts';

export interface BlobFiles {
	/** Absolute path of a blob. */
	path(blob: string): string;
	remove(blob: string): void;
}

/** In memory only: a lease is void after a restart anyway, and so a claim writes nothing. */
export interface Leases {
	readonly byDoc: Map<DocKey, LeaseState>;
	/** Blobs of leased generations whose row has moved on; they go with the lease. */
	readonly pinnedBlobs: Map<DocKey, string>;
	nextToken: number;
}

/** What the running transaction has to do at its end. */
export interface OpenTransaction {
	/** Where it is undone: what takes memory back to where the rows are. */
	undoSteps: (() => void)[];
	/** Where it is durable: blobs whose last row is gone. */
	doomedBlobs: string[];
	/** Steps alone do not lead back from there. */
	wasRecounted: boolean;
}

/** In step with the rows: counting them at every refusal would make a flood of refusals dear. */
export interface RefusalCounts {
	byTenant: Map<string, number>;
	total: number;
}

/** What the engine's calls work on: the rows, and what is known of them in memory, an object for each concern. */
export interface EngineState {
	readonly tables: Tables;
	readonly blobs: BlobFiles;
	readonly transaction: OpenTransaction;
	readonly leases: Leases;
	/** Names of the documents that a repair keeps from being claimed. */
	readonly holds: Set<string>;
	/** Kept in step with the rows, so that bounds and statistics cost nothing. */
	readonly counts: Counts;
	/** Of contents that dead letters keep. */
	readonly maxFailedBytes: number;
	readonly refusals: RefusalCounts;
	readonly queues: Queues;
	readonly progress: ProgressCounts;
	readonly points: PointTallies;
	readonly credits: Credits;
	/** How far the sweep over epochs has come; 0: it starts from the first. */
	readonly sweep: { epochsAfter: number };
}

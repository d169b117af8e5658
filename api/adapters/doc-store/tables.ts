import type {
	DocState,
	Failure,
	Ledger,
	ManifestChunk,
	ManifestEntry,
	StoredEntry,
	WorkClass,
} from '../../domain/index.ts';
import type { DocKey } from '../../ports/work-claims.ts';
import type { DocumentFilter } from '../../ports/doc-views.ts';
import type { JobDetail } from '../../ports/work-claims.ts';
import type { JobState } from '../../contract/job-schema.ts';

/**
 * The rows under a document store, and the few synchronous operations that the engine needs on them. An
 * embedded adapter provides these (SQLite, memory); everything that decides lives in doc-engine.ts and in
 * domain/coalesce.ts. Only doc-engine.ts calls them, always inside `transaction`.
 */

/** Without the lease: leases live in memory, because they must not outlive the process. */
export type DurableState = Omit<DocState, 'lease'>;

export interface DocRow {
	readonly key: DocKey;
	readonly tenant: string;
	readonly docId: string;
	readonly state: DurableState;
	/** Body of the newest accepted change, while it waits, is worked on or is failed. */
	readonly body: number | null;
	/** Newest receipt; with `JobRow.previous` the history of the document. */
	readonly lastJob: string;
	/** A leased receipt whose document was changed meanwhile: settled with the lease, or superseded after a crash. */
	readonly flightJob: string | null;
	/** Why the newest generation failed last. */
	readonly error: Failure | null;
}

export interface JobRow {
	readonly jobId: string;
	/** 0: of a refusal, see refusal-receipts.ts. */
	readonly doc: DocKey;
	readonly op: 'put' | 'delete';
	/** Durable states only: `processing` and `retrying` follow from the document and its lease. */
	readonly state: Exclude<JobState, 'processing' | 'retrying'>;
	readonly version: number;
	readonly acceptedAt: number;
	readonly updatedAt: number;
	readonly attempts: number;
	readonly supersededBy: string | null;
	/** The document's receipt before this one. */
	readonly previous: string | null;
	readonly error: Failure | null;
	readonly detail: JobDetail | null;
	/** Credits that it holds; 0 once they were given back. */
	readonly charged: number;
}

/** Whose receipt a refusal's job row is: the document may never have been. */
export interface RefusalRow {
	readonly jobId: string;
	readonly tenant: string;
	readonly docId: string;
}

/** `lost`: the row is there, and what it refers to is not on the disk (any more). */
export type Body =
	| { readonly kind: 'bytes'; readonly bytes: Uint8Array }
	| { readonly kind: 'blob'; readonly blob: string }
	| { readonly kind: 'lost' };

export interface Tables {
	/** Runs `run` in one durable transaction; an exception undoes all of it. */
	transaction<T>(run: () => T): T;
	/** The rank of a source's epoch: the order in which the store first saw it, from 1. */
	epochRank(sourceId: string, epoch: string): number;
	findDoc(tenant: string, docId: string): DocRow | undefined;
	docByKey(key: DocKey): DocRow | undefined;
	insertDoc(row: Omit<DocRow, 'key'>): DocKey;
	updateDoc(row: DocRow): void;
	removeDoc(key: DocKey): void;
	/** Every tenant's documents: see progress-counts.ts. */
	progress(): { tenant: string; documents: number; pending: number; failed: number }[];
	/** Every tenant and class with waiting documents: how many, and when the first of them is due. */
	queues(): { tenant: string; class: WorkClass; pending: number; due: number }[];
	/** The first `limit` waiting documents of a tenant and class by (dueAt, readyAt, key), leased ones included. */
	waiting(tenant: string, at: WorkClass, limit: number): Waiting[];
	/** Documents whose `movedTo` names this one, by key. */
	moveSourcesOf(successor: DocKey): DocRow[];
	/** Documents with a wanted content whose epoch is one of the source's, by key. */
	docsOfSource(sourceId: string, after: DocKey, limit: number): DocRow[];
	listTenants(after: string, limit: number): string[];
	listDocs(filter: Omit<DocumentFilter, 'state'>): DocRow[];
	insertBody(body: string | Uint8Array | { readonly blob: string }): number;
	body(id: number): Body | undefined;
	/** The name of the blob that the body was, if it was one. */
	removeBody(id: number): string | null;
	/** Moves at most `limit` bodies out of files that hold little else, so that those can go. */
	compactBodies(limit: number): void;
	/** Names of the blobs that some body refers to. */
	blobs(): Set<string>;
	hasBlob(blob: string): boolean;
	insertJob(job: JobRow): void;
	updateJob(job: JobRow): void;
	job(jobId: string): JobRow | undefined;
	/** Newest first, from below `after`. */
	listJobs(after: string | null, state: JobRow['state'] | null, limit: number): JobRow[];
	removeJob(jobId: string): void;
	insertRefusal(row: RefusalRow): void;
	refusal(jobId: string): RefusalRow | undefined;
	/** At most one a document. */
	refusalOf(tenant: string, docId: string): RefusalRow | undefined;
	/** Of the tenant, or of all (null). */
	oldestRefusal(tenant: string | null): RefusalRow | undefined;
	removeRefusal(jobId: string): void;
	/** Refusals by tenant, counted from the rows. */
	refusalCounts(): Map<string, number>;
	/** Whether a document has more chunks than `limit`, of whatever kind. */
	hasMoreEntries(doc: DocKey, limit: number): boolean;
	/** Chunks of whatever kind by point id, from above `after`. */
	entriesPage(doc: DocKey, after: string | null, limit: number): StoredEntry[];
	forget(doc: DocKey, ids: readonly string[]): void;
	reorder(doc: DocKey, entries: readonly Pick<StoredEntry, 'pointId' | 'order'>[]): void;
	countEntries(doc: DocKey): number;
	/** Of them, those that are not of the manifest, or not certain. */
	countUncertain(doc: DocKey): number;
	/** Makes every chunk a certain one, of `limit` from above `after` on, or of all; the last one looked at, or null. */
	tidyEntries(doc: DocKey, after: string | null, limit: number | null): string | null;
	/** Certain manifest lines in order; strays that were never published; lines that became uncertain. */
	entries(doc: DocKey): {
		readonly manifest: ManifestEntry[];
		readonly fresh: string[];
		readonly uncertain: string[];
	};
	/** The published manifest, uncertain lines included; with `isSettled` every chunk is of it. */
	chunks(doc: DocKey, isSettled: boolean): ManifestChunk[];
	/** Of the published manifest, those of these points. */
	chunksOf(doc: DocKey, pointIds: readonly string[]): ManifestChunk[];
	/** Documents by key, from above `after`, for a tally. */
	tallyDocs(after: DocKey, limit: number): TallyRow[];
	marker(name: string): string | null;
	setMarker(name: string, value: string | null): void;
	/** Adds chunks that are not there yet, as strays. */
	addOrphans(doc: DocKey, chunks: readonly ManifestChunk[]): void;
	/** Makes `lines` (all of them there) the manifest and removes every other chunk. */
	setManifest(doc: DocKey, lines: readonly ManifestEntry[]): void;
	/** Makes manifest lines uncertain. */
	markUncertain(doc: DocKey, ids: readonly string[]): void;
	/** Settles uncertain lines that are `present`, removes the other ones and every fresh stray; how many lines remain. */
	keepPresent(doc: DocKey, present: ReadonlySet<string>): number;
	ledgers(): LedgerRow[];
	saveLedger(row: LedgerRow): void;
	/** Counted from the rows; the engine keeps the numbers afterwards. */
	counts(): Counts;
	highestTime(): number;
	/** Settled deletions accepted before `before`, oldest keys first. */
	oldTombstones(before: number, limit: number): DocKey[];
	/**
	 * Looks at the next `limit` receipts by id, and removes the final ones last updated before `before` that are
	 * not their document's newest, refusals with their rows. `last` is where to go on; null at the end.
	 */
	removeOldJobs(
		before: number,
		after: string | null,
		limit: number,
	): { removed: number; last: string | null };
}

export interface Waiting {
	readonly doc: DocKey;
	readonly due: number;
	readonly readyAt: number;
}

export interface LedgerRow extends Ledger {
	readonly tenant: string;
}

export interface TallyRow {
	readonly key: DocKey;
	readonly tenant: string;
	readonly docId: string;
	/** Of the published manifest; 0 where nothing is published. */
	readonly chunks: number;
	/** All lines and strays, where something is under way; else as `chunks`. */
	readonly most: number;
	readonly isUnderWay: boolean;
	readonly publishedAt: number | null;
}

export interface Counts {
	documents: number;
	pending: number;
	pendingBytes: number;
	failed: number;
	chunks: number;
	jobs: Partial<Record<JobState, number>>;
}

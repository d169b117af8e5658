import type {
	DocState,
	Failure,
	CreditBalance,
	ManifestChunk,
	KnownEpoch,
	ManifestEntry,
	Refusal,
	StoredEntry,
	QueueKey,
} from '../../domain/index.ts';
import type { ChunkPage, DocKey, DocumentFilter, DocumentState, Job } from '../../ports/index.ts';
import type { JobState } from '../../contract/job-schema.ts';

/**
 * The rows under a document store, and the few synchronous operations that the engine needs on them. An
 * embedded adapter provides these (SQLite, memory); everything that decides lives in the engine and in
 * the domain (doc-state.ts). Only the engine calls them, always inside `transaction`.
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
	/** Newest job; with `JobRow.previous` the history of the document. */
	readonly lastJob: string;
	/** A leased job whose document was changed meanwhile: it ends with the lease, or is superseded after a crash. */
	readonly flightJob: string | null;
	/** Why the newest generation failed last. */
	readonly error: Failure | null;
}

/** A job without what is the document's; its `attempts` and `error` are those that it ended with. */
export interface JobRow extends Omit<Job, 'docId' | 'state' | 'refused'> {
	/** 0: of a refusal, see refusal-receipts.ts. */
	readonly doc: DocKey;
	/** Durable states only: `processing` and `retrying` follow from the document and its lease. */
	readonly state: Exclude<JobState, 'processing' | 'retrying'>;
	/** The document's job before this one. */
	readonly previous: string | null;
}

/** Whose job a refusal's is: the document may never have been. */
export type RefusalRow = Pick<Refusal, 'jobId' | 'tenant' | 'docId'>;

/** `lost`: the row is there, and what it refers to is not on the disk (any more). */
export type Body =
	| { readonly kind: 'bytes'; readonly bytes: Uint8Array }
	| { readonly kind: 'blob'; readonly blob: string }
	| { readonly kind: 'lost' };

export interface DocsTable {
	findDoc(tenant: string, docId: string): DocRow | undefined;
	docByKey(key: DocKey): DocRow | undefined;
	insertDoc(row: Omit<DocRow, 'key'>): DocKey;
	updateDoc(row: DocRow): void;
	removeDoc(key: DocKey): void;
	/**
	 * Without reading them: makes the document's row and its jobs readable. What of the row is counted stays as it is,
	 * and what is published is no pipeline's any more, so that all of its points are written anew.
	 */
	mendDoc(key: DocKey): void;
	/** Every tenant's documents: see progress-counts.ts. */
	progress(): TenantFigures[];
	/** Every queue with waiting documents: how many, and when the first of them is due. */
	queues(): (QueueName & { readonly pending: number; readonly due: number })[];
	/** The first `limit` documents of a queue by (dueAt, readyAt, key), leased ones included. */
	waiting(queue: QueueName, limit: number): Waiting[];
	/** Documents whose `movedTo` names this one, by key. */
	moveSourcesOf(successor: DocKey): DocRow[];
	/** Documents with a wanted content whose epoch is one of the source's, by key. Costs a look for each of its epochs. */
	docsOfSource(sourceId: string, after: DocKey, limit: number): DocRow[];
	listTenants(after: string, limit: number): string[];
	/** Of a tenant in order of their names, `prefix` included. */
	listDocs(filter: Omit<DocumentFilter, 'state'> & { readonly standing: Standing | null }): DocRow[];
	/** Newest jobs of documents that stand at `retrying`: of a tenant, or of all (null), newest first, from below `below`. */
	retryingJobs(tenant: string | null, below: string | null, limit: number): string[];
	/** The dead letter with a content whose change was accepted first. */
	oldestDeadLetter(): DocRow | undefined;
	/** What the index must hold of every tenant that has something in it, or may have. */
	points(): TenantPoints[];
	/** No time of a document is above `now` any more, but of those that wait for a successor. */
	leaveDocsFuture(now: number): void;
	/** Finished deletions accepted before `before`, oldest first. */
	oldTombstones(before: number, limit: number): DocKey[];
}

export interface BodiesTable {
	insertBody(body: string | Uint8Array | { readonly blob: string }): number;
	body(id: number): Body | undefined;
	/** The name of the blob that the body was, if it was one. */
	removeBody(id: number): string | null;
	/** Moves at most `limit` bodies out of files that hold little else, so that those can go. */
	compactBodies(limit: number): void;
	/** Names of the blobs that some body refers to. */
	blobs(): Set<string>;
	hasBlob(blob: string): boolean;
}

export type EndedAt = Pick<JobRow, 'updatedAt' | 'jobId'>;
export type EndedJob = EndedAt & Pick<JobRow, 'doc' | 'state' | 'previous'>;

export interface JobsTable {
	insertJob(job: JobRow): void;
	updateJob(job: JobRow): void;
	job(jobId: string): JobRow | undefined;
	/** Newest first, from below `below`; null: of any tenant, in any state. */
	listJobs(filter: JobsPage): JobRow[];
	removeJob(jobId: string): void;
	/** Jobs in a final state by (updatedAt, jobId), from above `after` and last updated before `before`. */
	endedJobs(after: EndedAt | null, before: number, limit: number): EndedJob[];
	isNewestJob(doc: DocKey, jobId: string): boolean;
	highestTime(): number;
	leaveJobsFuture(now: number): void;
	insertRefusal(row: RefusalRow): void;
	refusal(jobId: string): RefusalRow | undefined;
	/** At most one a document. */
	refusalOf(tenant: string, docId: string): RefusalRow | undefined;
	/** Of the tenant, or of all (null). */
	oldestRefusal(tenant: string | null): RefusalRow | undefined;
	removeRefusal(jobId: string): void;
	/** Those that nothing followed which was taken of their document; of the tenant, or of all (null). */
	standingRefusals(tenant: string | null): { readonly count: number; readonly newest: string | null };
	/** Refusals by tenant, counted from the rows. */
	refusalCounts(): Map<string, number>;
}

/** Entries of whatever kind: of the manifest and certain, of it and uncertain, or fresh orphans. */
export interface EntriesTable {
	/** Certain entries in order; orphans that were never published; entries that became uncertain. */
	entries(doc: DocKey): {
		readonly manifest: ManifestEntry[];
		readonly fresh: string[];
		readonly uncertain: string[];
	};
	/** By point id, from above `after`. */
	entriesPage(doc: DocKey, after: string | null, limit: number): StoredEntry[];
	/** Whether a document has more of them than `limit`. */
	hasMoreEntries(doc: DocKey, limit: number): boolean;
	countEntries(doc: DocKey): number;
	/** Of them, those that are not of the manifest, or not certain. */
	countUncertain(doc: DocKey): number;
	/** A page of the published manifest, uncertain entries included; with `isTidy` every entry is of it, whatever its mark. */
	chunks(doc: DocKey, isTidy: boolean, page: ChunkPage): ManifestChunk[];
	/** The same without texts, all of it. */
	manifest(doc: DocKey, isTidy: boolean): ManifestEntry[];
	/** Of the published manifest, those of these points; `isTidy` as above. */
	chunksOf(doc: DocKey, isTidy: boolean, pointIds: readonly string[]): ManifestChunk[];
	/** Adds chunks that are not there yet, as fresh orphans; how many. */
	addOrphans(doc: DocKey, chunks: readonly ManifestChunk[]): number;
	/** How many were there. */
	forget(doc: DocKey, ids: readonly string[]): number;
	reorder(doc: DocKey, entries: readonly Pick<StoredEntry, 'pointId' | 'order'>[]): void;
	/** Makes manifest entries uncertain. */
	markUncertain(doc: DocKey, ids: readonly string[]): void;
	/** Makes every entry a certain one, of `limit` from above `after` on, or of all; the last one looked at, or null. */
	tidyEntries(doc: DocKey, after: string | null, limit: number | null): string | null;
	/** Makes these (all of them there) the manifest and removes every other entry; how many entries there were. */
	setManifest(doc: DocKey, manifest: readonly ManifestEntry[]): number;
	/** Makes uncertain entries that are `present` certain, removes the other ones and every fresh orphan. */
	keepPresent(doc: DocKey, present: ReadonlySet<string>): { readonly before: number; readonly after: number };
}

export interface CreditsTable {
	ledgers(): LedgerRow[];
	/** In order of their tenants' bytes, from above `after`. */
	listLedgers(after: string, limit: number): LedgerRow[];
	saveLedger(row: LedgerRow): void;
}

export interface MarkersTable {
	marker(name: string): string | null;
	setMarker(name: string, value: string | null): void;
}

/** Sources' epochs, see domain/epoch-order.ts. A row of a document is written only where its epoch has one. */
export interface EpochsTable {
	/** Undefined where the epoch is not written down. */
	epochOrder(sourceId: string, epoch: string): number | undefined;
	/** Above every order there ever was. */
	nextEpochOrder(): number;
	/** Takes the next order away, whether it is the epoch's own or not. */
	insertEpoch(epoch: Pick<KnownEpoch, 'sourceId' | 'epoch' | 'epochOrder'>, name: string | null): void;
	nameEpoch(sourceId: string, epoch: string, name: string): void;
	/** What people know the source of the epoch by, or null. */
	sourceName(sourceId: string, epoch: string): string | null;
	/** Of a source, in falling order. */
	newestEpochs(sourceId: string, limit: number): KnownEpoch[];
	/** Of all sources by key, from above `after`. */
	epochsPage(after: number, limit: number): KnownEpoch[];
	/** Whether some document is of it. */
	isEpochUsed(key: number): boolean;
	removeEpoch(key: number): void;
}

export interface Tables
	extends DocsTable, BodiesTable, JobsTable, EntriesTable, CreditsTable, MarkersTable, EpochsTable {
	/** Runs `run` in one durable transaction; an exception undoes all of it. */
	transaction<T>(run: () => T): T;
	/** Whether what was thrown tells of a row whose values nobody can read, and not of the file. */
	isUnreadable(error: unknown): boolean;
	/** Counted from the rows; the engine keeps the numbers afterwards. */
	counts(): Counts;
}

/** Of a tenant's documents: those that are published, wait or failed, and of these, those that wait and failed. */
export interface TenantFigures {
	readonly tenant: string;
	readonly documents: number;
	readonly pending: number;
	/** Contents of those that wait or are worked on. */
	readonly pendingBytes: number;
	readonly failed: number;
}

/** Which documents wait together. */
export interface QueueName extends QueueKey {
	/** See domain/large-work.ts. */
	readonly isLarge: boolean;
}

export interface Waiting {
	readonly doc: DocKey;
	readonly due: number;
	readonly readyAt: number;
}

/** Where a document stands, its lease aside. */
export type Standing = Exclude<DocumentState['state'], 'processing'>;

export interface JobsPage {
	readonly tenant: string | null;
	readonly state: JobRow['state'] | null;
	readonly below: string | null;
	readonly limit: number;
}

export interface LedgerRow extends CreditBalance {
	readonly tenant: string;
}

/** See point-tallies.ts. */
export interface TenantPoints {
	readonly tenant: string;
	readonly least: number;
	readonly most: number;
	/** The document published last, and when; 0 where none is. */
	readonly latest: DocKey;
	readonly latestAt: number;
}

export interface Counts {
	documents: number;
	pending: number;
	/** Contents of what waits or is worked on. */
	pendingBytes: number;
	failed: number;
	/** Contents that dead letters keep for a retry. */
	failedBytes: number;
	chunks: number;
	jobs: Partial<Record<JobState, number>>;
}

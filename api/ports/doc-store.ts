import type {
	Claimed,
	ClaimRequest,
	Commit,
	DeadLetter,
	DocKey,
	Intent,
	Lease,
	OrphanPoints,
	Release,
} from './work-claims.ts';
import type {
	ChunkPage,
	Job,
	JobFilter,
	DocumentState,
	DocumentFilter,
	StandingRefusals,
	StoreStats,
	Progress,
	SourcePage,
	SourceDocument,
} from './doc-views.ts';
import type { RepairStore } from './repair-store.ts';
import type { CreditLedger, GrantRequest, GrantResult } from './credits.ts';
import type {
	AcceptResult,
	Change,
	ManifestChunk,
	ManifestEntry,
	Refusal,
	StoredEntry,
} from '../domain/index.ts';

export interface QueueLimits {
	/** Documents that may wait; a change to a document that already waits is always taken. */
	readonly maxPending: number;
	/** Bytes of bodies that may wait. */
	readonly maxPendingBytes: number;
	/** Absent: as many as there are. */
	readonly allowance?: Allowance;
}

/** Changes of one call that may be accepted, by tenant; of a tenant that is not named none. */
export interface Allowance {
	readonly tenants: ReadonlyMap<string, number>;
}

export type RetryResult = 'waiting' | 'not_failed' | 'unpaid' | 'content_gone';

export interface SweepRequest {
	readonly now: number;
	readonly tombstoneMs: number;
	readonly jobMs: number;
	/** Rows looked at, at most, so that a sweep stays short. */
	readonly limit: number;
}

export interface Swept {
	readonly jobs: number;
	readonly tombstones: number;
	/** There may be more to remove. */
	readonly isMore: boolean;
}

/**
 * The durable heart: the queue, the manifest and the jobs of every document. Adapters: sqlite, memory.
 *
 * One row a document, keyed by (tenant, docId), holds what is wanted (the newest accepted change) and what
 * is published; a document whose two differ IS the queue. A change is one `generation` of its document; a
 * worker holds a `lease` on one generation at a time.
 *
 * Promises that every adapter keeps (test/conformance/doc-store.ts, and its neighbours, hold them):
 *  1. When a call resolves, its effect is durable; a rejected call had no effect. Calls made at the same
 *     time may share one transaction, but never see half of each other.
 *  2. `accept` decides by `decideAccept` (domain/coalesce.ts), one change after the other in the given
 *     order, and writes exactly one job for each change, except where the queue is full.
 *  3. At most one live lease a document. Every call that names a lease is fenced: where the lease was lost
 *     (expired and taken over, or the process restarted), it changes nothing and says so.
 *  4. `claim` returns only documents whose window is over: by class, within a class by tenant in fair shares (see
 *     domain/fair-share.ts), of one tenant and class in due order (see `dueAt`). A document whose lease expired
 *     is claimable again. Leases do not outlive the process.
 *  5. After `recordIntent`, the planned point ids are entries or orphans of the document until `commit` or
 *     `deadLetter` ends that: a point id that may be in the index is always one of them, and what the manifest of
 *     a claim names is certainly there.
 *  6. `commit` replaces the manifest and finishes the job in one step; changes accepted meanwhile
 *     stay pending as the next generation.
 *  7. A body stays readable from `accept` until its generation is finished or superseded; a failed
 *     document's body stays, so that it can be retried. A body that the disk has lost is claimed as a `file`
 *     that is not there, and keeps no other document from being claimed.
 *  8. Every job ends in a final state, or its document is pending, leased or failed.
 *  9. All times are store time (see anchoredTime in domain/store-time.ts), handed in by the caller.
 * 10. Errors are from the table: store_unavailable, disk_full; at open store_locked, store_newer, store_corrupt.
 * 11. A refusal, handed in or decided (`owned`, `spent`), is a job in state `failed`, from the same transaction as what
 *     was accepted with it. It moves nothing: not what is wanted, published or waiting, and no version. Of a
 *     document the newest is kept, of a tenant the newest 1,000, of all 10,000; the same one again, with nothing
 *     accepted in between, keeps its job. `retry` and `cancel` of it are false; it is swept as jobs are.
 * 12. With an `allowance`, at most so many changes of a tenant are accepted; from the first that finds no place on,
 *     every change of that tenant in the call is `limited`. What is not accepted takes no place.
 * 13. A change with `previous` is a move: the put and the deletion of the old name are accepted together or not
 *     at all, each with a job. The deletion is claimable only when the put, or what replaced it, is finished;
 *     it is given up with it, and canceled with it (domain/move-wait.ts). Until then the claim of the put names
 *     the old document, whose entries do not change.
 * 14. Credits (domain/credit-cost.ts): of a tenant with a grant, a call is charged for all its puts in advance, in the
 *     same transaction, or every change of the tenant in it is `unpaid`. What was charged stands on the job, and
 *     is given back exactly once: at once where the change is not accepted, later in the step in which its job
 *     becomes superseded, canceled or failed. A `retry` is charged again. What is left is never below 0.
 * 15. The key of a document is never given to another one, also where nothing but a job is left of it.
 * 16. An epoch is known from the first change in it that was taken. What is kept of epochs is bounded by the documents,
 *     however many are named (domain/epoch-order.ts). A row that cannot be read keeps only its own document from
 *     being claimed.
 * 17. A patch is accepted as a put of what is wanted with other metadata (domain/patch.ts): it keeps the body where one
 *     waits, and is claimed without content where none does. Who cannot take it is `unfit`, a refusal.
 * 18. A change with `where` is `unmatched`, and leaves no job, unless the newest accepted state of its document is a
 *     put that satisfies the filter.
 */
export interface DocStore extends RepairStore {
	accept(changes: readonly (Change | Refusal)[], now: number, limits: QueueLimits): Promise<AcceptResult[]>;
	/** Puts bytes that are too large for a row into a durable file; the name goes into `Change.content.body`. */
	writeBlob(bytes: AsyncIterable<Uint8Array>): Promise<{ blob: string; sha256: string; size: number }>;
	/** Bytes of a blob, as the disk has it now; null where it does not show it. */
	blobSize(blob: string): Promise<number | null>;
	/** Removes a blob unless a change names it: whoever does not know what became of an `accept` may ask. */
	dropBlob(blob: string): Promise<void>;
	claim(request: ClaimRequest): Promise<Claimed[]>;
	/**
	 * A store time before which no document becomes claimable, one that is past where some may be already; null when
	 * nothing waits. Where it is not above the `now` of a claim that has just returned nothing, documents wait that the
	 * caller had no capacity for.
	 */
	nextDueAt(): Promise<number | null>;
	renew(leases: readonly Lease[], until: number): Promise<boolean[]>;
	recordIntent(intents: readonly Intent[]): Promise<boolean[]>;
	/** Manifest entries and orphans of a document by point id, after the one given; empty where the lease was lost. */
	entries(lease: Lease, after: string | null, limit: number): Promise<StoredEntry[]>;
	/** Entries that have left the index and are not of the manifest to be. False where the lease was lost. */
	forget(lease: Lease, ids: readonly string[]): Promise<boolean>;
	/** New order keys of entries that stay. False where the lease was lost. */
	reorder(lease: Lease, entries: readonly Pick<StoredEntry, 'pointId' | 'order'>[]): Promise<boolean>;
	/**
	 * Tidies what a commit of `intended` leaves, `limit` entries from after the given one on; null at the end. Changes
	 * nothing that any other call shows: it only spares the document's next intent to do it for all entries at once.
	 */
	tidyEntries(doc: DocKey, after: string | null, limit: number): Promise<string | null>;
	/** Empty where the lease was lost. */
	orphans(lease: Lease): Promise<OrphanPoints>;
	commit(commits: readonly Commit[], now: number): Promise<boolean[]>;
	release(releases: readonly Release[], now: number): Promise<boolean[]>;
	deadLetter(deadLetters: readonly DeadLetter[], now: number): Promise<boolean[]>;
	/** A waiting change is withdrawn; false where it is not waiting any more. */
	cancel(jobId: string, now: number): Promise<boolean>;
	/** A failed change waits again, where it is failed and its tenant can pay for it. */
	retry(jobId: string, now: number): Promise<RetryResult>;
	/** Of any tenant, one without a ledger included. */
	credits(tenant: string): Promise<CreditLedger>;
	grantCredits(request: GrantRequest): Promise<GrantResult>;
	/** Tenants that were ever granted something, in order of their bytes, from above `after` ('': from the first). */
	creditLedgers(request: { readonly after: string; readonly limit: number }): Promise<CreditLedger[]>;
	job(jobId: string): Promise<Job | null>;
	jobs(filter: JobFilter): Promise<Job[]>;
	document(tenant: string, docId: string): Promise<DocumentState | null>;
	documents(filter: DocumentFilter): Promise<DocumentState[]>;
	/** Tenants that have a document or a tombstone, in order of their bytes, from above `after` ('': from the first). */
	tenants(request: { readonly after: string; readonly limit: number }): Promise<string[]>;
	/** Documents that a source wants published, by key from `after` on (0: from the first), at most `limit`. */
	sourceDocuments(request: SourcePage): Promise<SourceDocument[]>;
	/** The published manifest, in order, with texts: a page of it. */
	chunks(tenant: string, docId: string, page?: ChunkPage): Promise<ManifestChunk[]>;
	/** The published manifest, in order and whole, without texts. */
	manifest(tenant: string, docId: string): Promise<ManifestEntry[]>;
	stats(): Promise<StoreStats>;
	/** As `stats` says it, and nothing else. */
	pendingBytes(): Promise<number>;
	/** Costs nothing: counted as documents move. Null: all tenants together. */
	progress(tenant: string | null, now: number): Promise<Progress>;
	/** Null: of all tenants. */
	refusals(tenant: string | null): Promise<StandingRefusals>;
	/** Removes old jobs and old tombstones. Costs what it removes: what it kept it does not look at again. */
	sweep(request: SweepRequest): Promise<Swept>;
	/** Brings times that lie in the future, of a clock that was wrong, back to `now`, so that nothing waits for them. */
	leaveFuture(now: number): Promise<void>;
	/** The highest store time that was ever written. */
	highestTime(): Promise<number>;
	close(): Promise<void>;
}

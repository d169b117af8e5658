import type { JobState, Priority } from '../contract/job-schema.ts';

/**
 * The durable heart: the queue, the manifest and the receipts of every document. Adapters: sqlite, memory.
 *
 * One row a document, keyed by (tenant, docId), holds what is wanted (the newest accepted change) and what
 * is published; a document whose two differ IS the queue. A change is one `generation` of its document; a
 * worker holds a `lease` on one generation at a time.
 *
 * Promises that every adapter keeps (test/conformance/doc-store.ts, and its neighbours, hold them):
 *  1. When a call resolves, its effect is durable; a rejected call had no effect. Calls made at the same
 *     time may share one transaction, but never see half of each other.
 *  2. `accept` decides by `decideAccept` (pipeline/coalesce.ts), one change after the other in the given
 *     order, and writes exactly one receipt for each change, except where the queue is full.
 *  3. At most one live lease a document. Every call that names a lease is fenced: where the lease was lost
 *     (expired and taken over, or the process restarted), it changes nothing and says so.
 *  4. `claim` returns only documents whose window is over: by class, within a class by tenant in fair shares (see
 *     pipeline/fair-share.ts), of one tenant and class in due order (see `dueAt`). A document whose lease expired
 *     is claimable again. Leases do not outlive the process.
 *  5. After `intend`, the planned point ids belong to the document's `mayExist` set until `commit` or
 *     `bury` replaced it: a point id that may be in the index is always in the set, and what the manifest of
 *     a claim names is certainly there.
 *  6. `commit` replaces the manifest and settles the receipt in one step; changes accepted meanwhile
 *     stay pending as the next generation.
 *  7. A body stays readable from `accept` until its generation is settled or superseded; a failed
 *     document's body stays, so that it can be retried. A body that the disk has lost is claimed as a `file`
 *     that is not there, and keeps no other document from being claimed.
 *  8. Every receipt ends in a final state, or its document is pending, leased or failed.
 *  9. All times are store time (see anchoredTime in pipeline/store-time.ts), handed in by the caller.
 * 10. Errors are from the table: store_unavailable, disk_full; at open store_locked, store_newer, store_corrupt.
 * 11. A refusal, handed in or decided (`owned`), is a receipt in state `failed`, from the same transaction as what
 *     was accepted with it. It moves nothing: not what is wanted, published or waiting, and no version. Of a
 *     document the newest is kept, of a tenant the newest 1,000, of all 10,000; the same one again, with nothing
 *     accepted in between, keeps its receipt. `retry` and `cancel` of it are false; it is swept as receipts are.
 * 12. With an `allowance`, at most so many changes of a tenant are accepted; from the first that finds no place on,
 *     every change of that tenant in the call is `limited`. What is not accepted takes no place.
 * 13. A change with `previous` is a move: the put and the deletion of the old name are accepted together or not
 *     at all, each with a receipt. The deletion is claimable only when the put, or what replaced it, is settled;
 *     it is given up with it, and canceled with it (pipeline/moves.ts). Until then the claim of the put names
 *     the old document's manifest.
 * 14. Credits (pipeline/credits.ts): of a tenant with a grant, a call is charged for all its puts in advance, in the
 *     same transaction, or every change of the tenant in it is `unpaid`. What was charged stands on the receipt, and
 *     is given back exactly once: at once where the change is not accepted, later in the step in which its receipt
 *     becomes superseded, canceled or failed. A `retry` is charged again. What is left is never below 0.
 */

/** Names one document's row for the life of the store. */
export type DocKey = number;

/** What the caller wants a document to be. */
export interface Change {
	/** UUIDv7, made by the caller: names the receipt. */
	readonly jobId: string;
	readonly tenant: string;
	readonly docId: string;
	readonly op: 'put' | 'delete';
	readonly sourceId: string;
	readonly epoch: string;
	/** Grows within one epoch of one source; null: in order of arrival. */
	readonly seq: number | null;
	readonly takeOver: boolean;
	readonly priority: Priority;
	/** Quiet time before the change may be claimed, ms; 0: at once. */
	readonly windowMs: number;
	/** Longest time that further changes may keep it waiting, ms. */
	readonly maxWaitMs: number;
	/** Null for a delete. */
	readonly content: ChangeContent | null;
	/** Canonical JSON of the document's own fields (title, path, mimeType, metadata); '' for a delete. */
	readonly meta: string;
	/** Of extractors, chunker settings and model. */
	readonly fingerprint: string;
	/** Of a put: where the content was until now. Its deletion has the change's source, place and options. */
	readonly previous?: Departure;
}

/** The name that a moved document had. Tenant and docId are not those of the change itself. */
export interface Departure {
	/** Names the receipt of its deletion. */
	readonly jobId: string;
	readonly tenant: string;
	readonly docId: string;
}

/** What the door refused for good: nothing of it is kept but the word of it. */
export interface Refusal {
	/** UUIDv7, made by the caller: names the receipt. */
	readonly jobId: string;
	readonly tenant: string;
	readonly docId: string;
	readonly op: 'put' | 'delete';
	readonly refused: Failure;
}

export interface ChangeContent {
	readonly sha256: string;
	readonly size: number;
	/** The bytes (or their text, stored as UTF-8), or the name that `writeBlob` returned. */
	readonly body: string | Uint8Array | { readonly blob: string };
}

/** A change that has a receipt. */
export type Taken =
	| {
			readonly kind: 'accepted';
			readonly jobId: string;
			readonly version: number;
			/** The receipt that this change superseded, if one was waiting. */
			readonly superseded: string | null;
	  }
	| {
			readonly kind: 'unchanged';
			readonly jobId: string;
			readonly version: number;
			/** The receipt of the equal change that is still on its way, if it is. */
			readonly follows: string | null;
	  }
	| { readonly kind: 'stale'; readonly jobId: string; readonly version: number };

export type AcceptResult =
	/** `previous` is what became of the old name of a move. */
	| (Taken & { readonly previous?: Taken })
	/** Not taken; the receipt says so. `of`: the owner of the old name is another one. */
	| { readonly kind: 'owned'; readonly jobId: string; readonly owner: string; readonly of?: 'previous' }
	/** Of a `Refusal`: the receipt that tells of it. */
	| { readonly kind: 'refused'; readonly jobId: string }
	/** Rejected; no receipt. The queue is at its bound. */
	| { readonly kind: 'full' }
	/** Rejected; no receipt. The call's allowance for the tenant is used up. */
	| { readonly kind: 'limited' }
	/** Rejected; no receipt. The tenant has fewer credits left than the call needs of it. */
	| { readonly kind: 'unpaid'; readonly needed: number; readonly left: number };

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

/** Credits of one tenant. */
export interface CreditLedger {
	readonly tenant: string;
	/** In all, ever; null: no limit. */
	readonly granted: number | null;
	readonly spent: number;
	readonly refunded: number;
	/** Null: no limit. */
	readonly left: number | null;
}

export interface GrantRequest {
	readonly tenant: string;
	/** All that is granted from now on, in all; null: no limit. The same request again changes nothing. */
	readonly granted: number | null;
	/** Only where so much is granted until now. */
	readonly expected?: number | null;
}

export interface GrantResult {
	/** `changed`: it was not as expected. `spent`: more is spent than would be granted. Both change nothing. */
	readonly kind: 'granted' | 'changed' | 'spent';
	readonly ledger: CreditLedger;
}

export type RetryResult = 'waiting' | 'not_failed' | 'unpaid';

export interface Lease {
	readonly doc: DocKey;
	readonly token: number;
	readonly generation: number;
}

/** A chunk as the manifest keeps it. */
export interface ManifestChunk {
	/** UUID of its point. */
	readonly pointId: string;
	/** SHA-256, hex. */
	readonly hash: string;
	readonly order: string;
	readonly heading: string | null;
	readonly page: number | null;
	readonly text: string;
}

/** What the store keeps of a chunk that is, or may be, in the index; without its text. */
export interface StoredLine {
	readonly pointId: string;
	readonly order: string;
	/** A line of the manifest. */
	readonly isCertain: boolean;
}

/** A manifest line without its text: what planning needs. */
export type ManifestLine = Pick<ManifestChunk, 'pointId' | 'hash' | 'order'>;

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
	/** Null for a delete. `file` is absolute and stays until the lease ends. */
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
	readonly manifest: readonly ManifestLine[];
	/** Point ids that may be in the index beyond these. */
	readonly strays: readonly string[];
	/** Documents whose content has been moved here and whose deletion waits for this. */
	readonly leaving: readonly Leaving[];
	/** There are so many of both that they are left out here; `lines` reads them. */
	readonly isPaged: boolean;
	/** An attempt has begun to write and did not finish: it may have left its fields and its order on points that stay. */
	readonly isInterrupted: boolean;
}

/** What a document that waits for its successor has in the index. */
export interface Leaving {
	readonly doc: DocKey;
	readonly tenant: string;
	/** Of what is published; null where nothing is. */
	readonly fingerprint: string | null;
	readonly manifest: readonly ManifestLine[];
}

export interface PublishedState {
	readonly sha256: string;
	readonly meta: string;
	readonly fingerprint: string;
	readonly version: number;
	readonly jobId: string;
	readonly at: number;
	/** As its points show it; null where they have none, or were published before it was kept. */
	readonly title: string | null;
	readonly chunks: number;
	readonly size: number;
}

export interface ClaimRequest {
	readonly now: number;
	readonly limit: number;
	/** Stops after the document that reaches this many bytes; the first one is always taken. */
	readonly maxBytes: number;
	readonly leaseMs: number;
	/** Only deletions of these, whatever else is due. */
	readonly leaving?: readonly DocKey[];
	/** What the caller works on: it takes no more of a flow than pipeline/room.ts lets that flow grow. Absent: no bound. */
	readonly inWork?: readonly FlowLoad[];
	/** False: no document that is larger than `maxBytes`, nor what waits behind it in its flow. Default true. */
	readonly mayExceed?: boolean;
}

/** 0 interactive, 1 retries, 2 bulk. */
export type WorkClass = 0 | 1 | 2;

/** One tenant's changes of one class: what shares are given to. */
export interface Flow {
	readonly tenant: string;
	readonly class: WorkClass;
}

export interface FlowLoad extends Flow {
	readonly documents: number;
	readonly bytes: number;
}

export interface Intent {
	readonly lease: Lease;
	/** Chunks that are about to enter the index. */
	readonly added: readonly ManifestChunk[];
	/** Manifest lines that are about to be rewritten or removed: from now on nobody can count on them. */
	readonly unsettled: readonly string[];
}

/** What an attempt may have left in the index, or taken from it. */
export interface Strays {
	/** Never published. */
	readonly fresh: readonly string[];
	/** Published, but perhaps gone or rewritten. */
	readonly unsettled: readonly string[];
}

export interface Commit {
	readonly lease: Lease;
	/**
	 * The whole manifest, in order; empty for a delete or an empty document. `intended`: everything that was ever
	 * intended for the document and not forgotten.
	 */
	readonly manifest: readonly ManifestLine[] | 'intended';
	/** Of the points, where they have one: it cannot be read from the manifest's texts. */
	readonly title?: string | null;
	/** For the receipt: what was done. */
	readonly detail: JobDetail;
}

/** What a receipt says of the work that was done for it. */
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
}

export interface Failure {
	readonly code: string;
	readonly message: string;
}

export interface Job {
	readonly jobId: string;
	readonly tenant: string;
	readonly docId: string;
	readonly op: 'put' | 'delete';
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
	/** Refused at the door: nothing of it was kept, so that there is nothing to try again. */
	readonly refused: boolean;
}

export interface JobFilter {
	readonly tenant?: string;
	readonly docId?: string;
	readonly states?: readonly JobState[];
	/** Job id after which (in descending order, newest first) the page begins. */
	readonly after?: string;
	readonly limit: number;
}

export interface DocumentState {
	readonly tenant: string;
	readonly docId: string;
	readonly sourceId: string;
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
	readonly strays: number;
}

export interface DocumentFilter {
	readonly tenant: string;
	readonly prefix?: string;
	readonly state?: DocumentState['state'];
	/** docId after which the page begins. */
	readonly after?: string;
	readonly limit: number;
}

export interface StoreStats {
	readonly documents: number;
	readonly pending: number;
	readonly pendingBytes: number;
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

export interface SweepRequest {
	readonly now: number;
	readonly tombstoneMs: number;
	readonly jobMs: number;
	/** Rows looked at, at most, so that a sweep stays short. */
	readonly limit: number;
}

export interface SourcePage {
	readonly sourceId: string;
	readonly epoch: string;
	readonly after: DocKey;
	readonly limit: number;
}

export interface SourceDocument {
	readonly doc: DocKey;
	readonly tenant: string;
	readonly docId: string;
	/** Its newest change came in an epoch before the one asked about. */
	readonly isEarlier: boolean;
}

/** A document that somebody mends in the index; meanwhile nobody else is given it. */
export interface Held {
	/** Null: the store does not know it. */
	readonly doc: DocKey | null;
	/** Of the newest accepted change; 0 where the document is not known. */
	readonly version: number;
	readonly published: PublishedState | null;
	/** In order; what the index must hold. */
	readonly manifest: readonly ManifestLine[];
	/** Point ids that may be there beyond these; the next generation sees to them. */
	readonly strays: readonly string[];
	/** An attempt has begun to write and did not finish: the next one writes every point whole. */
	readonly isInterrupted: boolean;
}

/** What the index must hold of one tenant, at least and at most: what is under way may be there or not. */
export interface Tally {
	readonly tenant: string;
	readonly least: number;
	readonly most: number;
	/** Its document published last, unless something is under way on it. */
	readonly latest: { readonly docId: string; readonly at: number } | null;
}

/**
 * For index-check.ts alone: what an index that lost something is held against, and mended from.
 *
 *  M1. From `hold` to `letGo` no change of the document is claimed; changes are accepted as ever. Where a lease is
 *      on it, `hold` is null and the next `hold` after the lease has ended succeeds; `letGo` is owed all the same.
 *  M2. Holds do not outlive the process.
 *  M3. A note is durable, and changes nothing else.
 */
export interface MendingStore {
	/** Over documents by key from above `after` (0: all), at most `limit` of them; `last` null at the end. */
	tally(request: {
		readonly after: DocKey;
		readonly limit: number;
	}): Promise<{ readonly tenants: readonly Tally[]; readonly last: DocKey | null }>;
	hold(tenant: string, docId: string): Promise<Held | null>;
	letGo(tenant: string, docId: string): Promise<void>;
	/** The chunks of these points, in no order; what is not in the manifest is left out. */
	texts(doc: DocKey, pointIds: readonly string[]): Promise<ManifestChunk[]>;
	note(name: string): Promise<string | null>;
	/** Null forgets it. */
	setNote(name: string, value: string | null): Promise<void>;
}

export interface DocStore extends MendingStore {
	accept(changes: readonly (Change | Refusal)[], now: number, limits: QueueLimits): Promise<AcceptResult[]>;
	/** Puts bytes that are too large for a row into a durable file; the name goes into `Change.content.body`. */
	writeBlob(bytes: AsyncIterable<Uint8Array>): Promise<{ blob: string; sha256: string; size: number }>;
	/** Removes a blob unless a change names it: whoever does not know what became of an `accept` may ask. */
	dropBlob(blob: string): Promise<void>;
	claim(request: ClaimRequest): Promise<Claimed[]>;
	/**
	 * A store time before which no document becomes claimable; null when nothing waits. Where it is not above the
	 * `now` of a claim that has just returned nothing, documents wait that the caller had no room for.
	 */
	nextDueAt(): Promise<number | null>;
	renew(leases: readonly Lease[], until: number): Promise<boolean[]>;
	intend(intents: readonly Intent[]): Promise<boolean[]>;
	/** Manifest lines and strays of a document by point id, after the one given; empty where the lease was lost. */
	lines(lease: Lease, after: string | null, limit: number): Promise<StoredLine[]>;
	/** Lines that have left the index and are not of the manifest to be. False where the lease was lost. */
	forget(lease: Lease, ids: readonly string[]): Promise<boolean>;
	/** New order keys of lines that stay. False where the lease was lost. */
	reorder(lease: Lease, lines: readonly Pick<StoredLine, 'pointId' | 'order'>[]): Promise<boolean>;
	/**
	 * Tidies what a commit of `intended` leaves, `limit` lines from after the given one on; null at the end. Changes
	 * nothing that any other call shows: it only spares the document's next intent to do it for all lines at once.
	 */
	settleLines(doc: DocKey, after: string | null, limit: number): Promise<string | null>;
	/** Empty where the lease was lost. */
	strays(lease: Lease): Promise<Strays>;
	commit(commits: readonly Commit[], now: number): Promise<boolean[]>;
	/** Gives a lease back. `counted` failures add to attempts; the document waits until `retryAt`. */
	release(
		leases: readonly { lease: Lease; retryAt: number; counted: boolean; error: Failure | null }[],
		now: number,
	): Promise<boolean[]>;
	/**
	 * Dead letter. The caller has removed the fresh strays from the index, and has looked which of the unsettled
	 * ones are `present`: those are settled again, the others leave the manifest.
	 */
	bury(
		letters: readonly { lease: Lease; error: Failure; present: readonly string[] }[],
		now: number,
	): Promise<boolean[]>;
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
	/** The published manifest, in order, with texts. */
	chunks(tenant: string, docId: string): Promise<ManifestChunk[]>;
	stats(): Promise<StoreStats>;
	/** Costs nothing: counted as documents move. Null: all tenants together. */
	progress(tenant: string | null, now: number): Promise<Progress>;
	/** Removes old receipts and old tombstones; returns how many of each. */
	sweep(request: SweepRequest): Promise<{ jobs: number; tombstones: number }>;
	/** The highest store time that was ever written. */
	highestTime(): Promise<number>;
	close(): Promise<void>;
}

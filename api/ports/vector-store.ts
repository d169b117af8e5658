import type { DocFields, Filter } from '../domain/index.ts';

export type { DocFields };

/**
 * Where searchable chunks live. Adapters: sqlite-vec (embedded), qdrant, memory.
 *
 * Promises that every adapter keeps (test/conformance/vector-store.ts holds them):
 *  1. `open` makes what is missing (collection, tables, payload indexes before data) and may be called again.
 *     It rejects with `index_mismatch` where the index was made with other dimensions.
 *  2. When `put` or `remove` resolves, its effect is durable as far as the engine promises it, and visible to
 *     the next read of any kind.
 *  3. `put` and `remove` are idempotent: the same call again changes nothing. A rejected call may have been
 *     applied in part; sending it again completes it.
 *  4. `put` never makes a point of another document or tenant disappear, and never removes a point at all.
 *  5. Points of one tenant are never read, changed, counted or removed through a call that names another.
 *  6. `put` with a `version` below the stored one of the same point id may be ignored or applied; callers
 *     (the document store's fencing) do not send it.
 *  7. `search` returns each list best first, at most `limit` long, deterministic for equal scores (by id).
 *     An index of several shards scores the words of each shard by that shard's own statistics.
 *     With a filter both lists hold only points of documents that satisfy it, chosen before the lists are cut;
 *     api/domain/filter-match.ts says which do. Documents that are being changed answer with the fields of either
 *     version.
 *  8. What must be in a chunk, and what must not, is looked at for the sparse list alone; a store may look for it among
 *     the best thousand chunks only. For a term that none of the tenant's chunks has, a store that can list its terms
 *     takes those that chunking/near-terms.ts names.
 *  9. Errors are from the table: index_unavailable, index_throttled (with retryAfterMs where known),
 *     index_forbidden, index_rejected (a request refused for its content: never sent again unchanged),
 *     index_mismatch, disk_full.
 */

/** One chunk that enters the index. */
export interface NewPoint {
	/** UUIDv5 of tenant, docId, chunk hash and occurrence. */
	readonly id: string;
	/** Unit length, as many numbers as the index has dimensions. */
	readonly vector: Float32Array;
	/**
	 * The chunk's terms in their order, joined by single spaces; what full-text search sees. May be empty. They follow
	 * from what the index shows of the chunk (`storedTerms` of chunking), so that it can make them again.
	 */
	readonly terms: string;
	readonly content: string;
	/** Headings above the chunk, joined by ` > `. */
	readonly heading: string | null;
	readonly page: number | null;
	/** Sorts the chunks of a document, by code units; does not shift when neighbours come and go. */
	readonly order: string;
}

/** What one document's publication puts into the index, before anything of it goes out. */
export interface DocWrite {
	readonly tenant: string;
	readonly docId: string;
	readonly fields: DocFields;
	readonly points: readonly NewPoint[];
	/** Points of the document that stay: their document fields become `fields`. */
	readonly kept: readonly string[];
	/** Points among `kept` whose order key changes. */
	readonly reordered: readonly { readonly id: string; readonly order: string }[];
	/** Names that the published metadata had and the new one has not; they vanish from `kept`. */
	readonly droppedExtra: readonly string[];
}

export interface StoredPoint {
	readonly id: string;
	readonly tenant: string;
	readonly docId: string;
	readonly content: string;
	readonly heading: string | null;
	readonly page: number | null;
	readonly order: string;
	readonly fields: DocFields;
}

/** What of a point tells whether it is as it was published: everything but its text. */
export type PointMark = Omit<StoredPoint, 'content' | 'heading' | 'page'>;

export interface Page<T> {
	readonly items: readonly T[];
	/** The `from` of the page after it; null at the end. */
	readonly next: string | null;
}

export interface PageRequest {
	readonly tenant: string;
	/** What a page before it has named; null: the first page. */
	readonly from: string | null;
	readonly limit: number;
}

export interface Hit extends StoredPoint {
	/**
	 * In the dense list the cosine. In the sparse one from 0 to 1: the part that it has of what a chunk would score that
	 * had each of the terms over and over (the sum of their weights by rarity in BM25, times its limit k1 + 1).
	 */
	readonly score: number;
}

export interface SearchQuery {
	readonly tenant: string;
	/** Dense query; null, or one of zeros, which has no direction, leaves the dense list empty. */
	readonly vector: Float32Array | null;
	/** The query's terms; empty leaves the sparse list empty. Any of them may match. */
	readonly terms: readonly string[];
	/**
	 * The same words as they were terms before there were stems, where that is another form: for a store that cannot make
	 * its terms again. They count nowhere in what a score is part of.
	 */
	readonly earlier?: readonly string[];
	/** Terms that a chunk must have one after the other, each of these lists. */
	readonly phrases?: readonly (readonly string[])[];
	/** Likewise what it must not have. */
	readonly without?: readonly (readonly string[])[];
	/** Which of the terms is an unfinished word. */
	readonly beginning?: string | null;
	readonly docId?: string;
	readonly filter?: Filter;
	/** Length of each list, 1 to 1,000. */
	readonly limit: number;
}

export interface VectorStore {
	/** For logs, /v1/info and metrics. */
	readonly kind: 'sqlite-vec' | 'qdrant' | 'memory';
	open(): Promise<void>;
	/**
	 * Work ahead for a put of this very array (checks, encoding), while another one is on its way. Sends nothing, and
	 * changes nothing that anyone sees; a put does without it.
	 */
	pack?(writes: readonly DocWrite[]): void;
	/** New points in, kept points refreshed. All writes of one call have the same tenant. */
	put(writes: readonly DocWrite[], signal?: AbortSignal): Promise<void>;
	remove(tenant: string, ids: readonly string[], signal?: AbortSignal): Promise<void>;
	/** Dense vectors by point id; ids that are not there are left out. */
	vectors(tenant: string, ids: readonly string[]): Promise<Map<string, Float32Array>>;
	search(query: SearchQuery): Promise<{ readonly dense: Hit[]; readonly sparse: Hit[] }>;
	/** The points of a document without their texts, by id. A page costs what is on it, however many there are. */
	points(request: PageRequest & { readonly docId: string }): Promise<Page<PointMark>>;
	/** The same points whole; the pages of the two need not be cut alike. */
	contents(request: PageRequest & { readonly docId: string }): Promise<Page<StoredPoint>>;
	/** Of whom a tenant has points: docIds in no order, one of them perhaps more than once. */
	documents(request: PageRequest): Promise<Page<string>>;
	/** How many points each of these tenants has, all of them at one moment or not. One call, however many they are. */
	counts(tenants: readonly string[]): Promise<ReadonlyMap<string, number>>;
	/** Of one tenant, or of all (null). */
	count(tenant: string | null): Promise<number>;
	/**
	 * Every point as it is, of all tenants, of one, or of one of its documents, by id: for whoever holds the whole index
	 * against what it should be. The pipeline reads pages.
	 */
	scan(tenant: string | null, docId?: string): AsyncIterable<StoredPoint>;
	/**
	 * Copies the files that it keeps in the data folder into another one, each as it is at some moment of the call; absent
	 * where it keeps none there.
	 */
	backup?(to: string): Promise<void>;
	/** Resolves when the engine answers; rejects as in promise 8. Cheap. */
	ping(signal?: AbortSignal): Promise<void>;
	close(): Promise<void>;
}

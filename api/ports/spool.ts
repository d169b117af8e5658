import type { Chunk } from './extractor.ts';

/**
 * Where a large document waits between extraction and publication: its chunks in pages, and its vectors, which
 * are the checkpoint of its embedding. Adapter: files.
 *
 * Promises (test/adapters/spool.test.ts):
 *  1. A document has at most one spool. It belongs to one content and one fingerprint; opened for another one, it
 *     begins anew.
 *  2. A vector that `vectors` returns is the one that was put, whatever happened meanwhile: one that was half
 *     written is missing.
 *  3. Vectors outlive the process; pages do not, they are made again from `begin` on.
 *  4. A spool that would be larger than the limit rejects with `too_large`, a full disk with `disk_full`, any
 *     other failure with `store_unavailable`.
 */
export interface SpoolKey {
	readonly tenant: string;
	readonly docId: string;
	readonly contentSha256: string;
	readonly fingerprint: string;
}

export interface Spool {
	/** Forgets all pages. */
	begin(): Promise<void>;
	append(page: readonly Chunk[]): Promise<void>;
	pages(): number;
	/** The index of a page's first chunk; of the page behind the last one: how many chunks there are. */
	firstOf(page: number): number;
	read(page: number): Promise<Chunk[]>;
	/** The vectors of `count` chunks from the one with this index on; null for those that are missing. */
	vectors(from: number, count: number): Promise<(Float32Array | null)[]>;
	putVectors(vectors: readonly { readonly index: number; readonly vector: Float32Array }[]): Promise<void>;
	/** Lets go of the files; what they hold stays. */
	close(): Promise<void>;
}

export interface Spools {
	open(key: SpoolKey): Promise<Spool>;
	/** Removes a document's spool, if it has one. */
	remove(tenant: string, docId: string): Promise<void>;
	/** Whose spools there are. */
	list(): Promise<{ readonly tenant: string; readonly docId: string }[]>;
}

/**
 * Vectors that were paid for once, by opaque keys. It saves time and money and nothing else: what it does not have is
 * embedded, so that it may forget anything at any time, and no failure of it is anybody's error.
 *
 * Promises (test/conformance/vector-cache.ts):
 *  1. What is found under a key is what was kept under it last, number for number, or nothing.
 *  2. No call rejects. A damaged or locked file is as good as an empty one.
 *  3. What it takes on disk and in memory stays below its bounds, whatever is kept; what was used longest ago goes first.
 *  4. What was kept before an orderly end is there after it.
 */
export interface VectorCache {
	/** Of each key its vector, in order. */
	find(keys: readonly string[]): Promise<readonly (Float32Array | undefined)[]>;
	/** Returns at once: nobody waits for it to be written. */
	keep(entries: readonly VectorEntry[]): void;
	close(): Promise<void>;
}

export interface VectorEntry {
	/** Base64 of a hash. */
	readonly key: string;
	readonly vector: Float32Array;
}

/**
 * Texts to dense vectors. Adapters: static (built in), openai (any OpenAI-compatible server).
 *
 * Promises (test/conformance/embedder.ts):
 *  1. One vector a text, in order, each `dimensions` long and of unit length (all zeros only for a text
 *     without anything to embed).
 *  2. Same fingerprint and same text: same vector, in this process and the next.
 *  3. `embed` of any number of texts works; the adapter cuts requests to its own limits. The event loop is
 *     never held for more than a few milliseconds.
 *  4. Errors are from the table: embedder_unavailable, embedder_throttled (with retryAfterMs where known),
 *     embedder_forbidden, embedder_rejected. An aborted call rejects with the signal's reason.
 */
export interface Embedder {
	/** Shown to callers and sent as `model`. */
	readonly model: string;
	readonly dimensions: number;
	/** Changes whenever the vectors of the same text may change; part of "unchanged". */
	readonly fingerprint: string;
	/** Some models are told what a text is; default: of a document. */
	embed(texts: readonly string[], signal?: AbortSignal, role?: TextRole): Promise<Float32Array[]>;
	/** What it knows of the limits that it keeps to; absent where there are none. */
	readonly budget?: () => EmbedderBudget;
	close(): Promise<void>;
}

export type TextRole = 'document' | 'question';

export interface EmbedderBudget {
	/** Null: nothing is known. */
	readonly requests: { readonly limit: number; readonly left: number } | null;
	readonly tokens: { readonly limit: number; readonly left: number } | null;
	/** Requests that wait for their turn. */
	readonly waiting: number;
	readonly inFlight: number;
	/** Answers 429 since the start. */
	readonly refusals: number;
	/** Until something may be sent after a refusal, ms. */
	readonly pausedMs: number;
}

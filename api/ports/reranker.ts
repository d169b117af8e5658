/**
 * Puts a few passages that a search has found into a better order: a model that reads the question together with each
 * of them. Adapter: http (Text Embeddings Inference, Cohere and what speaks like them).
 *
 * Promises: one finite score a text, in order, higher is better, and comparable within the call. Errors are from the
 * table: reranker_unavailable, reranker_rejected (of this question and these texts). An aborted call rejects with the
 * signal's reason.
 */
export interface Reranker {
	/** Shown to operators. */
	readonly model: string;
	/** Passages of a search that are worth asking about. */
	readonly top: number;
	rerank(question: string, texts: readonly string[], signal: AbortSignal): Promise<readonly number[]>;
}

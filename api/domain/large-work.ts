/**
 * What is worked on page by page, one at a time: contents above a size, and documents with many chunks. They wait in
 * queues of their own, so that who has one in work need not look at the others.
 */

/** Contents above this size that wait in a file are streamed; memory for smaller ones is bounded by their size. */
export const largeBytes = 4 * 1_048_576;
/** Manifest entries that travel with a claim; of a document with more of them they are read in pages. */
export const entriesInClaim = 20_000;

export const isLargeWork = (state: {
	readonly wanted: { readonly op: 'put' | 'delete'; readonly size: number };
	readonly published: { readonly chunks: number } | null;
}): boolean =>
	(state.wanted.op === 'put' && state.wanted.size > largeBytes) ||
	(state.published?.chunks ?? 0) > entriesInClaim;

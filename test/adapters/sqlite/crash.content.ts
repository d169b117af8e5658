/** What crash.child.ts writes and crash.test.ts expects: about 4 kB, of this document and this life alone. */
export const contentOf = (docId: string, life: string): string =>
	`${docId} of life ${life}, naïve 索引\n`.repeat(130);

/** BM25's saturation, in every store: however often a chunk has a term, it scores less than k1 + 1 times its weight. */
export const k1 = 1.2;

/**
 * What a chunk would score that had each term of a query over and over: what makes a score of one query comparable with
 * that of another. `weights`: by rarity, of each different term; null for one that no chunk has, which counts like the
 * rarest of the others, so that a passage with one word of five is never a full answer.
 */
export function greatestScore(weights: readonly (number | null)[]): number {
	const most = weights.reduce<number>((so, weight) => Math.max(so, weight ?? 0), 0);
	return (k1 + 1) * weights.reduce<number>((sum, weight) => sum + (weight ?? most), 0);
}

/** From 0 to 1. */
export const shareOf = (score: number, greatest: number): number =>
	greatest > 0 ? Math.min(1, Math.max(0, score / greatest)) : 0;

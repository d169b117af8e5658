/**
 * Which rows a search by words ranks. To rank a row costs FTS5 ten times what it costs to come by it, and half of the rows
 * that have any word of a question have only words that nearly all have: those do not come to the front. Pure.
 */
export interface WeighedTerm {
	readonly term: string;
	/** That have it. */
	readonly chunks: number;
	/** By rarity, as FTS5's bm25 has it. */
	readonly weight: number;
}

export interface TextBounds {
	/** Rows that are ranked, unless the rarest word alone has more. */
	readonly ranked: number;
	/** Rows that words are looked up in, one by one; likewise. */
	readonly read: number;
}

/** With 50,000 of 241,867 rows 40 headings found the same 200 passages, at a third of the time; with 20,000 .998 of them. */
export const textBounds: TextBounds = { ranked: 50_000, read: 1_000_000 };

/** What a term weighs that is in half of all rows or more: by itself it puts nothing in order. */
export const smallestWeight = 1e-6;

export interface RareFirst {
	/** Words that a row must have one of to be ranked. */
	readonly rare: readonly string[];
	/** Words that it is ranked by. */
	readonly counted: readonly string[];
}

/**
 * The rarest words first, as many as the bounds let in, and so many that there are rows enough for a list. Null where all
 * rows of all words are within bounds.
 */
export function rareFirst(
	terms: readonly WeighedTerm[],
	limit: number,
	bounds: TextBounds,
): RareFirst | null {
	const ranked = terms.filter(({ chunks }) => chunks > 0).toSorted((a, b) => a.chunks - b.chunks);
	if (ranked.reduce((sum, { chunks }) => sum + chunks, 0) <= bounds.ranked) return null;
	const counted = firstWithin(ranked, bounds.read).filter(
		({ weight }, at) => at === 0 || weight > smallestWeight,
	);
	const within = firstWithin(counted, bounds.ranked).length;
	// A row may have several of them: only one that alone has enough makes sure of a list.
	const enough = counted.findIndex(({ chunks }) => chunks >= limit) + 1;
	const rare = counted.slice(0, Math.max(within, enough));
	return { rare: rare.map(({ term }) => term), counted: counted.map(({ term }) => term) };
}

function firstWithin(terms: readonly WeighedTerm[], most: number): readonly WeighedTerm[] {
	let sum = 0;
	const end = terms.findIndex(({ chunks }, at) => (sum += chunks) > most && at > 0);
	return end < 0 ? terms : terms.slice(0, end);
}

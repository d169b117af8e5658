/** A term that is in an index, and how many chunks have it. */
export interface VocabularyTerm {
	readonly term: string;
	readonly chunks: number;
}

/** Of a word's stand-ins are only looked at those that begin as it does, so many characters long. */
export const sharedBeginning = 3;
/** As many of them, in the order of terms; what is beyond costs more than it finds. */
export const mostLookedAt = 2_000;

const mostCompletions = 8;
const mostCorrections = 3;
/** Shorter words are near to too many others. */
const shortestMistyped = 5;
/** Letters that a stem may lack of an unfinished word. */
const longestEnding = 4;

/**
 * What is searched for in place of a term that no chunk has: the most frequent terms that begin with it, where it is
 * the unfinished last word of a query; or the stem that it goes beyond; or what is one slip of the finger away (a letter
 * too many, one too few, a wrong one, two that changed places). `vocabulary`: the terms of the index that begin as it does.
 */
export function nearTerms(
	term: string,
	isUnfinished: boolean,
	vocabulary: readonly VocabularyTerm[],
): string[] {
	const ranked = vocabulary.toSorted((a, b) => b.chunks - a.chunks || (a.term < b.term ? -1 : 1));
	const first = (count: number, holds: (other: string) => boolean) =>
		ranked.flatMap((each) => (holds(each.term) ? [each.term] : [])).slice(0, count);
	if (isUnfinished) {
		const completions = first(mostCompletions, (other) => other.startsWith(term));
		if (completions.length > 0) return completions;
		const stems = first(mostLookedAt, (other) => isStemOf(other, term));
		if (stems.length > 0) return stems.toSorted((a, b) => b.length - a.length).slice(0, 1);
	}
	if (term.length < shortestMistyped || !/^\p{L}+$/u.test(term)) return [];
	return first(mostCorrections, (other) => isOneSlipAway(term, other));
}

const isStemOf = (other: string, term: string) =>
	term.startsWith(other) && other.length > sharedBeginning && term.length - other.length <= longestEnding;

function isOneSlipAway(a: string, b: string): boolean {
	const [short, long] = a.length < b.length ? [a, b] : [b, a];
	if (long.length - short.length > 1) return false;
	let at = 0;
	while (at < short.length && short[at] === long[at]) at += 1;
	if (short.slice(at) === long.slice(at + 1)) return true;
	if (short.length < long.length) return false;
	if (short.slice(at + 1) === long.slice(at + 1)) return true;
	return (
		short[at] === long[at + 1] && short[at + 1] === long[at] && short.slice(at + 2) === long.slice(at + 2)
	);
}

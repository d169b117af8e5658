/** A term that is in an index, and how many chunks have it. */
export interface VocabularyTerm {
	readonly term: string;
	readonly chunks: number;
}

/** Of a word's stand-ins are only looked at those that begin as it does, so many characters long. */
export const sharedBeginning = 3;
/** As many of them, in the order of terms; what is beyond costs more than it finds. */
const mostLookedAt = 2_000;
/** Of all words of a query together, and words: a text that is pasted in has many that no index knows. */
const mostOfQuery = 6_000;
const mostWords = 8;

const mostCompletions = 8;
const mostCorrections = 3;
/** Shorter words are near to too many others. */
const shortestMistyped = 5;
/** Letters that a stem may lack of an unfinished word. */
const longestEnding = 4;

/**
 * Which of a query's terms that no chunk has are looked for in the vocabulary, and at how many terms of it each: the
 * unfinished word first, then the others in their order. What a query costs is bounded, however many words it has.
 */
export function looksOf(unknown: readonly string[], beginning: string | null): ReadonlyMap<string, number> {
	const hopeful = unknown.filter((term) => term === beginning || mayBeMistyped(term));
	const first = hopeful.toSorted((a, b) => Number(b === beginning) - Number(a === beginning));
	const chosen = first.slice(0, mostWords).filter(({ length }) => length >= sharedBeginning);
	const each = Math.min(mostLookedAt, Math.floor(mostOfQuery / Math.max(1, chosen.length)));
	return new Map(chosen.map((term) => [term, each]));
}

const mayBeMistyped = (term: string) => term.length >= shortestMistyped && /^\p{L}+$/u.test(term);

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
	const first = (count: number, holds: (other: string) => boolean) =>
		vocabulary
			.filter((each) => holds(each.term))
			.sort((a, b) => b.chunks - a.chunks || (a.term < b.term ? -1 : 1))
			.slice(0, count)
			.map((each) => each.term);
	if (isUnfinished) {
		const completions = first(mostCompletions, (other) => other.startsWith(term));
		if (completions.length > 0) return completions;
		const stems = first(vocabulary.length, (other) => isStemOf(other, term));
		if (stems.length > 0) return stems.toSorted((a, b) => b.length - a.length).slice(0, 1);
	}
	return mayBeMistyped(term) ? first(mostCorrections, (other) => isOneSlipAway(term, other)) : [];
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

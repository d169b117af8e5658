import { limits } from '../contract/limits.ts';
import { termsOf } from './stems.ts';
import { tokenize } from './tokenize.ts';

/** What a query asks of the words of a passage. Where a word is more than one term, they are in the order of the text. */
export interface QueryWords {
	/** What is wanted, as text: for the embedder. */
	readonly text: string;
	/** Any of them may be there. */
	readonly terms: readonly string[];
	/** The same words as they were terms before there were stems, where that is another form. */
	readonly earlier: readonly string[];
	/** Each of them must be there, its terms one after the other. */
	readonly phrases: readonly Phrase[];
	/** None of them may be there. */
	readonly without: readonly Phrase[];
	/** The last word as far as it was typed; null where it is finished, or too short to tell what it will be. */
	readonly beginning: string | null;
}
type Phrase = readonly string[];

/** Shorter ones begin too many words. */
const shortestBeginning = 3;

/**
 * A minus, what stands in quotes; or a word behind a minus. Before a digit that is a sign, before less than four letters the option
 * of a command (`docker run -it`), and at the start of a further line the mark of a list.
 */
const MARKED = /(?<![^\s(])(?:(-?)"([^"]*)"|(?<!\n[^\S\n]*)-(?=[\p{L}\p{M}_]{4})(\S+))/gu;
const QUOTES = /[\u201c-\u201f\uff02]/g;
const LAST_WORD = /(?<![\p{L}\p{M}\p{N}_])[\p{L}\p{M}\p{N}_]+$/u;

/**
 * Reads what somebody has typed. Pure, and every text is a query:
 *
 * - Words: any of them may be in a passage. The last one may be unfinished, unless something stands behind it.
 * - `"in quotes"`: must be in it as it stands there. A quote that is not closed, or within a word, is none.
 * - `-word` of four letters or more, `-"in quotes"`: must not be in it. Where nothing else is asked for (`-Wall`), these are words like others.
 *
 * Of a long query the first different words count, and as many of what must and must not be there.
 */
export function parseQuery(query: string): QueryWords {
	const phrases: Phrase[] = [];
	const without: Phrase[] = [];
	const typed = query.replace(QUOTES, '"');
	const wanted = typed.replace(MARKED, (_, minus: string, quoted: string | undefined, word: string) => {
		const isWanted = quoted !== undefined && minus === '';
		(isWanted ? phrases : without).push(termsOf(quoted ?? word));
		return isWanted ? quoted : ' ';
	});
	const terms = termsOf(wanted);
	if (terms.length === 0 && without.some(({ length }) => length > 0)) return plainQuery(typed);
	const last = LAST_WORD.exec(typed)?.[0] ?? '';
	const beginning = wanted.endsWith(last) ? beginningOf(last) : null;
	return {
		text: wanted.trim(),
		terms: firstTerms(terms),
		earlier: earlierTerms(wanted),
		phrases: firstPhrases(phrases),
		without: firstPhrases(without),
		// Signs before it may make another term of it.
		beginning: beginning !== null && terms.includes(beginning) ? beginning : null,
	};
}

const plainQuery = (text: string): QueryWords => ({
	...{ text: text.trim(), terms: firstTerms(termsOf(text)), earlier: earlierTerms(text) },
	...{ phrases: [], without: [], beginning: null },
});

/** What an index does for a query grows faster than its terms. */
const firstTerms = (terms: readonly string[]) => [...new Set(terms)].slice(0, limits.searchTerms);

const earlierTerms = (text: string) =>
	firstTerms(tokenize(text).filter((term) => !termsOf(term).includes(term)));

function firstPhrases(phrases: readonly Phrase[]): Phrase[] {
	let room: number = limits.searchTerms;
	return phrases.filter(({ length }) => length > 0 && (room -= length) >= 0);
}

function beginningOf(word: string): string | null {
	const [whole = ''] = termsOf(word);
	return whole.length < shortestBeginning ? null : whole;
}

/** Whether a passage with these terms has all that must be in it and nothing that must not. */
export function holdsWords(
	terms: readonly string[],
	{ phrases, without }: Pick<QueryWords, 'phrases' | 'without'>,
): boolean {
	const has = (phrase: Phrase) =>
		terms.some((term, at) => term === phrase[0] && phrase.every((part, next) => terms[at + next] === part));
	return phrases.every(has) && !without.some(has);
}

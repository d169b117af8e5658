import stem from 'wink-porter2-stemmer';
import { tokenize } from './tokenize.ts';

/**
 * The terms that full-text search knows of a text, in its order: both what an index holds and what a query asks for.
 * They are the tokenizer's, with plain words (ASCII letters, three or more) reduced to their stem by Porter's second
 * English stemmer (snowballstem.org): connected, connection and connecting are connect. It is the same for a text of
 * any language, as no language is told: endings of others that look English go alike on both sides.
 */
export const termsOf = (text: string): string[] => tokenize(text).map(stemOf);

/** Grows whenever the same text may give other terms. */
export const TERMS_VERSION = 3;

const PLAIN = /^[a-z]{3,}$/;

/** The stemmer takes some microseconds a word, and a text has the same words again and again. */
const known = new Map<string, string>();
const mostKnown = 50_000;

function stemOf(term: string): string {
	if (!PLAIN.test(term)) return term;
	const before = known.get(term);
	if (before !== undefined) return before;
	if (known.size >= mostKnown) known.clear();
	const stemmed = stem(term);
	known.set(term, stemmed);
	return stemmed;
}

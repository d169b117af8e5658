import { limits } from '../../contract/limits.ts';
import { isUnspacedTerm, partsOf, termsOf } from '../../chunking/index.ts';

export interface Highlight {
	readonly start: number;
	readonly end: number;
}

const runs = /[\p{L}\p{M}\p{N}_]+/gu;
/** A character with the marks that belong to it, also those of half width. */
const characters = /.[\p{M}\uff9e\uff9f]*/gsu;

/**
 * Says where in a text words of the query stand: those that give one of the query's terms, as the index knows them. Of
 * one answer, whose texts share most of their words: each different word is looked at once. Pure.
 *
 * Of scripts without spaces the terms are characters and pairs of neighbours (tokenize.ts), and a run of letters is a
 * sentence: there the pairs of the query are shown, next to one another as one place. A character of the query that is
 * in one of its pairs counts as a part of it alone, or each 京 would be shown for 東京.
 */
export function highlighter(terms: ReadonlySet<string>): (content: string) => Highlight[] {
	const known = new Map<string, boolean>();
	const isWanted = (word: string): boolean => {
		const before = known.get(word);
		if (before !== undefined) return before;
		const found = termsOf(word).some((term) => terms.has(term));
		known.set(word, found);
		return found;
	};
	const unspaced = unspacedOf(terms);
	return (content) => {
		const found: Highlight[] = [];
		for (const { 0: run, index: start } of content.matchAll(runs)) {
			for (const { text, index, isUnspaced } of partsOf(run)) {
				const at = start + index;
				if (isUnspaced) found.push(...placesOf(text, at, unspaced));
				else if (isWanted(text)) found.push({ start: at, end: at + text.length });
			}
			if (found.length >= limits.highlights) break;
		}
		return found.slice(0, limits.highlights);
	};
}

interface Unspaced {
	readonly pairs: ReadonlySet<string>;
	/** That are in none of the pairs. */
	readonly singles: ReadonlySet<string>;
}

function unspacedOf(terms: ReadonlySet<string>): Unspaced {
	const all = [...terms].filter(isUnspacedTerm);
	const pairs = all.filter((term) => [...term].length === 2);
	const paired = new Set(pairs.flatMap((pair) => [...pair]));
	return { pairs: new Set(pairs), singles: new Set(all.filter((term) => !paired.has(term))) };
}

/** Neighbours that are both shown are one place. */
function placesOf(text: string, offset: number, { pairs, singles }: Unspaced): Highlight[] {
	if (pairs.size === 0 && singles.size === 0) return [];
	const found: { start: number; end: number }[] = [];
	let before: { readonly folded: string; readonly start: number } | null = null;
	for (const { 0: character, index } of text.matchAll(characters)) {
		const folded = character.normalize('NFKC').toLowerCase();
		const start = offset + index;
		const isPair = before !== null && pairs.has(before.folded + folded);
		if (isPair || singles.has(folded)) {
			const from = isPair && before !== null ? before.start : start;
			const last = found.at(-1);
			if (last !== undefined && last.end >= from) last.end = start + character.length;
			else found.push({ start: from, end: start + character.length });
		}
		before = { folded, start };
	}
	return found;
}

import { limits } from '../../contract/limits.ts';
import { termsOf } from '../../chunking/index.ts';

export interface Highlight {
	readonly start: number;
	readonly end: number;
}

const words = /[\p{L}\p{M}\p{N}_]+/gu;

/**
 * Says where in a text words of the query stand: those that give one of the query's terms, as the index knows them. Of
 * one answer, whose texts share most of their words: each different word is looked at once. Pure.
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
	return (content) => {
		const found: Highlight[] = [];
		for (const { 0: word, index } of content.matchAll(words)) {
			if (!isWanted(word)) continue;
			found.push({ start: index, end: index + word.length });
			if (found.length === limits.highlights) break;
		}
		return found;
	};
}

import type { SearchHit } from '../contract/search-schema.ts';

/** Of a found passage: what is marked, and what its score is made of. Pure. */
/** What of the text is marked and what is not, in order; places that are none are passed over. */
export function pieces(
	text: string,
	places: readonly { readonly start: number; readonly end: number }[],
): { readonly text: string; readonly isMarked: boolean }[] {
	const found: { text: string; isMarked: boolean }[] = [];
	let at = 0;
	for (const { start, end } of places.toSorted((a, b) => a.start - b.start)) {
		if (start < at || end <= start || end > text.length) continue;
		if (start > at) found.push({ text: text.slice(at, start), isMarked: false });
		found.push({ text: text.slice(start, end), isMarked: true });
		at = end;
	}
	if (at < text.length) found.push({ text: text.slice(at), isMarked: false });
	return found;
}

export function scoreParts({ explain }: Pick<SearchHit, 'explain'>): string {
	if (explain === undefined) return '';
	const part = (name: string, place: { rank: number; score: number } | null) =>
		place === null ? `${name}: not in the list` : `${name}: place ${place.rank} (${place.score.toFixed(2)})`;
	return [part('By words', explain.text), part('by meaning', explain.dense)].join(' · ');
}

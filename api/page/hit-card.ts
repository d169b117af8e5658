import type { SearchHit } from '../contract/search-schema.ts';
import { h } from './dom.ts';

/** One found passage: where it stands, its text with the words of the query marked, and what its score is made of. */
export function hitCard(hit: SearchHit, tenant: string): HTMLElement {
	const { docId, title, path, heading, page, content, score } = hit;
	// Headings begin with the title where the document names itself.
	const isNamed = title === null || (heading ?? '').startsWith(title);
	const where = [isNamed ? null : title, heading, page === null ? null : `page ${page}`].filter(
		(part) => part !== null && part !== '',
	);
	return h(
		'li',
		{ class: 'hit' },
		h(
			'div',
			{ class: 'head' },
			h('h3', {}, h('a', { href: documentLink(tenant, docId) }, path === '' || path === null ? docId : path)),
			h('meter', { min: 0, max: 1, value: score, 'aria-label': 'Score', title: `Score ${score.toFixed(2)}` }),
			h('span', { class: 'percent' }, score.toFixed(2)),
		),
		where.length > 0 && h('p', { class: 'soft' }, where.join(' › ')),
		h('p', { class: 'passage' }, ...marked(content, hit.highlights ?? [])),
		h('p', { class: 'soft parts' }, scoreParts(hit)),
	);
}

export const documentLink = (tenant: string, docId: string): string =>
	`#/documents?tenant=${encodeURIComponent(tenant)}&open=${encodeURIComponent(docId)}`;

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

const marked = (text: string, places: NonNullable<SearchHit['highlights']>) =>
	pieces(text, places).map((piece) => (piece.isMarked ? h('mark', {}, piece.text) : piece.text));

export function scoreParts({ explain }: Pick<SearchHit, 'explain'>): string {
	if (explain === undefined) return '';
	const part = (name: string, place: { rank: number; score: number } | null) =>
		place === null ? `${name}: not in the list` : `${name}: place ${place.rank} (${place.score.toFixed(2)})`;
	return [part('By words', explain.text), part('by meaning', explain.dense)].join(' · ');
}

import type { SearchHit } from '../contract/search-schema.ts';
import { h } from './dom.ts';
import { pieces, scoreParts } from './hit-words.ts';

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

const marked = (text: string, places: NonNullable<SearchHit['highlights']>) =>
	pieces(text, places).map((piece) => (piece.isMarked ? h('mark', {}, piece.text) : piece.text));

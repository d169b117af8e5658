import type { PreviewResponse } from '../contract/preview-schema.ts';
import { chunkItem } from './chunk-list.ts';
import { h } from './dom.ts';
import { bytes, count } from './figures.ts';

/** What publishing a file would do, and what it would be found by. */
const mostShown = 50;

const against: Readonly<Record<PreviewResponse['state'], string>> = {
	new: 'It is new.',
	changed: 'It differs from what is in the index.',
	unchanged: 'The index holds it as it is.',
	deleted: 'It would be deleted.',
};

export function previewCard(preview: PreviewResponse): HTMLElement {
	const { state, title, mimeType, charset, warnings, diff, chunks } = preview;
	const read = [mimeType ?? 'unknown type', ...(charset === null ? [] : [charset]), bytes(preview.bytes)];
	const shown = chunks.slice(0, mostShown);
	return h(
		'div',
		{ class: 'preview' },
		h('p', {}, h('strong', {}, title ?? preview.docId), ' ', h('span', { class: 'soft' }, read.join(' · '))),
		h(
			'p',
			{},
			`${against[state]} Publishing would add ${count(diff.added, 'passage')}, keep ${diff.kept}, remove ${diff.removed}, and embed ${count(diff.embeddings, 'text')}.`,
		),
		...warnings.map((warning) => h('p', { class: 'notice warn' }, warning)),
		h('ol', { class: 'chunks' }, ...shown.map(chunkItem)),
		chunks.length > shown.length &&
			h('p', { class: 'soft' }, `and ${count(chunks.length - shown.length, 'passage')} more`),
	);
}

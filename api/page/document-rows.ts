import type { DocumentView } from '../contract/document-schema.ts';
import { h } from './dom.ts';
import { bytes, count, dateTime } from './figures.ts';
import type { Tone } from './tone.ts';

/** How documents are shown in a list, and what their states mean. */
export const states: Readonly<Record<DocumentView['state'], { readonly tone: Tone; readonly text: string }>> =
	{
		published: { tone: 'ok', text: 'in the index' },
		deleted: { tone: 'idle', text: 'deleted' },
		accepted: { tone: 'busy', text: 'waits' },
		processing: { tone: 'busy', text: 'in work' },
		retrying: { tone: 'warn', text: 'tried again' },
		failed: { tone: 'bad', text: 'failed' },
	};

export const stateChip = (state: DocumentView['state']): HTMLElement =>
	h('span', { class: `state ${states[state].tone}` }, states[state].text);

export function documentRow(
	document: DocumentView,
	{ open, retry }: { readonly open: () => void; readonly retry: () => void },
): HTMLElement {
	const { docId, title, state, published, error, acceptedAt } = document;
	return h(
		'tr',
		{ 'data-doc': docId },
		h(
			'td',
			{ class: 'name' },
			h('button', { type: 'button', class: 'link', onclick: open }, docId),
			title !== null && title !== '' && h('span', { class: 'soft' }, title),
			error !== null && h('span', { class: 'why' }, error.message),
		),
		h('td', {}, stateChip(state)),
		h(
			'td',
			{ class: 'soft' },
			published === null ? '' : `${count(published.chunks, 'passage')}, ${bytes(published.bytes)}`,
		),
		h('td', { class: 'soft' }, dateTime(published?.publishedAt ?? acceptedAt)),
		h(
			'td',
			{},
			state === 'failed' &&
				h('button', { type: 'button', onclick: retry, 'aria-label': `Retry ${docId}` }, 'Retry'),
		),
	);
}

import type { ChunkView, DocumentView } from '../contract/document-schema.ts';
import type { JobView } from '../contract/job-schema.ts';
import { ask, query } from './ask-api.ts';
import { chunkItem } from './chunk-list.ts';
import { stateChip } from './document-rows.ts';
import { h, replaceContent } from './dom.ts';
import { showingFaults } from './fault-note.ts';
import { bytes, count, dateTime } from './figures.ts';
import { retryOne } from './retry-failed.ts';
import type { Page } from './view.ts';

/** One document: how it is and why, what it is found by, and what became of each change. */
const chunksAtATime = 20;

interface History {
	readonly document: DocumentView | null;
	readonly jobs: readonly JobView[];
}

export function createDocumentDialog(page: Page, onChanged: () => void) {
	const content = h('div', { class: 'content' });
	const heading = h('h2', { id: 'document-name' });
	const node = h(
		'dialog',
		{ class: 'sheet', 'aria-labelledby': 'document-name' },
		h(
			'div',
			{ class: 'head' },
			heading,
			h(
				'button',
				{ type: 'button', class: 'quiet', onclick: () => node.close(), 'aria-label': 'Close' },
				'Close',
			),
		),
		content,
	);
	let shown = new AbortController();
	node.addEventListener('close', () => shown.abort());
	// A click beside the sheet closes it.
	node.addEventListener('click', (event) => event.target === node && node.close());

	async function load(tenant: string, docId: string): Promise<void> {
		const { signal } = shown;
		const { document, jobs } = await ask<History>(`v1/documents/history?${query({ tenant, docId })}`, {
			signal,
		});
		const chunks = h('ol', { class: 'chunks' });
		const foot = h('div', { class: 'foot' });
		const moreChunks = async (after: string | null): Promise<void> => {
			const found = await ask<{ chunks: ChunkView[]; next: string | null }>(
				`v1/documents/chunks?${query({ tenant, docId, after, limit: chunksAtATime })}`,
				{ signal },
			);
			chunks.append(...found.chunks.map(chunkItem));
			const { next } = found;
			replaceContent(
				foot,
				next !== null &&
					h(
						'button',
						{ type: 'button', onclick: () => showingFaults(foot, signal, () => moreChunks(next)) },
						'More passages',
					),
			);
		};
		const retry = () =>
			showingFaults(answer, signal, async () => {
				if (document === null) return;
				await retryOne(document);
				page.say(`${docId} is tried again`);
				onChanged();
				await load(tenant, docId);
			});
		const answer = h('div');
		replaceContent(
			content,
			...(document === null ? [] : stateOfDocument(document, retry)),
			answer,
			h('h3', {}, 'Passages as they were cut'),
			(document?.published ?? null) === null && h('p', { class: 'empty' }, 'The index holds nothing of it.'),
			chunks,
			foot,
			h('h3', {}, 'Changes, newest first'),
			h('ol', { class: 'jobs' }, ...jobs.map(jobItem)),
		);
		if ((document?.published ?? null) !== null) await moreChunks(null);
	}

	return {
		node,
		open(tenant: string, docId: string): void {
			shown.abort();
			shown = new AbortController();
			replaceContent(heading, docId);
			replaceContent(content, h('p', { class: 'soft' }, 'Loading…'));
			if (!node.open) node.showModal();
			showingFaults(content, shown.signal, () => load(tenant, docId));
		},
		close: () => node.close(),
	};
}

function stateOfDocument(document: DocumentView, retry: () => void): HTMLElement[] {
	const { state, error, published, sourceName, sourceId, version, mimeType, path, title, attempts } =
		document;
	const facts: [string, string | null][] = [
		['Title', title],
		['Path', path],
		['Type', mimeType],
		['Owner', sourceName ?? sourceId],
		['Version', String(version)],
		['Accepted', dateTime(document.acceptedAt)],
		['Published', published === null ? null : dateTime(published.publishedAt)],
		[
			'Content',
			published === null ? null : `${bytes(published.bytes)}, ${count(published.chunks, 'passage')}`,
		],
		['Failed tries', attempts === 0 ? null : String(attempts)],
	];
	return [
		h('p', {}, stateChip(state)),
		...(error === null
			? []
			: [
					h(
						'div',
						{ class: `notice ${state === 'failed' ? 'bad' : 'warn'}` },
						h('p', {}, h('strong', {}, error.message), ' ', h('code', {}, error.code)),
						state === 'failed' && h('button', { type: 'button', onclick: retry }, 'Retry'),
					),
				]),
		h(
			'dl',
			{ class: 'facts' },
			...facts.map(([name, value]) =>
				value === null || value === '' ? false : h('div', {}, h('dt', {}, name), h('dd', {}, value)),
			),
		),
	];
}

function jobItem({ op, state, acceptedAt, error, detail }: JobView): HTMLElement {
	const done =
		detail === null
			? []
			: (['added', 'kept', 'removed'] as const).flatMap((what) =>
					detail[what] === undefined ? [] : [`${detail[what]} ${what}`],
				);
	return h(
		'li',
		{},
		h('span', {}, `${op === 'put' ? 'Change' : 'Deletion'}, ${state}`),
		' ',
		h('span', { class: 'soft' }, [dateTime(acceptedAt), ...done].join(' · ')),
		error !== null && h('span', { class: 'why' }, `${error.message} (${error.code})`),
		...(detail?.warnings ?? []).map((warning) => h('span', { class: 'soft' }, warning)),
	);
}

import type { DocumentView } from '../contract/document-schema.ts';
import { ask, query as queryOf } from './ask-api.ts';
import { createDocumentDialog } from './document-dialog.ts';
import { documentRow, states } from './document-rows.ts';
import { h, replaceContent, setText } from './dom.ts';
import { showingFaults } from './fault-note.ts';
import { count } from './figures.ts';
import { createFilterFields } from './filter-fields.ts';
import { retryAll, retryOne } from './retry-failed.ts';
import type { Page, View } from './view.ts';

/** A tenant's documents, a page at a time: however many there are, no more than a page of them is in the browser. */
const perPage = 50;

export function createDocumentsView(page: Page): View {
	const { tenants } = page;
	const state = h(
		'select',
		{ onchange: () => first() },
		h('option', { value: '' }, 'Any'),
		...Object.entries(states).map(([value, { text }]) => h('option', { value }, text)),
	);
	const prefix = h('input', {
		type: 'search',
		placeholder: 'reports/2026',
		autocomplete: 'off',
		onchange: () => first(),
	});
	const filter = createFilterFields(() => first());
	const slot = h('div', { class: 'slot' });
	const rows = h('tbody');
	const summary = h('p', { class: 'soft', role: 'status' });
	const fault = h('div');
	const previous = h('button', { type: 'button', onclick: () => turn(-1) }, 'Previous');
	const next = h('button', { type: 'button', onclick: () => turn(1) }, 'Next');
	const retryEach = h(
		'button',
		{ type: 'button', hidden: true, onclick: () => retryEvery() },
		'Retry all failed',
	);
	const dialog = createDocumentDialog(page, () => load());
	let signal: AbortSignal = AbortSignal.abort();
	let last = new AbortController();
	/** Where each page begins, as far as pages are known; null: there is none. */
	let places: (string | null)[] = [''];
	let at = 0;

	function first(): void {
		places = [''];
		at = 0;
		load();
	}
	function turn(by: 1 | -1): void {
		at += by;
		load();
	}

	function load(): void {
		if (signal.aborted || tenants.current() === '') return;
		last.abort();
		last = new AbortController();
		const both = AbortSignal.any([signal, last.signal]);
		showingFaults(fault, both, async () => {
			const tenant = tenants.current();
			const wanted = {
				tenant,
				state: state.value,
				prefix: prefix.value,
				limit: perPage,
				after: places[at] ?? '',
			};
			const found = await ask<{ documents: DocumentView[]; next: string | null }>(
				`v1/documents?${queryOf({ ...wanted, filter: filterText() })}`,
				{ signal: both },
			);
			replaceContent(fault);
			draw(found.documents);
			places[at + 1] = found.next;
			previous.disabled = at === 0;
			next.disabled = found.next === null;
			previous.hidden = next.hidden = previous.disabled && next.disabled;
			retryEach.hidden = !found.documents.some((one) => one.state === 'failed');
			setText(
				summary,
				found.documents.length === 0
					? `No documents of tenant ${tenant} are like that.`
					: `Page ${at + 1}, ${count(found.documents.length, 'document')}`,
			);
		});
	}

	/** As it was typed where it is not JSON: the API says what is wrong. */
	function filterText(): string {
		try {
			const read = filter.read();
			return read === null ? '' : JSON.stringify(read);
		} catch {
			return '{';
		}
	}

	function draw(documents: readonly DocumentView[]): void {
		const focused = document.activeElement?.closest('tr')?.dataset['doc'];
		replaceContent(
			rows,
			...documents.map((one) =>
				documentRow(one, {
					open: () => dialog.open(one.tenant, one.docId),
					retry: () =>
						showingFaults(fault, signal, async () => {
							await retryOne(one);
							page.say(`${one.docId} is tried again`);
							load();
						}),
				}),
			),
		);
		if (focused === undefined) return;
		const same = [...rows.children].find((row) => (row as HTMLElement).dataset['doc'] === focused);
		same?.querySelector('button')?.focus();
	}

	function retryEvery(): void {
		retryEach.disabled = true;
		showingFaults(fault, signal, async () => {
			try {
				const onProgress = ({ tried }: { tried: number }) =>
					setText(summary, `${count(tried, 'document')} tried again…`);
				const { tried, refused } = await retryAll(tenants.current(), { onProgress, signal });
				page.say(
					`${count(tried, 'document')} tried again` +
						(refused === 0 ? '' : `; ${count(refused, 'other')} could not be, and must be sent again`),
				);
			} finally {
				retryEach.disabled = false;
			}
			load();
		});
	}

	return {
		title: 'Documents',
		node: h(
			'div',
			{ class: 'view' },
			h('h1', {}, 'Documents'),
			h(
				'form',
				{ class: 'toolbar', onsubmit: (event: Event) => (event.preventDefault(), first()) },
				h(
					'div',
					{ class: 'fields' },
					slot,
					h('label', { class: 'field' }, h('span', {}, 'State'), state),
					h('label', { class: 'field' }, h('span', {}, 'Name begins with'), prefix),
				),
				filter.node,
			),
			h('div', { class: 'head' }, summary, retryEach),
			fault,
			h(
				'table',
				{},
				h(
					'thead',
					{},
					h(
						'tr',
						{},
						...['Document', 'State', 'In the index', 'When', ''].map((name) =>
							h('th', { scope: 'col' }, name === '' ? h('span', { class: 'unseen' }, 'Act') : name),
						),
					),
				),
				rows,
			),
			h(
				'div',
				{ class: 'foot' },
				previous,
				next,
				h('button', { type: 'button', class: 'quiet', onclick: () => load() }, 'Refresh'),
			),
			dialog.node,
		),
		show({ query, signal: shown }) {
			signal = shown;
			slot.append(tenants.node);
			tenants.onChoice(first, signal);
			signal.addEventListener('abort', () => dialog.close(), { once: true });
			const [tenant, wanted, open] = [query.get('tenant'), query.get('state'), query.get('open')];
			if (tenant !== null) tenants.choose(tenant);
			if (wanted !== null) state.value = wanted;
			first();
			if (open !== null) tenants.whenNamed(() => dialog.open(tenants.current(), open), signal);
		},
	};
}

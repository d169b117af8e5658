import type { SearchResponse } from '../contract/search-schema.ts';
import { ask } from './ask-api.ts';
import { h, replaceContent, setText } from './dom.ts';
import { showingFaults } from './fault-note.ts';
import { count } from './figures.ts';
import { createFilterFields } from './filter-fields.ts';
import { hitCard } from './hit-card.ts';
import type { Page, View } from './view.ts';

/** Questions to a tenant's documents. */
const perPage = 10;

export function createSearchView({ tenants }: Page): View {
	const question = h('input', {
		...{ type: 'search', name: 'query', required: true, maxlength: 8_192, autocomplete: 'off' },
		...{ placeholder: 'Words, a question, "words in quotes", -without', 'aria-label': 'Search for' },
	});
	const mode = h(
		'select',
		{},
		h('option', { value: 'hybrid' }, 'Words and meaning'),
		h('option', { value: 'text' }, 'Words'),
		h('option', { value: 'dense' }, 'Meaning'),
	);
	const once = h('input', { type: 'checkbox' });
	const filter = createFilterFields(() => {});
	const slot = h('div', { class: 'slot' });
	const summary = h('p', { class: 'soft', role: 'status' });
	const results = h('ol', { class: 'hits' });
	const foot = h('div', { class: 'foot' });
	let shown: AbortSignal = AbortSignal.abort();
	let last = new AbortController();

	async function search(offset: number): Promise<void> {
		last.abort();
		last = new AbortController();
		const signal = AbortSignal.any([shown, last.signal]);
		const tenant = tenants.current();
		const request = {
			...{ tenant, query: question.value, mode: mode.value, limit: perPage, offset },
			...{ highlight: true, explain: true, groupByDocument: once.checked },
			...readFilter(),
		};
		setText(summary, 'Searching…');
		replaceContent(foot);
		if (offset === 0) replaceContent(results);
		const found = await ask<SearchResponse>('v1/search', { body: request, signal });
		results.append(...found.results.map((hit) => hitCard(hit, tenant)));
		const shownHits = offset + found.results.length;
		setText(
			summary,
			shownHits === 0
				? `Nothing of tenant ${tenant} is like that.`
				: `${count(shownHits, 'passage')} in ${Math.round(found.tookMs)} ms${found.hint === null ? '' : `. ${found.hint}`}`,
		);
		const { next } = found;
		if (next !== null) foot.append(h('button', { type: 'button', onclick: () => run(next) }, 'More'));
	}

	function readFilter(): { filter?: Record<string, unknown> } {
		const read = filter.read();
		return read === null ? {} : { filter: read };
	}

	function run(offset: number): void {
		const signal = shown;
		showingFaults(foot, signal, async () => {
			try {
				await search(offset);
			} catch (error) {
				if (signal.aborted || (error instanceof DOMException && error.name === 'AbortError')) return;
				setText(summary, '');
				if (!(error instanceof SyntaxError)) throw error;
				replaceContent(
					foot,
					h('p', { class: 'notice bad', role: 'alert' }, 'The filter must be well-formed JSON.'),
				);
			}
		});
	}

	const form = h(
		'form',
		{ role: 'search', class: 'toolbar', onsubmit: (event: Event) => (event.preventDefault(), run(0)) },
		h('div', { class: 'ask' }, question, h('button', { class: 'main' }, 'Search')),
		h(
			'div',
			{ class: 'fields' },
			slot,
			h('label', { class: 'field' }, h('span', {}, 'By'), mode),
			h('label', { class: 'check' }, once, ' Each document once'),
		),
		filter.node,
	);
	return {
		title: 'Search',
		node: h('div', { class: 'view' }, h('h1', {}, 'Search'), form, summary, results, foot),
		show({ query, signal }) {
			shown = signal;
			slot.append(tenants.node);
			const asked = query.get('q');
			if (asked === null) return question.focus();
			question.value = asked;
			tenants.whenNamed(() => run(0), signal);
		},
	};
}

import type { Overview } from '../contract/overview-schema.ts';
import { h, keyedList, replaceContent, setClass, setText, type Row } from './dom.ts';
import { bytes, count, number } from './figures.ts';
import { createFlowPicture } from './flow-picture.ts';
import { createFolderCards } from './folder-cards.ts';
import { headline, type Said, troubles } from './overview-words.ts';
import { createTenantBars } from './tenant-bars.ts';
import { createTrendPlots } from './trend-plots.ts';
import type { Page, View } from './view.ts';

/** Everything at a glance. */
export function createOverviewView(page: Page): View {
	const title = h('h1');
	const more = h('p', { class: 'soft' });
	const dot = h('span', { class: 'dot', 'aria-hidden': 'true' });
	const troubleList = h('ul', { class: 'troubles', 'aria-label': 'What needs a look' });
	const drawTroubles = keyedList<Said>(troubleList, ({ text }) => text, troubleRow);
	const flow = createFlowPicture();
	const facts = h('dl', { class: 'facts' });
	const trends = createTrendPlots();
	const tenants = createTenantBars();
	const moreTenants = h('p', {}, h('a', { href: '#/tenants' }, 'All tenants'));
	const folders = createFolderCards(page);
	const noFolders = h(
		'p',
		{ class: 'empty' },
		'No folder is followed. Start DocDrop with a folder, or let a workflow of n8n watch one.',
	);
	const moreFolders = h('p', { class: 'soft' });
	const node = h(
		'div',
		{ class: 'view overview' },
		h('div', { class: 'headline' }, dot, h('div', {}, title, more)),
		troubleList,
		flow.node,
		facts,
		h(
			'section',
			{ 'aria-labelledby': 'tenants' },
			h('h2', { id: 'tenants' }, 'Progress by tenant'),
			tenants.node,
			moreTenants,
		),
		h(
			'section',
			{ 'aria-labelledby': 'folders' },
			h('h2', { id: 'folders' }, 'Folders'),
			noFolders,
			folders.node,
			moreFolders,
		),
		trends.node,
	);
	return {
		title: 'Overview',
		node,
		show: ({ signal }) => trends.follow(signal),
		onOverview(overview) {
			const said = headline(overview);
			setText(title, said.text);
			setText(more, said.more ?? '');
			setClass(dot, `dot ${said.tone}`);
			drawTroubles(troubles(overview));
			flow.draw(overview);
			drawFacts(facts, overview);
			tenants.draw(overview.tenants);
			moreTenants.hidden = !overview.moreTenants;
			folders.draw(overview.folders);
			noFolders.hidden = overview.folders.length > 0;
			setText(
				moreFolders,
				overview.moreFolders === 0 ? '' : `and ${count(overview.moreFolders, 'folder')} more`,
			);
		},
	};
}

function troubleRow(): Row<Said> {
	const node = h('li');
	let drawn = '';
	return {
		node,
		update(said) {
			const { tone, text, more, link } = said;
			if (drawn === JSON.stringify(said)) return;
			drawn = JSON.stringify(said);
			setClass(node, `notice ${tone}`);
			replaceContent(
				node,
				h('strong', {}, text),
				more === undefined ? null : ` ${more}`,
				link === undefined ? null : h('a', { href: link.href }, link.text),
			);
		},
	};
}

function drawFacts(node: HTMLElement, { memoryBytes, saved, progress }: Overview): void {
	const facts: [string, string][] = [
		['In the index', `${number(progress.processed)} of ${number(progress.total)}`],
		...(saved === null
			? []
			: ([
					['Saved by coalescing', count(saved.superseded, 'change')],
					['Unchanged, so free', count(saved.unchanged, 'change')],
				] as [string, string][])),
		...(memoryBytes === null ? [] : ([['Memory', bytes(memoryBytes)]] as [string, string][])),
	];
	const text = JSON.stringify(facts);
	if (node.dataset['drawn'] === text) return;
	node.dataset['drawn'] = text;
	replaceContent(node, ...facts.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))));
}

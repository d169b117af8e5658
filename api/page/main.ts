/** The page: its views, which one is shown, and how it is connected. */
import { createAddView } from './add-view.ts';
import { forgetKey, hasKey } from './ask-api.ts';
import { createDocumentsView } from './documents-view.ts';
import { h, setClass, setText } from './dom.ts';
import { createKeyDialog } from './key-dialog.ts';
import { type Connection, followOverview } from './live-overview.ts';
import { createOverviewView } from './overview-view.ts';
import { createSearchView } from './search-view.ts';
import { createTenantChoice } from './tenant-choice.ts';
import { createTenantsView } from './tenants-view.ts';
import type { Page, View } from './view.ts';

const part = <E extends HTMLElement = HTMLElement>(id: string): E => {
	const found = document.getElementById(id);
	if (found === null) throw new Error(`the page has no part ${id}`);
	return found as E;
};

const connections: Readonly<Record<Connection, { readonly tone: string; readonly text: string }>> = {
	connecting: { tone: 'busy', text: 'Connecting' },
	live: { tone: 'ok', text: 'Live' },
	asking: { tone: 'ok', text: 'Every 3 s' },
	away: { tone: 'bad', text: 'No answer' },
	resting: { tone: 'idle', text: 'Resting' },
};

function start(): void {
	const main = part('main');
	const said = h('p', { class: 'said', role: 'status' });
	const page: Page = { tenants: createTenantChoice(), say: (text) => sayFor(said, text) };
	const views: Readonly<Record<string, View>> = {
		overview: createOverviewView(page),
		search: createSearchView(page),
		documents: createDocumentsView(page),
		add: createAddView(page),
		tenants: createTenantsView(),
	};
	const key = createKeyDialog(() => {
		live.restart();
		route();
	});
	document.body.append(said, key.node);
	let leave = new AbortController();

	function route(): void {
		const [name = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?');
		const view = views[name] ?? views['overview'];
		if (view === undefined) return;
		leave.abort();
		leave = new AbortController();
		document.title = `${view.title} · DocDrop`;
		for (const link of document.querySelectorAll('nav a'))
			if (views[link.getAttribute('href')?.slice(2) ?? ''] === view)
				link.setAttribute('aria-current', 'page');
			else link.removeAttribute('aria-current');
		if (view.node.parentElement === null || main.firstElementChild !== view.node)
			main.replaceChildren(view.node);
		part('forget-key').hidden = !hasKey();
		view.show({ query: new URLSearchParams(query), signal: leave.signal });
	}

	const connection = part('connection');
	const live = followOverview({
		onOverview(overview) {
			page.tenants.know({ only: overview.tenant, unsaid: overview.defaultTenant });
			for (const view of Object.values(views)) view.onOverview?.(overview);
			setText(part('version'), `DocDrop ${overview.version}`);
			if (performance.getEntriesByName('interactive').length === 0) performance.mark('interactive');
		},
		onConnection(now) {
			setText(connection, connections[now].text);
			setClass(connection, `connection ${connections[now].tone}`);
		},
		onLocked(error) {
			const isWrong = hasKey();
			forgetKey();
			setText(connection, 'Locked');
			setClass(connection, 'connection idle');
			key.ask(isWrong ? error.message : '');
		},
	});
	window.addEventListener('hashchange', () => {
		route();
		main.focus({ preventScroll: true });
		scrollTo(0, 0);
	});
	part('forget-key').addEventListener('click', () => {
		forgetKey();
		location.reload();
	});
	// The hash names a view.
	document.querySelector('a.skip')?.addEventListener('click', (event) => {
		event.preventDefault();
		main.focus();
	});
	live.restart();
	route();
}

let clear = 0;
function sayFor(node: HTMLElement, text: string): void {
	setText(node, text);
	clearTimeout(clear);
	clear = setTimeout(() => setText(node, ''), 6_000);
}

start();

import type { ProgressView } from '../contract/progress-schema.ts';
import { ask, query as queryOf } from './ask-api.ts';
import { h, replaceContent } from './dom.ts';
import { showingFaults } from './fault-note.ts';
import { createTenantBars } from './tenant-bars.ts';
import type { View } from './view.ts';

/** How far the onboarding of each tenant is, page by page. */
const perPage = 25;
const askEveryMs = 2_000;

export function createTenantsView(): View {
	const bars = createTenantBars();
	const fault = h('div');
	const empty = h('p', { class: 'empty', hidden: true }, 'No tenant has documents yet.');
	const previous = h('button', { type: 'button', onclick: () => turn(-1) }, 'Previous');
	const next = h('button', { type: 'button', onclick: () => turn(1) }, 'Next');
	let places: (string | null)[] = [''];
	let at = 0;
	let shown: AbortSignal = AbortSignal.abort();

	async function load(): Promise<void> {
		const page = at;
		const found = await ask<{ tenants: ProgressView[]; next: string | null }>(
			`v1/progress/tenants?${queryOf({ limit: perPage, after: places[page] })}`,
			{ signal: shown },
		);
		if (page !== at) return;
		replaceContent(fault);
		places[page + 1] = found.next;
		bars.draw(found.tenants);
		empty.hidden = found.tenants.length > 0;
		previous.disabled = page === 0;
		next.disabled = found.next === null;
		previous.hidden = next.hidden = previous.disabled && next.disabled;
	}
	function turn(by: 1 | -1): void {
		at += by;
		showingFaults(fault, shown, load);
	}

	return {
		title: 'Tenants',
		node: h(
			'div',
			{ class: 'view' },
			h('h1', {}, 'Tenants'),
			fault,
			empty,
			bars.node,
			h('div', { class: 'foot' }, previous, next),
		),
		show({ signal }) {
			shown = signal;
			places = [''];
			at = 0;
			const again = async (): Promise<void> => {
				await load();
				setTimeout(() => signal.aborted || showingFaults(fault, signal, again), askEveryMs);
			};
			showingFaults(fault, signal, again);
		},
	};
}

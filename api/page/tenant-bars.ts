import type { ProgressView } from '../contract/progress-schema.ts';
import { h, keyedList, setClass, setText, type Row } from './dom.ts';
import { number } from './figures.ts';
import { progressWords } from './progress-words.ts';

/** How far each tenant is: a bar, files a minute, failures, time left. */
export function createTenantBars(): {
	readonly node: HTMLElement;
	draw(tenants: readonly ProgressView[]): void;
} {
	const node = h('ul', { class: 'tenants' });
	return { node, draw: keyedList<ProgressView>(node, ({ tenant }) => tenant ?? '', tenantRow) };
}

function tenantRow(first: ProgressView): Row<ProgressView> {
	const name = first.tenant ?? '';
	const bar = h('progress', { max: 100, 'aria-label': `Progress of ${name}` });
	const percent = h('span', { class: 'percent' });
	const words = h('p', { class: 'soft' });
	const link = h('a', { href: `#/documents?tenant=${encodeURIComponent(name)}` }, name);
	const node = h('li', { 'data-tenant': name }, h('div', { class: 'head' }, link, percent), bar, words);
	return {
		node,
		update(progress) {
			bar.value = progress.percent;
			setClass(bar, progress.pending > 0 ? 'busy' : 'ok');
			setText(percent, `${number(progress.percent)} %`);
			setText(words, progressWords(progress));
		},
	};
}

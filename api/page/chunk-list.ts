import { h } from './dom.ts';

/** Passages as they were cut, or would be. */
interface ShownChunk {
	readonly index: number;
	readonly heading: string | null;
	readonly page: number | null;
	readonly text: string;
	readonly tokens?: number;
	readonly change?: 'added' | 'kept';
}

export function chunkItem({ index, heading, page, text, tokens, change }: ShownChunk): HTMLElement {
	const where = [
		`Passage ${index + 1}`,
		...(heading === null || heading === '' ? [] : [heading]),
		...(page === null ? [] : [`page ${page}`]),
		`${text.length.toLocaleString('en')} characters`,
		...(tokens === undefined ? [] : [`${tokens.toLocaleString('en')} tokens`]),
	];
	return h(
		'li',
		{ class: 'chunk' },
		h(
			'p',
			{ class: 'soft' },
			change === undefined
				? null
				: h(
						'span',
						{ class: `state ${change === 'added' ? 'busy' : 'idle'}` },
						change === 'added' ? 'new' : 'stays',
					),
			' ',
			where.join(' · '),
		),
		h('p', { class: 'passage' }, text),
	);
}

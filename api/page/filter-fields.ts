import { h } from './dom.ts';
import { filterOf } from './filter-of.ts';

/** What documents must be like, in the three ways that people ask for, and as JSON for all the others. */
export interface FilterFields {
	readonly node: HTMLElement;
	/** Null: no filter. Throws a SyntaxError where the JSON is none. */
	read(): Record<string, unknown> | null;
}

export function createFilterFields(onChange: () => void): FilterFields {
	const folder = h('input', { placeholder: 'handbook/', autocomplete: 'off', onchange: onChange });
	const type = h('input', { placeholder: 'application/pdf', autocomplete: 'off', onchange: onChange });
	const json = h('textarea', {
		rows: 2,
		placeholder: '{"author": "Ana"}',
		spellcheck: 'false',
		onchange: onChange,
	});
	const node = h(
		'details',
		{ class: 'filter' },
		h('summary', {}, 'Filter'),
		h(
			'div',
			{ class: 'fields' },
			h('label', { class: 'field' }, h('span', {}, 'Path begins with'), folder),
			h('label', { class: 'field' }, h('span', {}, 'Type'), type),
			h('label', { class: 'field wide' }, h('span', {}, 'Filter as JSON'), json),
		),
	);
	return { node, read: () => filterOf({ folder: folder.value, type: type.value, json: json.value }) };
}

import { keepKey } from './ask-api.ts';
import { h, setText } from './dom.ts';

/** Asks for the key, once for as long as the tab is open. */
export function createKeyDialog(onKey: () => void): { readonly node: HTMLElement; ask(why: string): void } {
	const key = h('input', {
		type: 'password',
		required: true,
		autocomplete: 'off',
		spellcheck: 'false',
		'aria-describedby': 'key-why',
	});
	const why = h('p', { id: 'key-why', role: 'alert' });
	const form = h(
		'form',
		{
			onsubmit: (event: Event) => {
				event.preventDefault();
				keepKey(key.value.trim());
				key.value = '';
				node.close();
				onKey();
			},
		},
		h('h2', { id: 'key-title' }, 'A key, please'),
		h('p', { class: 'soft' }, 'One of DOCDROP_API_KEYS. It stays in this tab, and goes when you close it.'),
		h('label', { class: 'field' }, h('span', {}, 'Key'), key),
		why,
		h('button', { class: 'main' }, 'Open'),
	);
	const node = h('dialog', { class: 'key', 'aria-labelledby': 'key-title' }, form);
	// There is nothing behind it to go back to.
	node.addEventListener('cancel', (event) => event.preventDefault());
	return {
		node,
		ask(reason) {
			setText(why, reason);
			if (!node.open) node.showModal();
			key.focus();
		},
	};
}

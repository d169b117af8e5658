import { type AddedFile, addedFile } from './added-file.ts';
import { docIdOf } from './doc-id-of.ts';
import { h, setText } from './dom.ts';
import { count } from './figures.ts';
import type { Page, View } from './view.ts';

/** Files are dropped, looked at and published. */
const mostAtOnce = 500;
const sentAtATime = 3;

export function createAddView(page: Page): View {
	const { tenants } = page;
	const folder = h('input', { placeholder: 'handbook/', autocomplete: 'off', maxlength: 500 });
	const chooser = h('input', {
		type: 'file',
		multiple: true,
		id: 'files',
		onchange: () => take(chooser.files),
	});
	const list = h('ul', { class: 'added' });
	const summary = h('p', { class: 'soft', role: 'status' });
	const publishAll = h(
		'button',
		{ type: 'button', class: 'main', hidden: true, onclick: () => void sendAll() },
		'Publish all',
	);
	const slot = h('div', { class: 'slot' });
	const added = new Set<AddedFile>();
	const zone = h(
		'div',
		{ class: 'drop' },
		h('p', {}, h('strong', {}, 'Drop files here'), ' or choose them'),
		h('label', { class: 'button', for: 'files' }, 'Choose files'),
		chooser,
		h('p', { class: 'soft' }, 'Nothing is published before you say so.'),
	);

	function take(files: FileList | null): void {
		for (const file of [...(files ?? [])].slice(0, mostAtOnce - added.size)) {
			const one = addedFile(
				file,
				() => ({ tenant: tenants.current(), docId: docIdOf(folder.value, file.name) }),
				(gone) => {
					gone.node.remove();
					added.delete(gone);
					tell();
				},
			);
			added.add(one);
			list.append(one.node);
		}
		chooser.value = '';
		tell();
	}

	function tell(): void {
		setText(summary, added.size === 0 ? '' : count(added.size, 'file'));
		publishAll.hidden = added.size === 0;
	}

	async function sendAll(): Promise<void> {
		publishAll.disabled = true;
		const waiting = [...added].filter((one) => !one.isDone()).values();
		const send = async () => {
			for (const one of waiting) await one.publish();
		};
		await Promise.all(Array.from({ length: sentAtATime }, send));
		publishAll.disabled = false;
		page.say(`${count([...added].filter((one) => one.isDone()).length, 'file')} done`);
	}

	const over = (isOver: boolean) => (event: DragEvent) => {
		event.preventDefault();
		zone.classList.toggle('over', isOver);
	};
	zone.addEventListener('dragover', over(true));
	zone.addEventListener('dragleave', over(false));
	zone.addEventListener('drop', (event) => {
		over(false)(event);
		take(event.dataTransfer?.files ?? null);
	});
	// A file that misses the zone would replace the page.
	for (const type of ['dragover', 'drop'] as const)
		window.addEventListener(type, (event) => event.preventDefault());

	return {
		title: 'Add files',
		node: h(
			'div',
			{ class: 'view' },
			h('h1', {}, 'Add files'),
			h(
				'div',
				{ class: 'toolbar' },
				h(
					'div',
					{ class: 'fields' },
					slot,
					h('label', { class: 'field' }, h('span', {}, 'Put under'), folder),
				),
			),
			zone,
			h('div', { class: 'head' }, summary, publishAll),
			list,
		),
		show: () => slot.append(tenants.node),
	};
}

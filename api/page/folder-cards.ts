import type { FolderView } from '../contract/overview-schema.ts';
import { ask, type ApiError } from './ask-api.ts';
import { h, keyedList, replaceContent, setClass, setText, type Row } from './dom.ts';
import { ago, bytes, count } from './figures.ts';
import type { Tone } from './tone.ts';
import type { Page } from './view.ts';

/** A card for each followed folder: whether it was seen whole, what is left out and why, and what is held back. */
export function createFolderCards(page: Page): {
	readonly node: HTMLElement;
	draw(folders: readonly FolderView[]): void;
} {
	const node = h('ul', { class: 'folders' });
	return {
		node,
		draw: keyedList<FolderView>(
			node,
			({ sourceId, label, workflow }) => JSON.stringify([sourceId, label, workflow]),
			() => folderCard(page),
		),
	};
}

export function stateOf(folder: FolderView): { readonly tone: Tone; readonly text: string } {
	if (folder.trouble !== null) return { tone: 'bad', text: 'needs a look' };
	if (folder.unreadable.length > 0) return { tone: 'bad', text: 'not all readable' };
	if (folder.held !== null) return { tone: 'warn', text: 'deletions paused' };
	if (folder.pending + folder.inFlight > 0 || !folder.isDelivered) return { tone: 'busy', text: 'sending' };
	if (folder.verifiedAt === null) return { tone: 'busy', text: 'looking' };
	return { tone: 'ok', text: 'verified' };
}

function folderCard(page: Page): Row<FolderView> {
	const name = h('h3');
	const state = h('span', { class: 'state' });
	const who = h('p', { class: 'soft' });
	const figures = h('p');
	const trouble = h('p', { class: 'notice bad' });
	const held = h('div', { class: 'notice warn' });
	const details = h('div', { class: 'remarks' });
	const node = h('li', {}, h('div', { class: 'head' }, name, state), who, figures, trouble, held, details);
	/** What stands in the parts that are made anew, so that this happens only when it changes. */
	const drawn = { held: '', details: '' };
	return {
		node,
		update(folder) {
			setText(name, folder.label);
			const { tone, text } = stateOf(folder);
			setText(state, text);
			setClass(state, `state ${tone}`);
			setText(who, whoFollows(folder));
			setText(figures, figuresLine(folder, Date.now()));
			trouble.hidden = folder.trouble === null;
			setText(trouble, folder.trouble ?? '');
			held.hidden = folder.held === null;
			drawOnChange(drawn, 'held', [folder.held, folder.canRelease], () => drawHeld(held, folder, page));
			const { failed, failedCount, restless, skipped, skippedCount, unreadable } = folder;
			drawOnChange(drawn, 'details', [failed, failedCount, restless, skipped, skippedCount, unreadable], () =>
				drawRemarks(details, folder),
			);
		},
	};
}

function drawOnChange<K extends string>(
	drawn: Record<K, string>,
	part: K,
	of: unknown,
	draw: () => void,
): void {
	const next = JSON.stringify(of);
	if (drawn[part] === next) return;
	drawn[part] = next;
	draw();
}

const whoFollows = ({ workflow, tenant, mode }: FolderView): string =>
	[
		workflow === null ? 'followed by this process' : `watched by ${workflow}`,
		tenant === null ? 'several tenants' : `tenant ${tenant}`,
		...(mode === 'poll' ? ['looked through regularly'] : []),
	].join(' · ');

const figuresLine = (
	{ files, bytes: size, pending, inFlight, verifiedAt }: FolderView,
	now: number,
): string =>
	[
		size === null ? count(files, 'file') : `${count(files, 'file')}, ${bytes(size)}`,
		...(pending + inFlight > 0 ? [`${pending + inFlight} on their way`] : []),
		verifiedAt === null ? 'not seen whole yet' : `seen whole ${ago(verifiedAt, now)}`,
	].join(' · ');

function drawHeld(node: HTMLElement, { held, canRelease, sourceId, label }: FolderView, page: Page): void {
	if (held === null) return replaceContent(node);
	const answer = h('p', { role: 'alert' });
	const release = async () => {
		button.disabled = true;
		try {
			const { released } = await ask<{ released: number }>(
				`v1/sources/${encodeURIComponent(sourceId)}/release`,
				{ method: 'POST' },
			);
			page.say(`${count(released, 'deletion')} released in ${label}`);
		} catch (error) {
			setText(answer, (error as ApiError).message);
			button.disabled = false;
		}
	};
	const button = h(
		'button',
		{ type: 'button', onclick: () => void release() },
		`Release ${count(held.count, 'deletion')}`,
	);
	replaceContent(
		node,
		h('p', {}, h('strong', {}, `${count(held.count, 'deletion')} paused: `), held.reason),
		h(
			'p',
			{ class: 'soft' },
			'They go by themselves when the files come back. Released, their documents leave the index.',
		),
		canRelease ? button : h('p', {}, 'Its workflow releases them, by an option of the trigger.'),
		answer,
	);
}

function drawRemarks(node: HTMLElement, folder: FolderView): void {
	const { failed, failedCount, restless, skipped, skippedCount, unreadable } = folder;
	const never = restless.map((relPath) => ({ relPath, reason: 'taken as it is, every so often' }));
	replaceContent(
		node,
		remarks('could not be read', unreadable.length, unreadable),
		remarks('refused', failedCount, failed),
		remarks('left out', skippedCount, skipped),
		remarks('never standing still', restless.length, never),
	);
}

function remarks(what: string, total: number, listed: FolderView['failed']): HTMLElement | false {
	if (total === 0) return false;
	return h(
		'details',
		{},
		h('summary', {}, `${count(total, 'file')} ${what}`),
		h(
			'ul',
			{},
			...listed.map(({ relPath, reason }) =>
				h('li', {}, h('b', {}, relPath === '' ? 'the folder itself' : relPath), ' ', h('span', {}, reason)),
			),
			total > listed.length && h('li', { class: 'soft' }, `and ${total - listed.length} more`),
		),
	);
}

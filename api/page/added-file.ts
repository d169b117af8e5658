import type { Receipt } from '../contract/document-schema.ts';
import type { JobView } from '../contract/job-schema.ts';
import type { PreviewResponse } from '../contract/preview-schema.ts';
import { ask, query } from './ask-api.ts';
import { h, replaceContent, setClass, setText } from './dom.ts';
import { showingFaults } from './fault-note.ts';
import { bytes } from './figures.ts';
import { previewCard } from './preview-card.ts';
import type { Tone } from './tone.ts';

/** A file that was dropped: looked at before it is published, published, and followed until it is in the index. */
export interface AddedFile {
	readonly node: HTMLElement;
	/** Once; resolves when it is in the index, or is not going to be. */
	publish(): Promise<void>;
	readonly isDone: () => boolean;
}

interface Place {
	readonly tenant: string;
	readonly docId: string;
}

const followEveryMs = 500;
const finals = new Set(['published', 'deleted', 'unchanged', 'superseded', 'stale', 'failed', 'canceled']);

export function addedFile(file: File, placeOf: () => Place, onRemove: (added: AddedFile) => void): AddedFile {
	const state = h('span', { class: 'state idle' }, 'not published');
	const answer = h('div');
	const preview = h(
		'button',
		{ type: 'button', onclick: () => showingFaults(answer, null, look) },
		'Preview',
	);
	const publishButton = h('button', { type: 'button', onclick: () => void publish() }, 'Publish');
	const remove = h('button', { type: 'button', class: 'quiet', onclick: () => onRemove(added) }, 'Remove');
	const node = h(
		'li',
		{ 'data-file': file.name },
		h(
			'div',
			{ class: 'head' },
			h('h3', {}, file.name),
			h('span', { class: 'soft' }, bytes(file.size)),
			state,
		),
		h('div', { class: 'actions' }, preview, publishButton, remove),
		answer,
	);
	let work: Promise<void> | null = null;
	const said = { isDone: false };
	const say = (tone: Tone, text: string) => {
		setText(state, text);
		setClass(state, `state ${tone}`);
	};

	async function look(): Promise<void> {
		preview.disabled = true;
		try {
			const content = { base64: await base64Of(file) };
			const found = await ask<PreviewResponse>('v1/preview', { body: { ...placeOf(), content } });
			replaceContent(answer, previewCard(found));
		} finally {
			preview.disabled = false;
		}
	}

	async function send(): Promise<void> {
		publishButton.disabled = true;
		say('busy', 'sending');
		replaceContent(answer);
		const receipt = await ask<Receipt>(`v1/documents/content?${query({ ...placeOf() })}`, {
			method: 'PUT',
			body: file,
		});
		if (receipt.state === 'unchanged') return say('ok', 'unchanged');
		if (receipt.state === 'stale') return say('warn', 'stale');
		say('busy', 'on its way');
		const job = await followed(receipt.jobId);
		if (job.state === 'failed') {
			say('bad', 'failed');
			replaceContent(
				answer,
				h('p', { class: 'notice bad', role: 'alert' }, job.error?.message ?? 'No reason was told.'),
			);
		} else
			say(job.state === 'published' ? 'ok' : 'idle', job.state === 'published' ? 'in the index' : job.state);
	}

	function publish(): Promise<void> {
		work ??= send().then(
			() => void (said.isDone = true),
			(error: unknown) => {
				// It may be sent again.
				work = null;
				publishButton.disabled = false;
				say('bad', 'not taken');
				showingFaults(answer, null, () => Promise.reject(error));
			},
		);
		return work;
	}

	const added: AddedFile = { node, publish, isDone: () => said.isDone };
	return added;
}

async function followed(jobId: string): Promise<JobView> {
	for (;;) {
		const job = await ask<JobView>(`v1/jobs/${jobId}`);
		if (finals.has(job.state)) return job;
		await new Promise((resolve) => setTimeout(resolve, followEveryMs));
	}
}

/** By the browser's own reader, which does not hold the page for a large file. */
function base64Of(file: File): Promise<string> {
	return new Promise((resolve, reject) => {
		const reader = new FileReader();
		reader.onload = () =>
			resolve(typeof reader.result === 'string' ? reader.result.replace(/^[^,]*,/, '') : '');
		reader.onerror = () => reject(reader.error ?? new Error('the file could not be read'));
		reader.readAsDataURL(file);
	});
}

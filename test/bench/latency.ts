import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DocumentInput } from '../../api/contract/document-schema.ts';
import type { SearchResponse } from '../../api/contract/search-schema.ts';
import type { Bench, Result } from './bench.ts';
import { copyOfCorpus, documentsOf } from './corpus.ts';
import { startDocDrop, type DocDrop } from './docdrop-process.ts';
import { readDocuments, sendBatches } from './send-batches.ts';
import { percentile, printTable, round, type Row } from './table.ts';
import { waitUntil } from './wait-until.ts';

/**
 * From an edit to searchable: the time from the request (or the write of the file) until a search finds the new
 * text. Idle, and while 21,000 real documents are onboarded: by another tenant, by the same one, and with the
 * priority of the edits themselves.
 *
 * Edits begin at fixed times, whether the ones before are searchable or not: a slow one hides no other.
 */
const documents = Number(process.env['BENCH_DOCUMENTS'] || 21_000);
const idleEdits = 100;
/** Each editor’s documents in turn: an edit that is not found yet is given up before its document is edited again. */
const editorDocuments = 120;
/** The default window is 500 ms and a followed folder's quiet time 300 ms: nothing is there to be found before. */
const firstLookMs = 250;
const lookEveryMs = 20;
const patienceMs = 30_000;

interface Editor {
	readonly name: string;
	readonly everyMs: number;
	readonly tenant: string;
	edit(docId: string, text: string): Promise<void>;
}

/** Latencies by editor, ms; Infinity for an edit that was not found in time. */
type Samples = Map<string, number[]>;

export async function run(bench: Bench): Promise<Result> {
	const corpus = await readDocuments(await documentsOf(await copyOfCorpus(bench)), 'corpus');
	const folder = join(await bench.temp(), 'followed');
	await mkdir(folder);
	const server = await startDocDrop(bench, ['watch', folder], await bench.temp(), {
		DOCDROP_TENANT: 'folder',
	});

	const overHttp = (name: string, tenant: string, everyMs: number): Editor => ({
		name,
		everyMs,
		tenant,
		async edit(docId, text) {
			const { status } = await server.post('/v1/publish', { tenant, docId, content: { text } });
			if (status !== 202) throw new Error(`an edit was answered ${status}`);
		},
	});
	const inFolder: Editor = {
		name: 'folder',
		everyMs: 1_000,
		tenant: 'folder',
		edit: (docId, text) => writeFile(join(folder, docId), text),
	};
	const other = overHttp('other', 'live', 250);

	const idle = await measure(bench, server, [overHttp('other', 'live', 100), { ...inFolder, everyMs: 200 }], {
		isOver: (edits) => edits >= idleEdits,
	});
	const onboard = async (tenant: string, priority: 'low' | 'normal', editors: readonly Editor[]) => {
		const before = (await server.status()).documents;
		const start = performance.now();
		let sent = false;
		const sending = sendBatches(server, documents, (at) => copyAt(corpus, tenant, at), priority);
		void sending.then(
			() => (sent = true),
			() => {},
		);
		const samples = await measure(bench, server, editors, {
			isOver: async () => sent && (await server.status()).pending <= editorDocuments,
		});
		await sending;
		const { failed, documents: after } = await waitUntil(
			async () => {
				const status = await server.status();
				return status.pending === 0 ? status : null;
			},
			50,
			bench.signal,
		);
		return { samples, failed, arrived: after - before, seconds: (performance.now() - start) / 1000 };
	};
	const low = await onboard('bulk', 'low', [other, overHttp('same', 'bulk', 1_000), inFolder]);
	const normal = await onboard('equal', 'normal', [other]);
	await server.stop();

	const faults: string[] = [];
	const both = { 'as catch-up': low, 'as edits': normal };
	for (const [name, { failed, arrived }] of Object.entries(both)) {
		if (failed > 0 || arrived < documents)
			faults.push(`onboarded ${name}: ${arrived} documents arrived, ${failed} failed`);
	}
	const lost = [idle, low.samples, normal.samples].flatMap((samples) =>
		[...samples.values()].flat().filter((ms) => !Number.isFinite(ms)),
	).length;
	if (lost > 0) faults.push(`${lost} edits were not searchable within ${patienceMs / 1000} s`);

	const of = (samples: Samples, name: string) => {
		const all = samples.get(name) ?? [];
		return { p50: round(percentile(all, 0.5), 0), p99: round(percentile(all, 0.99), 0), edits: all.length };
	};
	const figures = {
		idle: of(idle, 'other'),
		loaded: of(low.samples, 'other'),
		loadedSameTenant: of(low.samples, 'same'),
		loadedSamePriority: of(normal.samples, 'other'),
		folderIdle: of(idle, 'folder'),
		folderLoaded: of(low.samples, 'folder'),
		documents,
		secondsLow: round(low.seconds, 1),
		secondsNormal: round(normal.seconds, 1),
	};
	const row = (name: string, { p50, p99, edits }: ReturnType<typeof of>, note = ''): Row => [
		name,
		`${p50} / ${p99}`,
		`${edits} edits${note}`,
	];
	printTable([
		['from edit to searchable', 'p50 / p99 ms', `the window of 500 ms included; ${documents} documents are onboarded`],
		row('idle', figures.idle),
		row('loaded, another tenant', figures.loaded, '; goal: p99 at most 1,500'),
		row('loaded, the same tenant', figures.loadedSameTenant),
		row('loaded, the same priority', figures.loadedSamePriority),
		row('followed folder, idle', figures.folderIdle, ', from the write of the file'),
		row('followed folder, loaded', figures.folderLoaded),
		['onboarding, s', `${figures.secondsLow} / ${figures.secondsNormal}`, 'as catch-up / as edits'],
	]); // prettier-ignore
	return { figures, faults };
}

/** Real texts again and again, each time with a first line of its own. */
function copyAt(corpus: readonly DocumentInput[], tenant: string, at: number): DocumentInput {
	const original = corpus[at % corpus.length];
	if (original?.content === undefined || !('base64' in original.content)) throw new Error('an empty corpus');
	const round = Math.floor(at / corpus.length);
	const { base64 } = original.content;
	return {
		...original,
		tenant,
		docId: `${round}/${original.docId}`,
		content: {
			base64:
				round === 0
					? base64
					: Buffer.concat([Buffer.from(`Copy ${round}\n\n`), Buffer.from(base64, 'base64')]).toString(
							'base64',
						),
		},
	};
}

async function measure(
	bench: Bench,
	server: DocDrop,
	editors: readonly Editor[],
	{ isOver }: { readonly isOver: (edits: number) => boolean | Promise<boolean> },
): Promise<Samples> {
	const samples: Samples = new Map(editors.map(({ name }) => [name, []]));
	await Promise.all(
		editors.map(async (editor) => {
			const found: Promise<number>[] = [];
			const start = performance.now();
			for (let edits = 0; !(await isOver(edits)); edits += 1) {
				found.push(timeOf(bench, server, editor, `note-${edits % editorDocuments}.txt`));
				const wait = start + (edits + 1) * editor.everyMs - performance.now();
				if (wait > 0) await sleep(wait, undefined, { signal: bench.signal });
			}
			samples.get(editor.name)?.push(...(await Promise.all(found)));
		}),
	);
	return samples;
}

/** A word that no text has had: who finds it has found this edit. */
const newWord = () => [...randomBytes(12)].map((byte) => String.fromCharCode(97 + (byte % 26))).join('');

async function timeOf(bench: Bench, server: DocDrop, editor: Editor, docId: string): Promise<number> {
	const word = newWord();
	const query = { tenant: editor.tenant, query: word, mode: 'text', limit: 1 };
	const start = performance.now();
	await editor.edit(docId, `What was written before stays as it is.\n\nThe last word is ${word}.\n`);
	await sleep(Math.max(0, start + firstLookMs - performance.now()), undefined, { signal: bench.signal });
	while (performance.now() - start < patienceMs) {
		const { body } = await server.post<SearchResponse>('/v1/search', query);
		if (body.results.some((hit) => hit.content.includes(word))) return performance.now() - start;
		await sleep(lookEveryMs, undefined, { signal: bench.signal });
	}
	return Infinity;
}

import type { Receipt } from '../../api/contract/document-schema.ts';
import type { JobView } from '../../api/contract/job-schema.ts';
import type { SearchResponse } from '../../api/contract/search-schema.ts';
import type { Bench, Result } from './bench.ts';
import { startScript } from './child-script.ts';
import { startDocDrop, type DocDrop } from './docdrop-process.ts';
import { printTable, round } from './table.ts';
import { waitUntil } from './wait-until.ts';

/**
 * A reader that never stops asking, while 1,000 updates and 200 moves are published: it must never miss a document,
 * and never find two versions of one for longer than one bulk write. Over HTTP, against the real process.
 *
 * A version is a name and a content: a moved document under its old and its new name is two. An overlap is a row
 * of answers for one document that each hold two versions; it is `longestOverlapMs` long at most (from the question
 * of the first to the answer of the last), and `certainOverlapMs` at least (from the first answer to the last
 * question). A bulk write is all of it: from its intent to the commit of the last document that it carries, with
 * the old names of those that moved.
 */
const writers = 4;
const documentsOfWriter = 25;
const changesOfWriter = 300;
/** Every sixth change is a move; every second one of those has an edit as well. */
const moveEvery = 6;
const tenant = 'bench';
const finals: readonly string[] = [
	'published',
	'deleted',
	'unchanged',
	'superseded',
	'stale',
	'failed',
	'canceled',
];

interface Doc {
	readonly word: string;
	docId: string;
	version: number;
	moves: number;
}

interface Overlap {
	readonly versions: string;
	readonly askedAt: number;
	readonly answeredAt: number;
}

interface Figures {
	updates: number;
	moves: number;
	reads: number;
	missed: number;
	longestOverlapMs: number;
	certainOverlapMs: number;
	longestBulkWriteMs: number;
}

export async function run(bench: Bench): Promise<Result> {
	const faults: string[] = [];
	const embedded = await measure(bench, 'embedded', {}, faults);
	const double = startScript(bench, new URL('../doubles/qdrant.ts', import.meta.url), ['--port', '0']);
	const url = /http:\S+/.exec(await double.line((line) => line.includes('http://')))?.[0] ?? '';
	const qdrantDouble = await measure(bench, 'Qdrant double', { DOCDROP_QDRANT_URL: url }, faults);
	printTable(
		Object.entries({ embedded, 'Qdrant double': qdrantDouble }).flatMap(([name, figures]) => [
			[name, '', ''],
			['  updates and moves', `${figures.updates} and ${figures.moves}`, 'each waited for to its end'],
			['  reads', figures.reads, 'over HTTP, of the documents that change and of others'],
			['  missed', figures.missed, 'answers without the document'],
			['  longest overlap, ms', round(figures.longestOverlapMs, 1), 'two versions: first question to last answer'],
			['  of that certain, ms', round(figures.certainOverlapMs, 1), 'first answer to last question'],
			['  longest bulk write, ms', figures.longestBulkWriteMs, 'intent to the last commit'],
		] as const), // prettier-ignore
	);
	return { figures: { ...rounded(embedded), qdrantDouble: rounded(qdrantDouble) }, faults };
}

const rounded = (figures: Figures) =>
	Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, round(value as number, 1)]));

async function measure(
	bench: Bench,
	name: string,
	settings: Readonly<Record<string, string>>,
	faults: string[],
): Promise<Figures> {
	const server = await startDocDrop(bench, ['serve'], await bench.temp(), settings);
	const figures: Figures = {
		...{ updates: 0, moves: 0, reads: 0, missed: 0 },
		...{ longestOverlapMs: 0, certainOverlapMs: 0, longestBulkWriteMs: 0 },
	};
	const all = Array.from({ length: writers }, (_, writer) =>
		Array.from({ length: documentsOfWriter }, (__, index): Doc => {
			const word = `beacon${writer}x${index}`;
			return { word, docId: `${word}/0.md`, version: 0, moves: 0 };
		}),
	);
	const documents = all
		.flat()
		.map(({ word, docId }) => ({ tenant, docId, content: { text: textOf(word, 0) } }));
	await server.post('/v1/ingest/batch', { documents, coalesced: true });
	await waitUntil(async () => (await server.status()).documents === documents.length, 20, bench.signal);

	const state = { isOver: false };
	const hot: (Doc | undefined)[] = [];
	const readers = all.map((own, writer) =>
		read(server, figures, () => (state.isOver ? null : (hot[writer] ?? own[0] ?? null)), all.flat()),
	);
	await Promise.all(
		all.map(async (own, writer) => {
			for (let change = 1; change <= changesOfWriter; change += 1) {
				const doc = own[change % own.length];
				if (doc === undefined) throw new Error('a writer without documents');
				hot[writer] = doc;
				faults.push(
					...(await write(bench, server, doc, change, figures)).map((fault) => `${name}: ${fault}`),
				);
			}
		}),
	).finally(() => (state.isOver = true));
	await Promise.all(readers);
	await server.stop();
	if (figures.missed > 0)
		faults.push(`${name}: ${figures.missed} of ${figures.reads} answers missed the document`);
	if (figures.certainOverlapMs > figures.longestBulkWriteMs)
		faults.push(
			`${name}: two versions for ${round(figures.certainOverlapMs)} ms, longer than any bulk write (${figures.longestBulkWriteMs} ms)`,
		);
	return figures;
}

const textOf = (word: string, version: number): string =>
	['one', 'two', 'three']
		.map((part) => `# ${word} part ${part}\n\n${word} says version ${version}.`)
		.join('\n\n');

/** One change, waited for until it and what it leaves are settled; what is wrong with it. */
async function write(
	bench: Bench,
	server: DocDrop,
	doc: Doc,
	change: number,
	figures: Figures,
): Promise<string[]> {
	const isMove = change % moveEvery === 0;
	const isEdit = !isMove || change % (2 * moveEvery) === 0;
	const before = doc.docId;
	if (isEdit) doc.version += 1;
	if (isMove) {
		doc.moves += 1;
		doc.docId = `${doc.word}/${doc.moves}.md`;
	}
	figures[isMove ? 'moves' : 'updates'] += 1;
	const { status, body } = await server.post<Receipt>('/v1/publish', {
		tenant,
		docId: doc.docId,
		content: { text: textOf(doc.word, doc.version) },
		coalesced: true,
		...(isMove && { previous: { docId: before } }),
	});
	if (status !== 202) throw new Error(`a change was answered ${status}`);
	const put = await ended(bench, server, body.jobId);
	const left = body.previous === undefined ? null : await ended(bench, server, body.previous.jobId);
	for (const job of [put, left])
		figures.longestBulkWriteMs = Math.max(figures.longestBulkWriteMs, job?.detail?.publishMs ?? 0);
	const faults: string[] = [];
	if (put.state !== 'published') faults.push(`${doc.docId} ended as ${put.state}`);
	if (isMove && left?.state !== 'deleted') faults.push(`${before} ended as ${left?.state}`);
	if (isMove && !isEdit && put.detail?.embedded !== 0)
		faults.push(`a rename embedded ${put.detail?.embedded} chunks`);
	const seen = [...(await versionsOf(server, doc.word))];
	const wanted = `${doc.docId} ${doc.version}`;
	if (seen.length !== 1 || seen[0] !== wanted)
		faults.push(`settled, a reader sees ${seen.join(' and ')} instead of ${wanted}`);
	return faults;
}

const ended = (bench: Bench, server: DocDrop, jobId: string): Promise<JobView> =>
	waitUntil(
		async () => {
			const { body } = await server.get<JobView>(`/v1/jobs/${jobId}`);
			return finals.includes(body.state) && body;
		},
		5,
		bench.signal,
	);

/** Name and content of everything that an answer holds of the document. */
async function versionsOf(server: DocDrop, word: string, mode = 'text'): Promise<Set<string>> {
	const { body } = await server.post<SearchResponse>('/v1/search', { tenant, query: word, mode, limit: 50 });
	const versions = new Set<string>();
	for (const { docId, content } of body.results) {
		const version = new RegExp(`${word} says version (\\d+)\\.`).exec(content)?.[1];
		if (version !== undefined) versions.add(`${docId} ${version}`);
	}
	return versions;
}

/** Asks for the document that is being changed, and every fourth time for any other, until `hot` is null. */
async function read(
	server: DocDrop,
	figures: Figures,
	hot: () => Doc | null,
	others: readonly Doc[],
): Promise<void> {
	const overlaps = new Map<string, Overlap>();
	for (let number = 0; ; number += 1) {
		const changing = hot();
		if (changing === null) return;
		const { word } = number % 4 === 3 ? (others[number % others.length] ?? changing) : changing;
		const askedAt = performance.now();
		const versions = await versionsOf(server, word, number % 2 === 0 ? 'text' : 'hybrid');
		const answeredAt = performance.now();
		figures.reads += 1;
		if (versions.size === 0) figures.missed += 1;
		if (versions.size < 2) {
			overlaps.delete(word);
			continue;
		}
		const both = [...versions].toSorted().join(' and ');
		const known = overlaps.get(word);
		const first = known?.versions === both ? known : { versions: both, askedAt, answeredAt };
		overlaps.set(word, first);
		figures.longestOverlapMs = Math.max(figures.longestOverlapMs, answeredAt - first.askedAt);
		figures.certainOverlapMs = Math.max(figures.certainOverlapMs, askedAt - first.answeredAt);
	}
}

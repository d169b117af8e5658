import { cp } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { builtInTable } from '../../api/adapters/embedders/static-table.ts';
import { createStaticVector } from '../../api/adapters/embedders/static-vector.ts';
import { createSqliteVecStore } from '../../api/adapters/sqlite-vec/index.ts';
import { openForReading } from '../../api/adapters/sqlite-vec/index-schema.ts';
import { vecLibrary } from '../../api/adapters/sqlite-vec/library.ts';
import { cosine } from '../../api/adapters/sqlite-vec/quantize.ts';
import { createStoredVectors } from '../../api/adapters/sqlite-vec/stored-vectors.ts';
import type { DocumentInput } from '../../api/contract/document-schema.ts';
import { limits } from '../../api/contract/limits.ts';
import type { SearchRequest } from '../../api/contract/search-schema.ts';
import type { Bench, Result } from './bench.ts';
import { copyOfCorpus, documentsOf } from './corpus.ts';
import { type DocDrop, startDocDrop } from './docdrop-process.ts';
import { indexFile } from './index-points.ts';
import { largeTree } from './large-tree.ts';
import { readDocuments, sendBatches } from './send-batches.ts';
import { percentile, printTable, round } from './table.ts';
import { waitUntil } from './wait-until.ts';

/**
 * How long a search takes over HTTP in the full corpus: by words, by vector, by both, with a filter, and while another
 * tenant is onboarded; and whether the search by vector finds what a look at every vector finds. Questions are headings
 * of the corpus. BENCH_DATA names a data folder that has it already, of a `docdrop watch` that came to its end: it saves
 * the eight minutes until everything is searchable.
 */
const asked = 300;
/** Each compares the question with every vector in JavaScript. */
const compared = 25;
const tenant = 'default';
const shown = 10;

type Question = Omit<SearchRequest, 'tenant' | 'query'>;

export async function run(bench: Bench): Promise<Result> {
	const { dir, name } = await largeTree(bench);
	const dataDir = await bench.temp();
	const earlier = process.env['BENCH_DATA'] ?? '';
	// A copy: what is onboarded here must be new in the next run as well.
	if (earlier !== '') await cp(earlier, dataDir, { recursive: true });
	const files = await documentsOf(dir);
	const server = await startDocDrop(bench, ['watch', dir], dataDir);
	const { chunks } = await waitUntil(() => settled(server, files.length), 200, bench.signal);
	const headings = headingsOf(indexFile(dataDir));
	const faults: string[] = [];
	const measure = (question: Question) => measureAll(bench, server, headings, question, faults);

	const [firstMs = 0] = await measureAll(bench, server, headings.slice(0, 1), {}, faults);
	const folder = (files[0]?.docId ?? '').split('/', 1).join('');
	const times = {
		hybrid: await measure({}),
		text: await measure({ mode: 'text' }),
		dense: await measure({ mode: 'dense' }),
		filtered: await measure({ filter: { docId: { prefix: `${folder}/` } } }),
	};
	const rssMb = server.memory.own();
	const beside = await besideOnboarding(bench, server, measure);
	await server.stop();
	const recall = await recallOf(bench, indexFile(dataDir), headings.slice(0, compared));

	const figures = Object.entries({ ...times, beside }).map(([kind, all]) => {
		const of = { p50: round(percentile(all, 0.5), 1), p99: round(percentile(all, 0.99), 1) };
		return [kind, of] as const;
	});
	const notes: Readonly<Record<string, string>> = {
		hybrid: 'goal: 35 and 100',
		dense: 'goal: 8',
		filtered: `hybrid, of the folder ${folder}`,
		beside: 'hybrid, while another tenant is onboarded',
	};
	printTable([
		['chunks', chunks, name],
		...figures.map(([kind, { p50, p99 }]) => [`${kind}, ms`, `${p50} / ${p99}`, notes[kind] ?? ''] as const),
		['first, ms', round(firstMs, 0), 'the search that loads the vectors'],
		['recall', recall, `of the first ${shown} by vector, against a look at every vector`],
		['peak memory, MB', rssMb, 'of the server alone, onboarding included unless BENCH_DATA is set'],
	]);
	return {
		figures: { chunks, ...Object.fromEntries(figures), recall, firstMs: round(firstMs, 0), rssMb },
		faults: [...new Set(faults)],
	};
}

async function settled(server: DocDrop, files: number): Promise<{ chunks: number } | null> {
	const { documents, failed, pending, chunks } = await server.status();
	return pending === 0 && documents + failed >= files ? { chunks } : null;
}

/** The last part of as many headings as are asked for, from all over the index. */
function headingsOf(file: string): string[] {
	using db = new DatabaseSync(file, { readOnly: true });
	const last = Number(db.prepare('SELECT max(point) AS last FROM points').get()?.['last']);
	const read = db.prepare('SELECT heading FROM points WHERE point >= ? AND heading IS NOT NULL LIMIT 1');
	return Array.from({ length: asked }, (_, at) => read.get(Math.floor((last / asked) * at))).flatMap(
		(row) => {
			const heading = String(row?.['heading'] ?? '').split(' > ').at(-1)?.replace('¶', '').trim(); // prettier-ignore
			return heading === undefined || heading === '' ? [] : [heading];
		},
	);
}

async function measureAll(
	bench: Bench,
	server: DocDrop,
	queries: readonly string[],
	question: Question,
	faults: string[],
): Promise<number[]> {
	const times: number[] = [];
	for (const query of queries) {
		bench.signal.throwIfAborted();
		const start = performance.now();
		const { status } = await server.post('/v1/search', { tenant, query, limit: shown, ...question });
		times.push(performance.now() - start);
		if (status !== 200) faults.push(`a search was answered ${status}`);
	}
	return times;
}

async function besideOnboarding(
	bench: Bench,
	server: DocDrop,
	measure: (question: Question) => Promise<number[]>,
): Promise<number[]> {
	const documents = await readDocuments(await documentsOf(await copyOfCorpus(bench)), 'other');
	const sending = sendBatches(server, documents.length, (at) => documents[at] as DocumentInput);
	// Its failure is met below.
	sending.catch(() => {});
	const times = await measure({});
	await sending;
	return times;
}

/** How many of the best passages by vector are among those that the index gives. */
async function recallOf(bench: Bench, file: string, queries: readonly string[]): Promise<number> {
	const vectorOf = createStaticVector(await builtInTable());
	using db = openForReading({ file, library: vecLibrary() });
	const number = Number(db.prepare('SELECT tenant FROM tenants WHERE name = ?').get(tenant)?.['tenant']);
	const store = createSqliteVecStore({ file, dimensions: 256, vectorBytes: 1_073_741_824 });
	bench.onEnd(() => store.close());
	await store.open();
	let found = 0;
	for (const query of queries) {
		const vector = vectorOf(query);
		const { dense } = await store.search({ tenant, vector, terms: [], limit: limits.searchWindow });
		const scores: number[] = [];
		createStoredVectors(db, vector.length)(number).each((_, one) => scores.push(cosine(vector, one)));
		const last = scores.sort((a, b) => b - a)[shown - 1] ?? 0;
		// By score: which of equal ones are given is a matter of their ids.
		found += dense.slice(0, shown).filter(({ score }) => score >= last - 1e-9).length;
	}
	return round(found / (queries.length * shown), 4);
}

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { builtInTable } from '../../api/adapters/embedders/static-table.ts';
import { createStaticVector } from '../../api/adapters/embedders/static-vector.ts';
import { createSqliteVecStore } from '../../api/adapters/sqlite-vec/index.ts';
import { parseQuery, termsOf } from '../../api/chunking/index.ts';
import { fuse } from '../../api/pipeline/search/fuse.ts';
import type { Hit, NewPoint, VectorStore } from '../../api/ports/index.ts';
import { docFields } from '../support/doc-fields.ts';
import { lexicalVector } from '../support/lexical-vector.ts';
import type { Bench, Result } from './bench.ts';
import { type Item, itemsOf } from './retrieval-items.ts';
import { fusedByRank, meanOf, type Measures, measuresOf } from './retrieval-measures.ts';
import { type Passage, passagesOf } from './retrieval-passages.ts';
import { openSynonyms } from './wordnet.ts';
import { printTable, round } from './table.ts';

/**
 * How well passages are found that a query is known to mean (retrieval-items.ts says which and by which rule), in the
 * embedded index: by words alone (bm25), by the table of meanings alone (static), by both as a search fuses them (hybrid),
 * by both fused by their ranks (rrf), and by both as it was before, with hashed words instead of the table (lexical).
 * Half of the items, chosen by hash, is for tuning (`-dev`), the other half for the verdict.
 */
const depth = 200;
/** What a list was asked for when ranks were fused. */
const formerDepth = 50;

export async function run(bench: Bench): Promise<Result> {
	const passages = await passagesOf(bench);
	const sets = itemsOf(passages, await openSynonyms(bench));
	const staticVector = createStaticVector(await builtInTable());
	const found = await searched(bench, passages, sets, { vectorOf: staticVector, byWords: true });
	const before = await searched(bench, passages, sets, { vectorOf: lexicalVector, byWords: false });
	const systems = Array.from(sets, ([set, items]) => {
		const lists = found.get(set) ?? [];
		const former = before.get(set) ?? [];
		const rankings: [string, readonly (readonly Hit[])[]][] = [
			['bm25', lists.map(({ sparse }) => sparse)],
			['static', lists.map(({ dense }) => dense)],
			['hybrid', lists.map((both) => fuse(both, { limit: 10 }))],
			['rrf', lists.map((both) => fusedByRank(both, depth))],
			[
				'lexical',
				former.map(({ dense }, at) => fusedByRank({ dense, sparse: lists[at]?.sparse ?? [] }, formerDepth)),
			],
		];
		return rankings.map(([name, ranked]) => ({ name, set, ...rounded(measured(items, ranked)) }));
	}).flat();
	printTable(
		systems.map(({ name, set, ndcgAt10, mrr, recallAt10 }) => [
			...([`${set} ${name}`, ndcgAt10.toFixed(3)] as const),
			`MRR ${mrr.toFixed(3)}, recall@10 ${recallAt10.toFixed(3)}`,
		]),
	);
	const items = Object.fromEntries(Array.from(sets, ([set, { length }]) => [set, length]));
	return { figures: { passages: passages.length, items, systems }, faults: [] };
}

type BothLists = Awaited<ReturnType<VectorStore['search']>>;

/** The lists of each query, from an index of its own. */
async function searched(
	bench: Bench,
	passages: readonly Passage[],
	sets: ReadonlyMap<string, readonly Item[]>,
	{ vectorOf, byWords }: { readonly vectorOf: (text: string) => Float32Array; readonly byWords: boolean },
): Promise<ReadonlyMap<string, readonly BothLists[]>> {
	const store = createSqliteVecStore({ file: join(await bench.temp(), 'vectors.db'), dimensions: 256 });
	bench.onEnd(() => store.close());
	await store.open();
	for (let at = 0; at < passages.length; at += 500) {
		bench.signal.throwIfAborted();
		const points = passages.slice(at, at + 500).map((passage): NewPoint => pointOf(passage, vectorOf));
		// Documents have names without words in them.
		const [docId, fields] = [String(at), docFields({ path: null, title: null, extra: {} })];
		await store.put([{ tenant: 'a', docId, fields, points, kept: [], reordered: [], droppedExtra: [] }]);
	}
	const found = new Map<string, BothLists[]>();
	for (const [set, items] of sets) {
		const lists: BothLists[] = [];
		for (const { query } of items) {
			bench.signal.throwIfAborted();
			const { text, ...words } = parseQuery(query);
			const asked = byWords ? words : { terms: [] };
			lists.push(await store.search({ tenant: 'a', vector: vectorOf(text), ...asked, limit: depth }));
		}
		found.set(set, lists);
	}
	return found;
}

const pointOf = ({ id, text }: Passage, vectorOf: (text: string) => Float32Array): NewPoint => ({
	...{ id: uuidOf(id), vector: vectorOf(text), terms: termsOf(text).join(' ') },
	...{ content: text, heading: null, page: null, order: '' },
});

function uuidOf(id: string): string {
	const hex = createHash('sha256').update(id).digest('hex').slice(0, 32);
	return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

const measured = (items: readonly Item[], ranked: readonly (readonly Hit[])[]): Measures =>
	meanOf(
		items.map(
			({ wanted }, at) =>
			measuresOf((ranked[at] ?? []).map(({ id }) => id), new Set(wanted.map(uuidOf))), // prettier-ignore
		),
	);

const rounded = ({ ndcgAt10, mrr, recallAt10 }: Measures): Measures => ({
	...{ ndcgAt10: round(ndcgAt10, 4), mrr: round(mrr, 4), recallAt10: round(recallAt10, 4) },
});

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { createSqliteVecStore } from '../../../api/adapters/sqlite-vec/index.ts';
import { vecLibrary } from '../../../api/adapters/sqlite-vec/library.ts';
import { parseFilter } from '../../../api/domain/index.ts';
import type { DocWrite, NewPoint, SearchQuery, VectorStore } from '../../../api/ports/vector-store.ts';
import { docFields } from '../../support/doc-fields.ts';

const dimensions = 8;
const enough = 1_048_576;

/** Two stores of one file: the one has vectors in memory, the other reads the file at every search. */
describe('searches by vector in memory', () => {
	let folder: string;
	let file: string;
	let store: VectorStore;
	let plain: VectorStore;

	async function openBoth(vectorBytes: number) {
		file = join(folder, 'vectors.db');
		store = createSqliteVecStore({ file, dimensions, vectorBytes });
		await store.open();
		plain = createSqliteVecStore({ file, dimensions, vectorBytes: 0 });
		await plain.open();
	}
	beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'docdrop-'))));
	afterEach(async () => {
		await Promise.all([store.close(), plain.close()]);
		await rm(folder, { recursive: true });
	});

	const dense = async (of: VectorStore, query: Partial<SearchQuery>) =>
		(await of.search({ tenant: 'a', vector: unit(1), terms: [], limit: 10, ...query })).dense;
	async function agree(query: Partial<SearchQuery>) {
		const found = await dense(store, query);
		assert.deepEqual(found, await dense(plain, query));
		return found;
	}

	it('find at once what was put, and nothing that was removed, exactly as in the file', async () => {
		await openBoth(enough);
		const change = fc.record({
			tenant: fc.constantFrom('a', 'a', 'b'),
			doc: fc.integer({ min: 0, max: 5 }),
			/** Of its points, which are of these numbers now. */
			points: fc.uniqueArray(fc.integer({ min: 0, max: 11 }), { maxLength: 12 }),
			/** Few vectors for many points: equal distances; 0 is none. */
			vector: fc.integer({ min: 0, max: 6 }),
			isRemoval: fc.boolean(),
			limit: fc.integer({ min: 1, max: 12 }),
			author: fc.constantFrom('x', 'y'),
			isFiltered: fc.boolean(),
		});
		await fc.assert(
			fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 12 }), async (changes) => {
				for (const { tenant, doc, points, vector, isRemoval, limit, author, isFiltered } of changes) {
					const ids = points.map((at) => idOf(tenant, doc, at));
					if (isRemoval) await store.remove(tenant, ids);
					else {
						const ready = ids.map((id, at) => pointOf(id, vector === 0 ? 0 : vector + (at % 2)));
						const fields = docFields({ extra: { author } });
						await store.put([docWrite({ tenant, docId: `d${doc}`, fields, points: ready })]);
					}
					const filter = isFiltered ? parseFilter({ author: 'x' }) : null;
					await agree({ tenant, limit, vector: unit(vector), ...(filter !== null && { filter }) });
				}
			}),
			{ numRuns: 12 },
		);
	});

	it('find what another process has written, as soon as it is there', async () => {
		await openBoth(enough);
		await store.put([docWrite({ points: [pointOf(idOf('a', 1, 1), 1)] })]);
		assert.equal((await agree({})).length, 1);
		// The other store's writer tells its own thread and not this one's.
		await plain.put([docWrite({ docId: 'e', points: [pointOf(idOf('a', 2, 1), 2)] })]);
		assert.equal((await agree({})).length, 2);
		await store.put([docWrite({ docId: 'f', points: [pointOf(idOf('a', 3, 1), 3)] })]);
		assert.equal((await agree({})).length, 3);
	});

	it('are answered by the file where a tenant has no room in memory', async () => {
		// One block of 2,730 vectors.
		await openBoth(2 * 65_536);
		const points = Array.from({ length: 2_731 }, (_, at) => pointOf(idOf('a', 1, at), at + 1));
		await store.put([docWrite({ points: points.slice(1) })]);
		const few = [docWrite({ tenant: 'b', points: [pointOf(idOf('b', 1, 1), 7)] })];
		await store.put(few);
		for (const tenant of ['a', 'b', 'a']) await agree({ tenant, vector: unit(9) });
		await store.put([docWrite({ points: points.slice(0, 1) })]);
		assert.equal((await agree({ vector: unit(0.5), limit: 1_000 })).length, 1_000);
		await agree({ tenant: 'b' });
		// It fits again.
		await store.remove('a', points.slice(5).map(({ id }) => id)); // prettier-ignore
		assert.equal((await agree({ limit: 1_000 })).length, 5);
	});

	it('go through the memory and not the file', async () => {
		await openBoth(enough);
		await store.put([docWrite({ points: [pointOf(idOf('a', 1, 1), 1), pointOf(idOf('a', 1, 2), 2)] })]);
		assert.equal((await agree({})).length, 2);
		using db = new DatabaseSync(file, { allowExtension: true, defensive: false });
		db.loadExtension(vecLibrary());
		db.exec('UPDATE vectors_chunks SET validity = zeroblob(32)');
		assert.deepEqual([(await dense(store, {})).length, (await dense(plain, {})).length], [2, 0]);
	});
});

function idOf(tenant: string, doc: number, at: number): string {
	const [first, last] = [doc, at].map((number) => number.toString(16).padStart(8, '0'));
	return `${first}-0000-5000-8000-${tenant === 'a' ? '0000' : '1111'}${last}`;
}

function pointOf(id: string, seed: number): NewPoint {
	const vector = seed === 0 ? new Float32Array(dimensions) : unit(seed);
	return { id, vector, terms: 'word', content: `content ${id}`, heading: null, page: null, order: 'a' };
}

function docWrite(change: Partial<DocWrite>): DocWrite {
	return {
		...{ tenant: 'a', docId: 'd', fields: docFields(), points: [], kept: [], reordered: [] },
		droppedExtra: [],
		...change,
	};
}

function unit(seed: number): Float32Array {
	const vector = Float32Array.from({ length: dimensions }, (_, index) => Math.cos(seed * (index + 1)));
	const length = Math.hypot(...vector);
	return vector.map((value) => value / length);
}

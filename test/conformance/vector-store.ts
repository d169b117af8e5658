/**
 * Holds every promise of api/ports/vector-store.ts against an adapter, through the port alone. Data is small,
 * so that the suite also runs against a server.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type ErrorCode, isDocDropError } from '../../api/errors.ts';
import type {
	DocWrite,
	Hit,
	NewPoint,
	PointMark,
	SearchQuery,
	StoredPoint,
	VectorStore,
} from '../../api/ports/vector-store.ts';
import { filterableDoc, parseFilter, satisfies } from '../../api/domain/index.ts';
import { docFields } from '../support/doc-fields.ts';
import { anyFilter, anyMetadata } from '../support/filters.ts';

export interface VectorStoreUnderTest {
	/** New and not opened. */
	readonly store: VectorStore;
	/** Closes the store and takes everything away that it has made. */
	dispose(): Promise<void>;
	/** Throws where what a test has left is not sound. */
	check?(): void;
	/** Where data outlives the object: closes the store and makes another, not opened, on the same data. */
	reopen?(dimensions?: number): Promise<VectorStore>;
	/** It can list its terms, so that it finds near ones. */
	readonly knowsTerms?: boolean;
	/** Sparse scores come from statistics of several parts: between equal chunks of two documents there is no order. */
	readonly hasParts?: boolean;
}

export function testVectorStore(
	name: string,
	make: (dimensions: number) => Promise<VectorStoreUnderTest>,
	dimensions = 8,
): void {
	describe(`vector store: ${name}`, () => {
		/**
		 * One store serves many tests, each of which leaves an empty index to the next: one that starts threads costs
		 * more than most tests. Where a test has made another one of the same data, the next test begins anew.
		 */
		let made: VectorStoreUnderTest;
		let store: VectorStore;
		let isOpen = false;

		beforeEach(async () => {
			if (isOpen) return;
			made = await make(dimensions);
			store = made.store;
			await store.open();
			isOpen = true;
		});
		afterEach(async () => {
			made.check?.();
			if (store === made.store) return empty();
			isOpen = false;
			await made.dispose();
		});
		after(async () => {
			if (isOpen) await made.dispose();
		});
		async function empty(): Promise<void> {
			const left = Map.groupBy(await scan(null), ({ tenant }) => tenant);
			for (const [tenant, points] of left) await store.remove(tenant, points.map(idOf));
			assert.equal(await store.count(null), 0);
		}

		const point = (change: Partial<NewPoint> = {}): NewPoint => ({ ...samplePoint(dimensions), ...change });
		const put = (...writes: Partial<DocWrite>[]) => store.put(writes.map(docWrite));
		const scan = async (tenant: string | null) => {
			const all: StoredPoint[] = [];
			for await (const found of store.scan(tenant)) all.push(found);
			return all;
		};
		const dense = async (tenant: string, vector: Float32Array, limit = 10, docId?: string) =>
			(await store.search({ tenant, vector, terms: [], limit, ...(docId !== undefined && { docId }) })).dense;
		const sparse = async (tenant: string, terms: readonly string[], limit = 10, docId?: string) =>
			(await store.search({ tenant, vector: null, terms, limit, ...(docId !== undefined && { docId }) }))
				.sparse;

		describe('opening', () => {
			it('may be opened again and keeps what it holds', async () => {
				await put({ points: [point()] });
				await store.open();
				assert.equal(await store.count(null), 1);
			});

			it('keeps data over a restart', async function () {
				if (made.reopen === undefined) return this.skip();
				const first = point({ terms: 'lasting word' });
				await put({ points: [first] });
				const before = await scan(null);
				store = await made.reopen();
				await store.open();
				assert.deepEqual(await scan(null), before);
				assert.deepEqual(ids(await dense('a', first.vector)), [first.id]);
				assert.deepEqual(ids(await sparse('a', ['lasting'])), [first.id]);
			});

			it('refuses an index of other dimensions', async function () {
				if (made.reopen === undefined) return this.skip();
				await put({ points: [point()] });
				store = await made.reopen(dimensions + 8);
				await rejectsWith('index_mismatch', store.open());
			});
		});

		describe('put', () => {
			it('is visible to every read with every field', async () => {
				const one = point({ heading: 'Guide > Install', page: 7, order: 'a5', terms: 'install rpath' });
				const own = docFields({
					extra: { team: 'docs', tags: ['x', 'y'], nested: { deep: [1, null, true] } },
				});
				await put({ docId: 'guide/install.md', fields: own, points: [one] });

				const expected: StoredPoint = {
					id: one.id,
					tenant: 'a',
					docId: 'guide/install.md',
					content: one.content,
					heading: 'Guide > Install',
					page: 7,
					order: 'a5',
					fields: own,
				};
				assert.deepEqual(await scan('a'), [expected]);
				assert.deepEqual(await scan(null), [expected]);
				assert.equal(await store.count('a'), 1);
				for (const [hit] of [await dense('a', one.vector), await sparse('a', ['rpath'])]) {
					assert.ok(hit !== undefined);
					const { score, ...stored } = hit;
					assert.deepEqual(stored, expected);
					assert.ok(Number.isFinite(score));
				}
			});

			it('keeps any text as it is', async () => {
				const texts = [
					'',
					' ',
					'Zürich 日本語 🗂️ עברית',
					`'"\`;--\\ %_ {} $1 ?1`,
					'a\nb\r\n\tc',
					'x'.repeat(200_000),
				];
				const points = texts.map((content) => point({ content, heading: content.slice(0, 100) }));
				await put({ docId: 'Ü/ß 🗂️ "%_\'.txt', points });
				const stored = new Map((await scan('a')).map((found) => [found.id, found]));
				for (const { id, content, heading } of points) {
					assert.equal(stored.get(id)?.content, content);
					assert.equal(stored.get(id)?.heading, heading);
				}
				assert.equal(stored.get(points[0]?.id ?? '')?.docId, 'Ü/ß 🗂️ "%_\'.txt');
			});

			it('keeps nulls, large versions and empty metadata', async () => {
				const own = docFields({ path: null, title: null, version: 2 ** 48 + 1, extra: {} });
				await put({ fields: own, points: [point({ heading: null, page: null })] });
				const [found] = await scan('a');
				assert.deepEqual(found?.fields, own);
				assert.equal(found?.heading, null);
				assert.equal(found?.page, null);
			});

			it('gives vectors back at unit length, and the same after writing them back', async () => {
				const points = Array.from({ length: 20 }, () => point());
				await put({ points });
				const first = await store.vectors('a', points.map(idOf));
				assert.equal(first.size, points.length);
				for (const { id, vector } of points) {
					const found = first.get(id);
					assert.ok(found instanceof Float32Array);
					assert.ok(Math.abs(dot(found, found) - 1) < 1e-5);
					assert.ok(dot(found, vector) > 0.99);
				}
				await put({ points: points.map((one) => ({ ...one, vector: first.get(one.id) ?? one.vector })) });
				const second = await store.vectors('a', points.map(idOf));
				for (const [id, vector] of first) {
					const again = second.get(id);
					assert.ok(again?.every((value, index) => Math.abs(value - (vector[index] ?? NaN)) < 1e-6));
				}
			});

			it('takes vectors that are views of one buffer', async () => {
				const buffer = new Float32Array(2 * dimensions);
				buffer.set(unit(dimensions, 0), 0);
				buffer.set(unit(dimensions, 1), dimensions);
				const views = [buffer.subarray(0, dimensions), buffer.subarray(dimensions)] as const;
				const points = views.map((vector) => point({ vector }));
				await put({ points });
				buffer.fill(0);
				assert.deepEqual(ids(await dense('a', unit(dimensions, 1), 1)), [points[1]?.id]);
			});

			it('stores a point with nothing to embed, which text finds', async () => {
				const empty = point({ vector: new Float32Array(dimensions), terms: 'lonely' });
				const near = point({ vector: unit(dimensions, 2), terms: '' });
				await put({ points: [empty, near] });
				assert.deepEqual((await store.vectors('a', [empty.id])).get(empty.id), new Float32Array(dimensions));
				assert.deepEqual(ids(await sparse('a', ['lonely'])), [empty.id]);
				assert.equal((await dense('a', unit(dimensions, 2)))[0]?.id, near.id);
			});

			it('lets points with nothing to embed crowd nobody out', async () => {
				const leaning = point({ vector: mix(unit(dimensions, 1), unit(dimensions, 2), 0.15) });
				const empty = Array.from({ length: 5 }, () => point({ vector: new Float32Array(dimensions) }));
				await put({ points: [...empty, leaning] });
				assert.deepEqual(ids(await dense('a', unit(dimensions, 2), 1)), [leaning.id]);
			});

			it('stores a point without terms, which only its vector finds', async () => {
				const silent = point({ terms: '' });
				await put({ points: [silent, point({ terms: 'word' })] });
				assert.ok(ids(await dense('a', silent.vector)).includes(silent.id));
				assert.equal(ids(await sparse('a', ['word'])).includes(silent.id), false);
			});

			it('changes nothing the second time', async () => {
				const write = { docId: 'd', points: [point({ terms: 'one' }), point({ terms: 'two' })] };
				await put(write);
				const before = await scan(null);
				await put(write);
				assert.deepEqual(await scan(null), before);
				assert.deepEqual(ids(await sparse('a', ['one'])), [write.points[0]?.id]);
			});

			it('replaces a point that is there: text, terms, vector and place', async () => {
				const old = point({ terms: 'before', vector: unit(dimensions, 0) });
				const other = point({ terms: 'other', vector: unit(dimensions, 1) });
				await put({ points: [old, other] });
				const now = { ...old, terms: 'after', content: 'new', order: 'zz', vector: unit(dimensions, 2) };
				await put({ points: [now], kept: [other.id] });
				assert.equal(await store.count('a'), 2);
				assert.deepEqual(await sparse('a', ['before']), []);
				const [hit] = await sparse('a', ['after']);
				assert.deepEqual([hit?.id, hit?.content, hit?.order], [old.id, 'new', 'zz']);
				assert.equal((await dense('a', unit(dimensions, 2)))[0]?.id, old.id);
				const vector = (await store.vectors('a', [old.id])).get(old.id);
				assert.ok(vector !== undefined && dot(vector, unit(dimensions, 2)) > 0.99);
			});

			it('gives kept points the new fields, a new order, and drops names that are gone', async () => {
				const [one, two, three] = [point({ order: 'a' }), point({ order: 'b' }), point({ order: 'c' })];
				const before = docFields({ version: 1, title: 'Old', extra: { owner: 'ann', stage: 'draft' } });
				await put({ docId: 'd', fields: before, points: [one, two] });
				const after = docFields({
					version: 2,
					title: 'New',
					path: 'new/path',
					extra: { stage: 'final', year: 2026 },
				});
				await put({
					docId: 'd',
					fields: after,
					points: [three],
					kept: [one.id, two.id],
					reordered: [{ id: one.id, order: 'bb' }],
					droppedExtra: ['owner'],
				});
				const found = await scan('a');
				assert.deepEqual(
					found.map((each) => each.fields),
					[after, after, after],
				);
				assert.deepEqual(
					new Map(found.map((each) => [each.id, each.order])),
					new Map([
						[one.id, 'bb'],
						[two.id, 'b'],
						[three.id, 'c'],
					]),
				);
				const kept = found.find((each) => each.id === one.id);
				assert.deepEqual([kept?.content, kept?.heading], [one.content, one.heading]);
				await put({ docId: 'e', points: [point({ content: 'of another document' })] });
				const ofOne: string[] = [];
				for await (const each of store.scan('a', 'd')) ofOne.push(each.id);
				assert.deepEqual(ofOne, ids(found), 'one document alone, by id');
				assert.equal((await dense('a', one.vector))[0]?.id, one.id);
			});

			it('refreshes kept points where nothing is new', async () => {
				const one = point();
				await put({ fields: docFields({ version: 1 }), points: [one] });
				await put({ fields: docFields({ version: 2, title: 'Moved' }), kept: [one.id] });
				assert.deepEqual(
					(await scan('a')).map((each) => each.fields.title),
					['Moved'],
				);
			});

			it('leaves points that are neither new nor kept as they were published, until they are removed', async () => {
				const [old, kept, fresh] = [point({ terms: 'old' }), point(), point()];
				await put({ docId: 'd', fields: docFields({ version: 1 }), points: [old, kept] });
				await put({ docId: 'd', fields: docFields({ version: 2 }), points: [fresh], kept: [kept.id] });
				const versions = async () => (await scan('a')).map((each) => [each.id, each.fields.version]);
				assert.deepEqual(
					await versions(),
					[
						[old.id, 1],
						[kept.id, 2],
						[fresh.id, 2],
					].sort(byFirst),
				);
				assert.equal((await sparse('a', ['old']))[0]?.fields.version, 1);
				// A retry with another time of publication, and a version more, before the removal.
				await put({ docId: 'd', fields: docFields({ version: 3 }), kept: [kept.id, fresh.id] });
				assert.deepEqual(
					await versions(),
					[
						[old.id, 1],
						[kept.id, 3],
						[fresh.id, 3],
					].sort(byFirst),
				);
				// An old point that the newest version takes back.
				await put({ docId: 'd', fields: docFields({ version: 4 }), kept: [old.id, fresh.id] });
				assert.deepEqual(
					await versions(),
					[
						[old.id, 4],
						[kept.id, 3],
						[fresh.id, 4],
					].sort(byFirst),
				);
				await store.remove('a', [kept.id]);
				assert.deepEqual(
					await versions(),
					[
						[old.id, 4],
						[fresh.id, 4],
					].sort(byFirst),
				);
			});

			it('keeps every version apart where nothing of a document stays', async () => {
				const [one, two, three] = [point(), point(), point()];
				await put({ docId: 'd', fields: docFields({ version: 1 }), points: [one] });
				await put({ docId: 'd', fields: docFields({ version: 2 }), points: [two] });
				await put({ docId: 'd', fields: docFields({ version: 3 }), points: [three] });
				const versions = async () => (await scan('a')).map((each) => [each.id, each.fields.version]);
				assert.deepEqual(
					await versions(),
					[
						[one.id, 1],
						[two.id, 2],
						[three.id, 3],
					].sort(byFirst),
				);
				await store.remove('a', [one.id, two.id]);
				assert.deepEqual(await versions(), [[three.id, 3]]);
			});

			it('touches no other document', async () => {
				const [one, two] = [point(), point()];
				await put(
					{ docId: 'one', fields: docFields({ version: 1, title: 'One' }), points: [one] },
					{ docId: 'two', fields: docFields({ version: 1, title: 'Two' }), points: [two] },
				);
				await put({ docId: 'one', fields: docFields({ version: 2, title: 'One again' }), points: [point()] });
				const found = (await scan('a')).find((each) => each.id === two.id);
				assert.deepEqual([found?.docId, found?.fields.title, found?.fields.version], ['two', 'Two', 1]);
			});

			it('takes a call without writes, and a document without points', async () => {
				await store.put([]);
				await put({ docId: 'empty', points: [] });
				assert.equal(await store.count(null), 0);
				assert.deepEqual(await scan(null), []);
			});

			it('takes thousands of points of many documents in one call', async () => {
				const points = Array.from({ length: 2_100 }, (_, index) => point({ terms: `all nr${index}` }));
				await put(
					{ docId: 'large', points: points.slice(0, 1_300) },
					...Array.from({ length: 80 }, (_, index) => ({
						docId: `small ${index}`,
						points: points.slice(1_300 + index * 10, 1_310 + index * 10),
					})),
				);
				assert.equal(await store.count('a'), 2_100);
				assert.deepEqual(ids(await scan('a')), ids(points).sort());
				assert.deepEqual(ids(await sparse('a', ['nr1299'])), [points[1_299]?.id]);
				assert.equal((await sparse('a', ['all'], 1_000)).length, 1_000);
				assert.equal((await dense('a', unit(dimensions, 3), 1_000)).length, 1_000);
				// The large document again: all but its first points stay, in more than one piece.
				const kept = points.slice(100, 1_300).map(idOf);
				const fresh = Array.from({ length: 700 }, () => point());
				await put({ docId: 'large', fields: docFields({ version: 2 }), points: fresh, kept });
				const large = (await scan('a')).filter((each) => each.docId === 'large');
				assert.equal(large.filter((each) => each.fields.version === 2).length, 1_900);
				await store.remove('a', points.map(idOf));
				assert.deepEqual(ids(await scan('a')), ids(fresh).sort());
			});

			it('refuses a vector of another size with index_rejected, and goes on', async () => {
				const wrong = point({ vector: new Float32Array(dimensions + 1).fill(0.1) });
				await rejectsWith('index_rejected', put({ points: [wrong] }));
				await put({ points: [point()] });
				assert.equal(await store.count('a'), 1);
			});

			it('does nothing once its signal is aborted', async () => {
				const reason = new Error('enough');
				const signal = AbortSignal.abort(reason);
				const one = point();
				await assert.rejects(store.put([docWrite({ points: [one] })], signal), (error) => error === reason);
				await put({ points: [one] });
				await assert.rejects(store.remove('a', [one.id], signal), (error) => error === reason);
				assert.equal(await store.count('a'), 1);
			});
		});

		describe('remove', () => {
			it('takes points out of every read', async () => {
				const [one, two] = [point({ terms: 'gone' }), point({ terms: 'stays' })];
				await put({ points: [one, two] });
				await store.remove('a', [one.id]);
				assert.deepEqual(ids(await scan('a')), [two.id]);
				assert.equal(await store.count('a'), 1);
				assert.deepEqual(await sparse('a', ['gone']), []);
				assert.equal(ids(await dense('a', one.vector)).includes(one.id), false);
				assert.equal((await store.vectors('a', [one.id])).size, 0);
			});

			it('changes nothing the second time, nor for ids that never were', async () => {
				const [one, two] = [point(), point()];
				await put({ points: [one, two] });
				for (let time = 0; time < 2; time += 1) {
					await store.remove('a', [one.id, one.id, point().id]);
					assert.deepEqual(ids(await scan('a')), [two.id]);
				}
				await store.remove('a', []);
				await store.remove('nobody', [two.id]);
				assert.equal(await store.count('a'), 1);
			});

			it('lets a document come back after its last point went', async () => {
				const one = point({ terms: 'again' });
				await put({ docId: 'd', fields: docFields({ version: 1 }), points: [one] });
				await store.remove('a', [one.id]);
				assert.deepEqual(await sparse('a', ['again'], 10, 'd'), []);
				await put({ docId: 'd', fields: docFields({ version: 2 }), points: [one] });
				assert.deepEqual(
					(await sparse('a', ['again'], 10, 'd')).map((hit) => hit.fields.version),
					[2],
				);
			});
		});

		describe('tenants', () => {
			const hostile = ['b', 'A', 'o\'brien" %_', '日本 🗂️', '1', '2_x'];

			it('never read, change, count or remove what is of another', async () => {
				const vector = unit(dimensions, 0);
				const mine = point({ vector, terms: 'secret shared' });
				await put({ docId: 'd', fields: docFields({ version: 1 }), points: [mine] });
				const before = await scan('a');
				for (const tenant of hostile) {
					const theirs = point({ vector, terms: 'shared', content: tenant });
					await put({
						tenant,
						docId: 'd',
						fields: docFields({ version: 9 }),
						points: [theirs],
						kept: [mine.id],
					});
					await store.remove(tenant, [mine.id]);
					assert.deepEqual(ids(await dense(tenant, vector)), [theirs.id]);
					assert.deepEqual(ids(await dense(tenant, vector, 10, 'd')), [theirs.id]);
					assert.deepEqual(ids(await sparse(tenant, ['shared', 'secret'])), [theirs.id]);
					assert.deepEqual(ids(await sparse(tenant, ['shared', 'secret'], 10, 'd')), [theirs.id]);
					assert.deepEqual([...(await store.vectors(tenant, [mine.id, theirs.id])).keys()], [theirs.id]);
					assert.deepEqual(ids(await scan(tenant)), [theirs.id]);
					assert.deepEqual((await scan(tenant))[0]?.tenant, tenant);
					assert.equal(await store.count(tenant), 1);
				}
				assert.deepEqual(await scan('a'), before);
				assert.deepEqual(ids(await sparse('a', ['shared'])), [mine.id]);
				assert.equal(await store.count(null), hostile.length + 1);
				assert.equal((await scan(null)).length, hostile.length + 1);
			});

			it('take no place in the lists of another', async () => {
				const query = unit(dimensions, 0);
				const close = Array.from({ length: 20 }, () => point({ vector: query, terms: 'word' }));
				const far = point({ vector: unit(dimensions, 1), terms: 'word and much besides it' });
				await put({ tenant: 'a', points: close });
				await put({ tenant: 'b', points: [far] });
				assert.deepEqual(ids(await dense('b', query, 1)), [far.id]);
				assert.deepEqual(ids(await sparse('b', ['word'], 1)), [far.id]);
			});

			it('cannot be reached through a term', async () => {
				const mine = point({ terms: 'secret' });
				await put({ tenant: 'a', points: [mine] });
				await put({ tenant: 'b', points: [point({ terms: 'open' })] });
				const tries = ['1_secret', '"1_secret"', 'x" OR "1_secret', 'secret', '-1_secret', 'a secret', '*'];
				assert.deepEqual(await sparse('b', tries), []);
				await put({ tenant: 'b', points: [point({ terms: 'x-1_planted x"1_planted 1_planted' })] });
				assert.deepEqual(await sparse('a', ['planted']), []);
			});

			it('are empty where they never were', async () => {
				await put({ points: [point({ terms: 'word' })] });
				assert.deepEqual(await dense('nobody', unit(dimensions, 0)), []);
				assert.deepEqual(await sparse('nobody', ['word']), []);
				assert.deepEqual(await scan('nobody'), []);
				assert.equal(await store.count('nobody'), 0);
				assert.equal((await store.vectors('nobody', [point().id])).size, 0);
			});
		});

		describe('filter', () => {
			/** What both lists hold under a filter, by id. */
			const filtered = async (tenant: string, given: unknown, limit = 50) => {
				const filter = parseFilter(given);
				assert.ok(filter !== null);
				const query = { tenant, vector: unit(dimensions, 1), terms: ['word'], filter, limit };
				const { dense, sparse } = await store.search(query);
				assertDescending(dense);
				assertDescending(sparse);
				return { dense, sparse };
			};
			const found = async (tenant: string, given: unknown) => {
				const { dense, sparse } = await filtered(tenant, given);
				const docs = (hits: readonly Hit[]) => hits.map(({ docId }) => docId).sort();
				assert.deepEqual(docs(sparse), docs(dense));
				return docs(dense);
			};
			const doc = (docId: string, extra: Record<string, unknown>, change: Partial<DocWrite> = {}) => ({
				...{ docId, fields: docFields({ path: docId, extra }), points: [point({ terms: 'word' })] },
				...change,
			});

			it('finds what satisfies it, and nothing else', async () => {
				await put(
					doc('a/one.md', { author: 'x', year: 2020, tags: ['p', 'q'], due: '2026-01-31' }),
					doc('a/two.md', { author: 'y', year: 2021.5, tags: ['q'], done: true, none: null }),
					doc('b/three.md', { author: ['x', 'z'], due: '2026-02-01T10:00:00+01:00', empty: [] }),
				);
				const [one, two, three] = ['a/one.md', 'a/two.md', 'b/three.md'];
				const expected: readonly [unknown, readonly (string | undefined)[]][] = [
					[{ author: 'x' }, [one, three]],
					[{ author: ['y', 'z'] }, [two, three]],
					[{ author: { ne: 'x' } }, [two]],
					[{ year: 2021.5 }, [two]],
					[{ year: { gte: 2020, lt: 2021.5 } }, [one]],
					[{ year: { gt: 2020 } }, [two]],
					[{ due: { gte: '2026-01-31T00:00:00Z', lt: '2026-02-01T09:00:00Z' } }, [one]],
					[{ due: { lte: '2026-02-01T09:00:00Z' } }, [one, three]],
					[{ publishedAt: { gt: '2026-11-22' } }, [one, two, three]],
					[{ publishedAt: { lt: '2026-11-22' } }, []],
					[{ done: true }, [two]],
					[{ done: { ne: true } }, [one, three]],
					[{ year: { exists: true } }, [one, two]],
					[{ none: { exists: true } }, []],
					[{ empty: null }, [one, two, three]],
					[{ tags: { in: ['p'] }, author: 'x' }, [one]],
					[{ or: [{ tags: 'p' }, { author: 'z' }] }, [one, three]],
					[{ not: { or: [{ tags: 'p' }, { author: 'z' }] } }, [two]],
					[{ docId: [one, 'absent'] }, [one]],
					[{ docId: { prefix: 'a/' } }, [one, two]],
					[{ path: { prefix: 'b' }, mimeType: 'text/markdown' }, [three]],
					[{ path: { prefix: 'A' } }, []],
					[{ title: { prefix: 'A t' }, not: { docId: one } }, [two, three]],
				];
				for (const [filter, docs] of expected)
					assert.deepEqual(await found('a', filter), docs, JSON.stringify(filter));
			});

			it('chooses before the lists are cut', async () => {
				const near = Array.from({ length: 30 }, () => point({ vector: unit(dimensions, 1), terms: 'word' }));
				await put({ docId: 'near', points: near });
				const far = point({
					vector: unit(dimensions, 1).map((v) => -v),
					terms: `word ${'other '.repeat(50)}`,
				});
				await put({ ...doc('far', { wanted: true }), points: [far] });
				const { dense, sparse } = await filtered('a', { wanted: true }, 1);
				assert.deepEqual([ids(dense), ids(sparse)], [[far.id], [far.id]]);
			});

			it('stands beside the document that is searched in', async () => {
				await put(doc('one', { a: 1 }), doc('two', { a: 1 }), doc('three', { a: 2 }));
				const filter = parseFilter({ a: 1 });
				assert.ok(filter !== null);
				const ask = async (docId: string) =>
					(
						await store.search({
							tenant: 'a',
							vector: unit(dimensions, 0),
							terms: [],
							docId,
							filter,
							limit: 9,
						})
					).dense;
				assert.deepEqual(
					(await ask('two')).map(({ docId }) => docId),
					['two'],
				);
				assert.deepEqual(await ask('three'), []);
			});

			it('follows a document that is published anew', async () => {
				const first = point({ terms: 'word' });
				await put(doc('d', { state: 'draft', old: [1, 2] }, { points: [first] }));
				const second = point({ terms: 'word' });
				const fields = docFields({ version: 2, extra: { state: 'final' } });
				await put({ docId: 'd', fields, points: [second], kept: [first.id], droppedExtra: ['old'] });
				assert.deepEqual(await found('a', { state: 'final' }), ['d', 'd']);
				assert.deepEqual(await found('a', { state: 'draft' }), []);
				assert.deepEqual(await found('a', { old: { exists: true } }), []);
				await store.remove('a', [first.id, second.id]);
				assert.deepEqual(await found('a', { state: 'final' }), []);
			});

			it('decides as the rule does, whatever the documents, and never shows another tenant’s', async () => {
				const each = fc.array(anyMetadata, { minLength: 1, maxLength: 6 });
				await fc.assert(
					fc.asyncProperty(
						each,
						each,
						fc.array(anyFilter, { minLength: 8, maxLength: 8 }),
						async (mine, others, filters) => {
							const written: { tenant: string; docs: DocWrite[] }[] = [];
							for (const [tenant, all] of [
								['a', mine],
								['b', others],
							] as const) {
								const docs = all.map((extra, at) => docWrite({ ...doc(`doc${at}`, extra), tenant }));
								await store.put(docs);
								written.push({ tenant, docs });
							}
							try {
								for (const given of filters) {
									const filter = parseFilter(given);
									assert.ok(filter !== null);
									for (const { tenant, docs } of written) {
										const wanted: string[] = docs
											.filter(({ docId, fields }) => satisfies(filterableDoc(docId, fields), filter))
											.map(({ docId }) => docId);
										const { dense, sparse } = await filtered(tenant, given);
										assert.deepEqual(
											[...dense, ...sparse].filter((hit) => hit.tenant !== tenant),
											[],
										);
										for (const hits of [dense, sparse])
											assert.deepEqual(
												hits.map(({ docId }) => docId).sort(),
												wanted.sort(),
												JSON.stringify(given),
											);
									}
								}
							} finally {
								// Also after a failure: smaller examples are tried on an empty store.
								for (const { tenant, docs } of written)
									await store.remove(
										tenant,
										docs.flatMap(({ points }) => points.map(idOf)),
									);
							}
						},
					),
					{ numRuns: 12 },
				);
			});
		});

		describe('search', () => {
			it('lists the nearest first, at most as many as asked for', async () => {
				const query = unit(dimensions, 0);
				const lean = (share: number) => mix(query, unit(dimensions, 1), share);
				const points = [0.9, 0.1, 0.5, 0.3, 0.7].map((share) => point({ vector: lean(share) }));
				await put({ points });
				const near = [1, 3, 2, 4, 0].map((index) => points[index]?.id);
				const hits = await dense('a', query);
				assert.deepEqual(ids(hits), near);
				assertDescending(hits);
				for (const limit of [1, 2, 4])
					assert.deepEqual(ids(await dense('a', query, limit)), near.slice(0, limit));
			});

			it('finds points that look away from the query too', async () => {
				const query = unit(dimensions, 0);
				const away = point({ vector: query.map((value) => -value) });
				const across = point({ vector: unit(dimensions, 1) });
				await put({ points: [away, across] });
				assert.deepEqual(ids(await dense('a', query)), [across.id, away.id]);
			});

			it('lists points with any of the terms, the rare term first', async () => {
				const rare = point({ terms: 'common zebra' });
				const others = Array.from({ length: 12 }, (_, index) => point({ terms: `common filler${index}` }));
				const none = point({ terms: 'elsewhere' });
				await put({ points: [...others, rare, none] });
				const hits = await sparse('a', ['zebra', 'common', 'absent'], 50);
				assert.equal(hits[0]?.id, rare.id);
				assert.deepEqual(ids(hits).sort(), ids([...others, rare]).sort());
				assertDescending(hits);
				assert.equal((await sparse('a', ['common'], 5)).length, 5);
				assert.deepEqual(await sparse('a', ['absent']), []);
			});

			it('takes terms literally, whatever they look like', async () => {
				const words = [
					'or',
					'and',
					'not',
					'near',
					'null',
					'cmake_install_rpath',
					'zürich',
					'日本',
					'日',
					'𝒳',
					'42',
				];
				const points = words.map((terms) => point({ terms: `${terms} x${words.indexOf(terms)}` }));
				await put({ points });
				for (const [index, word] of words.entries()) {
					assert.deepEqual(ids(await sparse('a', [word])), [points[index]?.id], word);
				}
			});

			const words = { tenant: 'a', vector: null, limit: 10 };
			const found = async (terms: string[], rest: Partial<SearchQuery> = {}) =>
				ids((await store.search({ ...words, terms, ...rest })).sparse);

			it('keeps to phrases, and to what must not be there', async () => {
				const texts = ['red fox run', 'fox red run', 'red fox jump', 'run'];
				const points = texts.map((terms) => point({ terms, content: terms, heading: null }));
				const [first, second, third, fourth] = ids(points);
				await put({ points });
				const phrases = [['red', 'fox']];
				assert.deepEqual((await found(['red', 'fox'], { phrases })).sort(), [first, third].sort());
				const both = [...phrases, ['run']];
				assert.deepEqual(await found(['red', 'fox', 'run'], { phrases: both }), [first]);
				assert.deepEqual((await found(['run'], { without: phrases })).sort(), [second, fourth].sort());
				assert.deepEqual(await found(['red'], { phrases, without: [['run']] }), [third]);
				assert.deepEqual(await found(['red'], { phrases: [['fox', 'fox']] }), []);
			});

			it('takes near words for one that nobody has, and the unfinished one as what it may become', async function () {
				// Qdrant lists no terms: there is nothing to take near words from.
				if (made.knowsTerms !== true) return this.skip();
				const points = ['install', 'installer', 'insect', 'other'].map((terms) => point({ terms }));
				const [install, installer] = ids(points);
				await put({ points });
				await put({ tenant: 'b', points: [point({ terms: 'instinct' })] });
				assert.deepEqual(await found(['inst'], { beginning: 'inst' }), [install, installer].sort());
				assert.deepEqual(await found(['inst']), []);
				assert.deepEqual(await found(['install'], { beginning: 'install' }), [install]);
				assert.deepEqual(await found(['insatll']), [install]);
			});

			it('scores from 0 to 1, by how much of what is asked for is there', async function () {
				// Each part of a sharded index has rarities of its own.
				if (made.hasParts === true) return this.skip();
				const texts = ['zebra', 'zebra yak', 'zebra yak zebra yak zebra yak zebra yak', 'yak'];
				const points = texts.map((terms) => point({ terms }));
				const filler = Array.from({ length: 20 }, () => point());
				await put({ points: [...points, ...filler] });
				const scored = async (terms: string[]) => {
					const { sparse } = await store.search({ ...words, terms });
					for (const { score } of sparse) assert.ok(score > 0 && score <= 1);
					return new Map(sparse.map(({ id, score }) => [id, score]));
				};
				const scores = await scored(['zebra', 'yak']);
				const [one, both, often] = ids(points).map((id) => scores.get(id) ?? 0) as [number, number, number];
				assert.ok(one < both && both < often && often > 0.4 && one < 0.5);
				const thin = await scored(['zebra', 'yak', 'quagga', 'okapi']);
				assert.ok((thin.get(points[2]?.id ?? '') ?? 1) < often * 0.6, 'two words of four are half an answer');
			});

			it('survives hostile terms', async () => {
				await put({ points: [point({ terms: 'plain' })] });
				const hostile = [
					'"',
					"'",
					'*',
					'NEAR(',
					')',
					'a:b',
					'^',
					'\0',
					'pl\0ain"',
					'-',
					'{}',
					'🗂️',
					'',
					' ',
					'é',
				];
				for (const term of [...hostile, 'y'.repeat(10_000)]) {
					assert.deepEqual(ids(await sparse('a', [term])), [], term.slice(0, 10));
				}
				const many = Array.from({ length: 3_000 }, (_, index) => `t${index}`);
				assert.equal((await sparse('a', ['plain', ...hostile, ...many])).length, 1);
			});

			it('leaves a list empty that was not asked for', async () => {
				await put({ points: [point({ terms: 'word' })] });
				const only = { tenant: 'a', limit: 10 };
				assert.deepEqual(await store.search({ ...only, vector: null, terms: [] }), { dense: [], sparse: [] });
				assert.deepEqual(await dense('a', new Float32Array(dimensions)), [], 'zeros have no direction');
				const both = await store.search({ ...only, vector: unit(dimensions, 0), terms: ['word'] });
				assert.deepEqual([both.dense.length, both.sparse.length], [1, 1]);
			});

			it('stays within one document where it is told to', async () => {
				const query = unit(dimensions, 0);
				const close = Array.from({ length: 30 }, () => point({ vector: query, terms: 'word word' }));
				const far = point({ vector: unit(dimensions, 1), terms: 'word other' });
				await put({ docId: 'crowd', points: close }, { docId: 'alone', points: [far] });
				assert.deepEqual(ids(await dense('a', query, 10, 'alone')), [far.id]);
				assert.deepEqual(ids(await sparse('a', ['word'], 10, 'alone')), [far.id]);
				assert.deepEqual(await dense('a', query, 10, 'absent'), []);
				assert.deepEqual(await sparse('a', ['word'], 10, 'absent'), []);
			});

			it('scans one document where it is told to', async () => {
				await put({ docId: 'one', points: [point(), point()] }, { docId: 'two', points: [point()] });
				const found: string[] = [];
				for await (const { docId } of store.scan('a', 'two')) found.push(docId);
				assert.deepEqual(found, ['two']);
			});

			it('shows the points of one document page by page, by id, and not its texts', async () => {
				const before = docFields({ version: 1 });
				const points = Array.from({ length: 9 }, () => point());
				const old = points.slice(0, 4);
				await put({ docId: 'd', fields: before, points: old }, { docId: 'other', points: [point()] });
				// Some of them go on showing the version that they belong to.
				const after = docFields({ version: 2 });
				await put({ docId: 'd', fields: after, points: points.slice(4), kept: ids(old.slice(2)) });
				const versionOf = (id: string) => (ids(old.slice(0, 2)).includes(id) ? 1 : 2);
				const expected = points
					.map(({ id, order }) => ({ id, tenant: 'a', docId: 'd', order, version: versionOf(id) }))
					.sort((a, b) => (a.id < b.id ? -1 : 1));
				for (const limit of [1, 4, 9, 20]) {
					const found: PointMark[] = [];
					for (let from: string | null = null; ;) {
						const page = await store.points({ tenant: 'a', docId: 'd', from, limit });
						assert.ok(page.items.length <= limit);
						found.push(...page.items);
						if (page.next === null) break;
						from = page.next;
					}
					assert.deepEqual(
						found.map(({ fields, ...mark }) => ({ ...mark, version: fields.version })),
						expected,
					);
					assert.deepEqual(found.find(({ id }) => versionOf(id) === 2)?.fields, after);
				}
				const { items } = await store.points({ tenant: 'b', docId: 'd', from: null, limit: 9 });
				assert.deepEqual(items, []);
			});

			it('shows the same points whole, page by page', async () => {
				const fields = docFields({ version: 1 });
				const points = Array.from({ length: 7 }, () => point());
				await put({ docId: 'd', fields, points }, { docId: 'other', points: [point()] });
				await put({ tenant: 'b', docId: 'd', points: [point()] });
				const expected: StoredPoint[] = [];
				for await (const one of store.scan('a', 'd')) expected.push(one);
				assert.equal(expected.length, points.length);
				for (const limit of [1, 3, 7, 20]) {
					const found: StoredPoint[] = [];
					for (let from: string | null = null; ;) {
						const page = await store.contents({ tenant: 'a', docId: 'd', from, limit });
						assert.ok(page.items.length <= limit);
						found.push(...page.items);
						if (page.next === null) break;
						from = page.next;
					}
					assert.deepEqual(found, expected);
				}
			});

			it('names the documents of a tenant page by page', async () => {
				const names = ['d1', 'o\'brien" %_', '日本 🗂️', 'x:y', '0'];
				for (const docId of names) await put({ docId, points: [point(), point()] });
				await put({ tenant: 'b', docId: 'of another', points: [point()] });
				for (const limit of [1, 3, 100]) {
					const found = new Set<string>();
					for (let from: string | null = null; ;) {
						const page = await store.documents({ tenant: 'a', from, limit });
						for (const docId of page.items) found.add(docId);
						if (page.next === null) break;
						from = page.next;
					}
					assert.deepEqual([...found].sort(), names.toSorted());
				}
				assert.deepEqual((await store.documents({ tenant: 'nobody', from: null, limit: 9 })).items, []);
			});

			it('counts the points of many tenants in one call', async () => {
				await put({ tenant: 'a', docId: 'one', points: [point(), point()] });
				await put({ tenant: 'a', docId: 'two', points: [point()] });
				await put({ tenant: 'b', points: [point()] });
				const asked = ['b', 'nobody', 'a'];
				assert.deepEqual([...(await store.counts(asked))], [['b', 1], ['nobody', 0], ['a', 3]]); // prettier-ignore
				assert.equal((await store.counts([])).size, 0);
			});

			it('orders equal scores by id, also where the limit cuts through them', async () => {
				const vector = unit(dimensions, 0);
				const better = point({ vector, terms: 'same same' });
				const equal = Array.from({ length: 40 }, () => point({ vector: unit(dimensions, 1), terms: 'same' }));
				// Neither the order of writing nor that of ids is that of the documents.
				const shuffled = equal.toSorted((a, b) => hash(a.id) - hash(b.id));
				await put(...shuffled.map((one, index) => ({ docId: `d${index % 7}`, points: [one] })), {
					docId: 'best',
					points: [better],
				});
				const order = ids(equal).sort();
				for (const limit of [1, 2, 11, 40, 41, 100]) {
					const expected = [better.id, ...order].slice(0, limit);
					assert.deepEqual(ids(await dense('a', vector, limit)), expected);
					const byWords = ids(await sparse('a', ['same', 'absent'], limit));
					if (made.hasParts !== true) assert.deepEqual(byWords, expected);
					else if (limit > equal.length) assert.deepEqual(byWords.sort(), [...expected].sort());
					else assert.equal(new Set(byWords).size, limit);
				}
				const inDoc = ids(shuffled.filter((_, index) => index % 7 === 3)).sort();
				assert.deepEqual(ids(await dense('a', vector, 3, 'd3')), inDoc.slice(0, 3));
				assert.deepEqual(ids(await sparse('a', ['same'], 3, 'd3')), inDoc.slice(0, 3));
			});
		});

		describe('all together', () => {
			it('takes puts, removals and searches at the same time', async () => {
				const tenants = ['a', 'b', 'c'];
				const work = tenants.flatMap((tenant) =>
					Array.from({ length: 6 }, async (_, index) => {
						const docId = `d${index}`;
						const [first, second] = [point({ terms: 'busy' }), point({ terms: 'busy' })];
						await put({ tenant, docId, fields: docFields({ version: 1 }), points: [first] });
						await put({ tenant, docId, fields: docFields({ version: 2 }), points: [second] });
						await store.remove(tenant, [first.id]);
						return second.id;
					}),
				);
				const searches = Array.from({ length: 30 }, async (_, index) => {
					const tenant = tenants[index % 3] ?? 'a';
					const hits = [
						...(await dense(tenant, unit(dimensions, index))),
						...(await sparse(tenant, ['busy'])),
					];
					assert.ok(hits.every((hit) => hit.tenant === tenant));
				});
				await Promise.all(searches);
				const left = await Promise.all(work);
				assert.deepEqual(ids(await scan(null)), left.sort());
			});

			it('never loses sight of a document that is being updated', async () => {
				let current = point({ terms: 'steady' });
				await put({ docId: 'd', fields: docFields({ version: 0 }), points: [current] });
				let updating = true;
				const updates = (async () => {
					for (let version = 1; version <= 15; version += 1) {
						const next = point({ terms: 'steady' });
						await put({ docId: 'd', fields: docFields({ version }), points: [next] });
						await store.remove('a', [current.id]);
						current = next;
					}
				})().finally(() => {
					updating = false;
				});
				const query = { tenant: 'a', vector: unit(dimensions, 0), terms: ['steady'], limit: 5 };
				while (updating) {
					const hits = await store.search(query);
					assert.ok(hits.dense.length > 0 && hits.sparse.length > 0);
				}
				await updates;
				assert.deepEqual(ids(await scan('a')), [current.id]);
			});

			it('holds what any sequence of calls leaves', async () => {
				let run = 0;
				const step = fc.record({
					doc: fc.integer({ min: 0, max: 2 }),
					fresh: fc.integer({ min: 0, max: 4 }),
					keep: fc.integer({ min: 0, max: 15 }),
					again: fc.boolean(),
					clear: fc.boolean(),
				});
				await fc.assert(
					fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 10 }), async (steps) => {
						const tenant = `model ${(run += 1)}`;
						const model = new Map<string, { docId: string; version: number }>();
						let version = 0;
						for (const { doc, fresh, keep, again, clear } of steps) {
							version += 1;
							const docId = `d${doc}`;
							const there = [...model].filter(([, each]) => each.docId === docId).map(([id]) => id);
							const kept = there.filter((_, index) => (keep >> (index % 4)) & 1);
							const gone = there.filter((id) => !kept.includes(id));
							const points = Array.from({ length: fresh }, () => point());
							const writes = [docWrite({ tenant, docId, fields: docFields({ version }), points, kept })];
							await store.put(writes);
							if (again) await store.put(writes);
							for (const id of [...kept, ...points.map(idOf)]) model.set(id, { docId, version });
							if (clear) {
								await store.remove(tenant, gone);
								for (const id of gone) model.delete(id);
							}
						}
						const found = (await scan(tenant)).map(({ id, docId, fields: { version: own } }) => [
							id,
							{ docId, version: own },
						]);
						assert.deepEqual(found, [...model].sort(byFirst));
						assert.equal(await store.count(tenant), model.size);
						assert.equal((await store.counts([tenant])).get(tenant), model.size);
						assert.deepEqual(
							ids(await dense(tenant, unit(dimensions, 0), 1_000)).sort(),
							[...model.keys()].sort(),
						);
					}),
					{ numRuns: 12 },
				);
			});

			it('answers a ping', () => store.ping());
		});
	});
}

let made = 0;

/** A point like no other; its id says nothing about when it was made. */
function samplePoint(dimensions: number): NewPoint {
	made += 1;
	const spread = hash(String(made)).toString(16).padStart(8, '0');
	return {
		id: `${spread}-0000-5000-8000-${made.toString(16).padStart(12, '0')}`,
		vector: unit(dimensions, made),
		terms: `term${made}`,
		content: `Content number ${made}.`,
		heading: `Heading ${made}`,
		page: made,
		order: `a${made}`,
	};
}

function docWrite(change: Partial<DocWrite>): DocWrite {
	const empty = { points: [], kept: [], reordered: [], droppedExtra: [] };
	return { tenant: 'a', docId: 'd', fields: docFields(), ...empty, ...change };
}

/** A unit vector for a seed; those of seeds 0 to dimensions - 1 are at right angles. */
function unit(dimensions: number, seed: number): Float32Array {
	const vector = new Float32Array(dimensions);
	if (seed < dimensions) {
		vector[seed] = 1;
		return vector;
	}
	for (let i = 0; i < dimensions; i += 1) vector[i] = (hash(`${seed}/${i}`) / 0xffffffff) * 2 - 1;
	const length = Math.sqrt(dot(vector, vector));
	return vector.map((value) => value / length);
}

function mix(from: Float32Array, to: Float32Array, share: number): Float32Array {
	const vector = from.map((value, index) => value * (1 - share) + (to[index] ?? 0) * share);
	const length = Math.sqrt(dot(vector, vector));
	return vector.map((value) => value / length);
}

function dot(a: Float32Array, b: Float32Array): number {
	return a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
}

/** FNV-1a with a last stir, so that neighbours do not stay neighbours. */
function hash(text: string): number {
	let value = 0x811c9dc5;
	for (const character of text) value = Math.imul(value ^ character.charCodeAt(0), 0x01000193);
	value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d);
	return (value ^ (value >>> 13)) >>> 0;
}

const idOf = ({ id }: { id: string }) => id;
const ids = (points: readonly { id: string }[]) => points.map(idOf);
const byFirst = (a: readonly unknown[], b: readonly unknown[]) => (String(a[0]) < String(b[0]) ? -1 : 1);

function assertDescending(hits: readonly Hit[]): void {
	for (const [index, hit] of hits.entries())
		assert.ok(index === 0 || hit.score <= (hits[index - 1]?.score ?? 0));
}

async function rejectsWith(code: ErrorCode, promise: Promise<unknown>): Promise<void> {
	await assert.rejects(promise, (error) => {
		assert.ok(isDocDropError(error), String(error));
		assert.equal(error.code, code);
		return true;
	});
}

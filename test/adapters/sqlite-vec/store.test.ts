import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Worker } from 'node:worker_threads';
import { allChunks } from '../../../api/adapters/sqlite-vec/chunks.ts';
import { createSqliteVecStore } from '../../../api/adapters/sqlite-vec/index.ts';
import { marksOfRow } from '../../../api/adapters/sqlite-vec/index-pages.ts';
import { vecLibrary } from '../../../api/adapters/sqlite-vec/library.ts';
import { contentsOfRow } from '../../../api/adapters/sqlite-vec/read.ts';
import { verifySqliteVec } from '../../../api/adapters/sqlite-vec/verify.ts';
import { withinOf } from '../../../api/adapters/sqlite-vec/filter-sql.ts';
import { parseFilter } from '../../../api/domain/index.ts';
import { type ErrorCode, isDocDropError } from '../../../api/errors.ts';
import type { DocWrite, NewPoint, VectorStore } from '../../../api/ports/vector-store.ts';
import { docFields } from '../../support/doc-fields.ts';

const dimensions = 8;
/** As a file was before filters, and before vectors were in memory. */
const withoutValues =
	'DROP TABLE doc_values; DROP TRIGGER doc_values_of_gone; ALTER TABLE tenants DROP COLUMN edition';

describe('sqlite-vec store', () => {
	let folder: string;
	let file: string;
	let store: VectorStore;

	beforeEach(async () => {
		folder = await mkdtemp(join(tmpdir(), 'docdrop-'));
		file = join(folder, 'vectors.db');
		store = createSqliteVecStore({ file, dimensions });
	});
	afterEach(async () => {
		await store.close();
		await rm(folder, { recursive: true });
	});

	/** Opens the file beside the store, with leave to damage it. */
	function beside<T>(work: (db: DatabaseSync) => T): T {
		using db = new DatabaseSync(file, { allowExtension: true, defensive: false });
		db.loadExtension(vecLibrary());
		return work(db);
	}
	const sound = () => assert.deepEqual(verifySqliteVec(file).faults, []);

	it('counts the points of each tenant in a file that was made before they were counted', async () => {
		await store.open();
		const one = point();
		await store.put([docWrite({ points: [one, point()] })]);
		await store.put([docWrite({ tenant: 'b', points: [point()] })]);
		await store.close();
		beside((db) =>
			db.exec(`ALTER TABLE tenants DROP COLUMN points; ${withoutValues}; PRAGMA user_version = 1`),
		);
		store = createSqliteVecStore({ file, dimensions });
		await store.open();
		assert.deepEqual([...(await store.counts(['b', 'a', 'c']))], [['b', 1], ['a', 2], ['c', 0]]); // prettier-ignore
		await store.remove('a', [one.id]);
		assert.deepEqual([await store.count('a'), await store.count(null)], [1, 2]);
		sound();
	});

	it('makes the terms of an index again that were made in another way', async () => {
		await store.open();
		const fields = docFields({ extra: { tags: 'zoo' } });
		const found = point({ heading: 'Guide', content: 'Connected libraries', terms: 'connected library' });
		await store.put([docWrite({ docId: 'plans/x.md', fields, points: [found, point()] })]);
		await store.put([docWrite({ tenant: 'b', points: [point({ content: 'Connections' })] })]);
		await store.close();
		beside((db) => db.exec(`DELETE FROM meta WHERE key = 'terms'`));
		store = createSqliteVecStore({ file, dimensions });
		await store.open();
		for (const term of ['connect', 'librari', 'guid', 'zoo']) {
			const { sparse } = await store.search({ tenant: 'a', vector: null, terms: [term], limit: 9 });
			assert.ok(
				sparse.some(({ id }) => id === found.id),
				term,
			);
		}
		assert.equal(await store.count('a'), 2);
		sound();
	});

	it('filters by what is in a file that was made before there were filters', async () => {
		await store.open();
		const fields = docFields({ extra: { author: 'x', tags: ['p', 'q'], due: '2026-01-31' } });
		await store.put([
			docWrite({ fields, points: [point()] }),
			docWrite({ docId: 'other', points: [point()] }),
		]);
		await store.close();
		beside((db) => db.exec(`${withoutValues}; PRAGMA user_version = 2`));
		store = createSqliteVecStore({ file, dimensions });
		await store.open();
		sound();
		for (const given of [{ author: 'x' }, { tags: 'q' }, { due: { gt: '2026-01-01' } }]) {
			const filter = parseFilter(given);
			assert.ok(filter !== null);
			const { dense } = await store.search({ tenant: 'a', vector: unit(1), terms: [], filter, limit: 9 });
			assert.deepEqual(
				dense.map(({ docId }) => docId),
				['d'],
			);
		}
	});

	it('looks for the documents of a filter that selects little, and not through all of them', async () => {
		await store.open();
		const plan = (given: unknown) =>
			beside((db) => {
				const { rows } = withinOf({ docId: null, filter: parseFilter(given) });
				const found = db.prepare(`EXPLAIN QUERY PLAN ${rows?.slice(1, -1)}`).all();
				return found.map((row) => String(row['detail'])).join('; ');
			});
		for (const given of [
			...[
				{ a: 1 },
				{ a: ['x', 2, true] },
				{ a: { gt: 1 } },
				{ path: { prefix: 'x' } },
				{ a: { exists: true } },
			],
			...[
				{ or: [{ a: 1 }, { b: 2 }] },
				{ a: 1, not: { b: 2 } },
				{ and: [{ not: { b: 2 } }, { a: { lt: 3 } }] },
			],
		]) {
			assert.match(plan(given), /SEARCH docs USING INTEGER PRIMARY KEY/, JSON.stringify(given));
			assert.match(plan(given), /SEARCH doc_values USING PRIMARY KEY \(tenant=\? AND name=\?/);
		}
		// What most documents satisfy is tried on those that the other part has found.
		for (const broad of [
			{ b: { gte: 1 } },
			{ b: true },
			{ b: { exists: true } },
			{ or: [{ b: 1 }, { c: 2 }] },
		]) {
			const found = plan({ ...broad, a: 1 });
			assert.match(found, /USING (COVERING )?INDEX doc_values_by_doc \(doc=\? AND name=\?/);
			assert.equal(found.match(/USING PRIMARY KEY \(tenant=\?/g)?.length, 1, found);
		}
		assert.match(plan({ docId: ['x', 'y'] }), /docs_by_id \(tenant=\? AND doc_id=\?\)/);
		assert.match(plan({ docId: { prefix: 'x' } }), /docs_by_id \(tenant=\? AND doc_id>\? AND doc_id<\?\)/);
		assert.match(plan({ not: { a: 1 } }), /docs_by_id \(tenant=\?\)/);
	});

	it('notices values that a document does not have', async () => {
		await store.open();
		await store.put([docWrite({ points: [point()] })]);
		beside((db) => db.exec(`UPDATE doc_values SET value = 'other' WHERE name = 'title'`));
		assert.deepEqual(verifySqliteVec(file).faults, ['1 documents with other values than their fields have']);
	});

	it('pages through a document of many chunks at the same cost for each page', async () => {
		await store.open();
		beside((db) => {
			for (const sql of [marksOfRow, contentsOfRow]) {
				const rows = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(1, new Uint8Array(16), 200);
				const plan = rows.map((row) => String(row['detail'])).join('; ');
				assert.match(plan, /SEARCH points USING INDEX points_by_doc \(doc=\? AND id>\?\)/);
				assert.doesNotMatch(plan, /TEMP B-TREE/);
			}
		});
	});

	describe('refuses to open', () => {
		const other = async (options: {
			dimensions?: number;
			fingerprint?: string;
			replaceable?: readonly string[];
		}) => {
			const again = createSqliteVecStore({ file, dimensions, ...options });
			await again.open().finally(() => again.close());
		};

		it('a file from a newer version', async () => {
			await store.open();
			await store.close();
			beside((db) => db.exec('PRAGMA user_version = 99'));
			await rejectsWith('store_newer', other({}));
			assert.throws(() => verifySqliteVec(file), { code: 'store_newer' });
		});

		it('a file that is no database, or of another program', async () => {
			await writeFile(file, 'no database'.repeat(1_000));
			await rejectsWith('store_corrupt', other({}));
			await rm(file);
			beside((db) => db.exec('CREATE TABLE theirs(x)'));
			await rejectsWith('store_corrupt', other({}));
			assert.equal(
				beside((db) => db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n']),
				1,
			);
		});

		it('a file in a folder that is not there', async () => {
			file = join(folder, 'absent', 'vectors.db');
			await rejectsWith('index_unavailable', other({}));
		});

		it('points of another embedder, but not an index without points', async () => {
			await store.open();
			await other({ fingerprint: 'one' });
			await other({ fingerprint: 'two' });
			await store.put([docWrite({ points: [point()] })]);
			await other({ fingerprint: 'two' });
			await other({});
			await rejectsWith('index_mismatch', other({ fingerprint: 'one' }));
			await rejectsWith('index_mismatch', other({ fingerprint: 'two', dimensions: 16 }));
		});

		it('points of another embedder only where it must keep them: else they make way', async () => {
			await other({ fingerprint: 'free:1' });
			const filled = createSqliteVecStore({ file, dimensions, fingerprint: 'free:1' });
			await filled.open();
			await filled.put([docWrite({ points: [point()] })]);
			await filled.close();
			await rejectsWith('index_mismatch', other({ fingerprint: 'free:2', replaceable: ['other:'] }));
			await other({ fingerprint: 'free:1', replaceable: ['free:'] });
			const points = () => beside((db) => db.prepare('SELECT count(*) AS n FROM points').get()?.['n']);
			assert.equal(points(), 1, 'its own stay');
			const version = Number(beside((db) => db.prepare('PRAGMA user_version').get()?.['user_version']));
			beside((db) => db.exec('PRAGMA user_version = 99'));
			await rejectsWith('store_newer', other({ fingerprint: 'free:2', replaceable: ['free:'] }));
			beside((db) => db.exec(`PRAGMA user_version = ${version}`));
			await other({ fingerprint: 'free:2', replaceable: ['free:'] });
			assert.equal(points(), 0);
			await rejectsWith(
				'index_mismatch',
				other({ fingerprint: 'free:2', dimensions: 16, replaceable: ['free:'] }),
			);
			await other({ fingerprint: 'free:3', dimensions: 16, replaceable: ['free:'] });
		});

		it('and to write, while another process holds the file, and goes on afterwards', async () => {
			await store.open();
			using db = new DatabaseSync(file);
			db.exec('BEGIN IMMEDIATE');
			const again = createSqliteVecStore({ file, dimensions, fingerprint: 'x' });
			const [opened, put] = await Promise.allSettled([
				again.open(),
				store.put([docWrite({ points: [point()] })]),
			]);
			db.exec('ROLLBACK');
			await again.close();
			assert.equal((opened as PromiseRejectedResult).reason.code, 'store_locked');
			assert.equal((put as PromiseRejectedResult).reason.code, 'index_unavailable');
			assert.equal(await store.count(null), 0);
			await store.put([docWrite({ points: [point()] })]);
			assert.equal(await store.count(null), 1);
		});
	});

	it('answers nothing before it is opened and after it is closed', async () => {
		await rejectsWith('index_unavailable', store.count(null));
		await rejectsWith('index_unavailable', store.ping());
		await store.open();
		await store.close();
		await rejectsWith('index_unavailable', store.count(null));
		await rejectsWith('index_unavailable', store.open());
	});

	it('refuses what is no UUID, no number, or of two tenants, with index_rejected', async () => {
		await store.open();
		const bad: DocWrite[][] = [
			[docWrite({ points: [point({ id: "'; DROP TABLE points" })] })],
			[docWrite({ kept: ['x'] })],
			[docWrite({ points: [point({ vector: new Float32Array(dimensions).fill(NaN) })] })],
			[docWrite({ points: [point({ vector: new Float32Array(dimensions).fill(Infinity) })] })],
			[docWrite({ points: [point()] }), docWrite({ tenant: 'b', points: [point()] })],
		];
		for (const writes of bad) await rejectsWith('index_rejected', store.put(writes));
		await rejectsWith('index_rejected', store.remove('a', ['x']));
		await rejectsWith('index_rejected', store.vectors('a', ['x']));
		const query = { tenant: 'a', terms: [], limit: 1 };
		await rejectsWith('index_rejected', store.search({ ...query, vector: new Float32Array(3) }));
		assert.equal(await store.count(null), 0);
	});

	it('takes ids in capitals for the same ids', async () => {
		await store.open();
		const one = point();
		await store.put([docWrite({ points: [{ ...one, id: one.id.toUpperCase() }] })]);
		await store.put([docWrite({ docId: 'd', points: [], kept: [one.id.toUpperCase()] })]);
		await store.remove('a', [one.id.toUpperCase()]);
		assert.equal(await store.count('a'), 0);
	});

	it('puts what was packed ahead as it puts anything else', async () => {
		await store.open();
		const points = Array.from({ length: 600 }, () => point({ content: 'zürich \ud83d\ude42', heading: 'h' }));
		const writes = [docWrite({ points })];
		store.pack?.(writes);
		await store.put(writes);
		const found = new Map<string, string>();
		for await (const { id, content } of store.scan('a')) found.set(id, content);
		assert.deepEqual(found, new Map(points.map(({ id, content }) => [id, content])));
		sound();
	});

	it('takes what was packed for the next put alone', async () => {
		await store.open();
		const one = { ...point(), content: 'packed' };
		const writes = [docWrite({ points: [one] })];
		const found = async () => {
			for await (const { content } of store.scan('a')) return content;
			return null;
		};
		store.pack?.(writes);
		one.content = 'later';
		await store.put(writes);
		assert.equal(await found(), 'packed');
		await store.put(writes);
		assert.equal(await found(), 'later');
	});

	it('takes empty texts', async () => {
		await store.open();
		await store.put([docWrite({ points: [point({ content: '', terms: '' })] })]);
		assert.equal(await store.count('a'), 1);
		sound();
	});

	it('leaves it to the put to refuse what cannot be packed', async () => {
		await store.open();
		const writes = [docWrite({ points: [point({ id: 'no' })] })];
		store.pack?.(writes);
		await rejectsWith('index_rejected', store.put(writes));
	});

	it('applies a put of up to 512 points whole or not at all', async () => {
		await store.open();
		const points = Array.from({ length: 512 }, (_, index) =>
			index === 499 ? point({ order: null as unknown as string }) : point(),
		);
		await rejectsWith('internal', store.put([docWrite({ points })]));
		assert.equal(await store.count(null), 0);
		sound();
		await store.put([docWrite({ points: points.slice(0, 499) })]);
		assert.equal(await store.count(null), 499);
	});

	it('lets a call that fails undo nothing of those that share its transaction', async () => {
		await store.open();
		const broken = point({ order: null as unknown as string });
		const results = await Promise.allSettled([
			store.put([docWrite({ docId: 'one', points: [point()] })]),
			store.put([docWrite({ docId: 'two', points: [point(), broken] })]),
			store.put([docWrite({ docId: 'three', points: [point()] })]),
		]);
		assert.deepEqual(
			results.map(({ status }) => status),
			['fulfilled', 'rejected', 'fulfilled'],
		);
		const docs = [];
		for await (const { docId } of store.scan('a')) docs.push(docId);
		assert.deepEqual(docs.sort(), ['one', 'three']);
		sound();
	});

	it('starts its threads again when one has died', async () => {
		const workers: Worker[] = [];
		const note = (worker: Worker) => void workers.push(worker);
		process.on('worker', note);
		await store.open();
		process.off('worker', note);
		await store.put([docWrite({ points: [point()] })]);
		for (const worker of workers) {
			await worker.terminate();
			assert.equal(await store.count('a'), 1);
			await store.put([
				docWrite({ docId: 'again', points: [point({ id: 'a'.repeat(8) + point().id.slice(8) })] }),
			]);
			await store.remove('a', await idsOf(store, 'again'));
		}
		assert.equal(workers.length, 3);
	});

	it('gives space back after removals, and finds all that is left', async () => {
		await store.open();
		const points = Array.from({ length: 3_000 }, () => point());
		await store.put([docWrite({ points })]);
		const chunks = () => beside((db) => [...allChunks(db)].length);
		assert.equal(chunks(), 12);
		const left = points.filter((_, index) => index % 16 === 0);
		await store.remove(
			'a',
			points.filter((_, index) => index % 16 !== 0).map(({ id }) => id),
		);
		assert.ok(chunks() <= 3, `${chunks()} chunks for ${left.length} points`);
		sound();
		const query = { tenant: 'a', vector: unit(1), terms: [], limit: 1_000 };
		const found = (await store.search(query)).dense.map(({ id }) => id);
		assert.deepEqual(found.sort(), left.map(({ id }) => id).sort());
		const vectors = await store.vectors(
			'a',
			left.map(({ id }) => id),
		);
		for (const { id, vector } of left) {
			const own = vectors.get(id) ?? [];
			assert.ok(vector.reduce((sum, value, index) => sum + value * (own[index] ?? 0), 0) > 0.99);
		}
	});

	it('leaves no file but one behind', async () => {
		await store.open();
		await store.put([docWrite({ points: [point()] })]);
		await store.close();
		beside((db) => assert.equal(db.prepare('PRAGMA journal_mode').get()?.['journal_mode'], 'wal'));
		const { readdir } = await import('node:fs/promises');
		assert.deepEqual(await readdir(folder), ['vectors.db']);
	});

	describe('verify', () => {
		beforeEach(async () => {
			await store.open();
			await store.put([
				docWrite({ docId: 'one', points: [point(), point({ vector: new Float32Array(dimensions) })] }),
				docWrite({ docId: 'two', points: [point()] }),
			]);
			await store.put([docWrite({ tenant: 'b', docId: 'one', points: [point()] })]);
		});

		it('counts what is there', () => {
			const counts = { tenants: 2, docs: 3, points: 4, vectors: 3, texts: 4 };
			assert.deepEqual(verifySqliteVec(file), { ...counts, faults: [] });
		});

		const first = 'SELECT point FROM points WHERE embedded = 1 ORDER BY point LIMIT 1';
		const damages: Readonly<Record<string, [sql: string, ...faults: RegExp[]]>> = {
			'a lost text': [`DELETE FROM texts WHERE rowid = (${first})`, /1 points without a text/],
			'a lost vector': [
				`DELETE FROM vectors WHERE rowid = (${first})`,
				/1 points without a vector/,
				/search reads/,
			],
			'a lost point': [`DELETE FROM points WHERE point = (${first})`, /1 vectors without/, /1 texts without/],
			'a lost document': [`DELETE FROM docs WHERE doc_id = 'two'`, /1 points without a document/],
			'an empty document': [`INSERT INTO docs VALUES(99, 1, 'empty', 0, '{}')`, /1 documents without points/],
			'a document twice': [
				`INSERT INTO docs VALUES(99, 1, 'two', 0, '{}'); UPDATE points SET doc = 99 WHERE point = (${first})`,
				/more than one current row/,
			],
			'another tenant': [
				`UPDATE points SET tenant = 2 WHERE point = (${first})`,
				/another tenant/,
				/search reads/,
			],
			'a forgotten tenant': [`DELETE FROM tenants WHERE name = 'b'`, /1 documents without a tenant/],
			'a hole in a chunk': ['UPDATE vectors_chunks SET validity = zeroblob(32)', /3 vectors missing/],
			'damage in FTS5': [
				`UPDATE texts_data SET block = zeroblob(length(block)) WHERE id > 10`,
				/integrity_check/,
			],
		};
		for (const [what, [sql, ...faults]] of Object.entries(damages)) {
			it(`finds ${what}`, () => {
				beside((db) => db.exec(sql));
				const report = verifySqliteVec(file).faults.join('\n');
				for (const fault of faults) assert.match(report, fault);
			});
		}
	});
});

let made = 0;

function point(change: Partial<NewPoint> = {}): NewPoint {
	made += 1;
	return {
		id: `00000000-0000-5000-8000-${made.toString(16).padStart(12, '0')}`,
		vector: unit(made),
		terms: `term${made} shared`,
		content: `content ${made}`,
		heading: null,
		page: null,
		order: `a${made}`,
		...change,
	};
}

function docWrite(change: Partial<DocWrite>): DocWrite {
	return {
		tenant: 'a',
		docId: 'd',
		fields: docFields(),
		points: [],
		kept: [],
		reordered: [],
		droppedExtra: [],
		...change,
	};
}

function unit(seed: number): Float32Array {
	const vector = Float32Array.from({ length: dimensions }, (_, index) => Math.sin(seed * (index + 1)));
	const length = Math.hypot(...vector);
	return vector.map((value) => value / length);
}

async function idsOf(store: VectorStore, docId: string): Promise<string[]> {
	const ids: string[] = [];
	for await (const found of store.scan('a')) if (found.docId === docId) ids.push(found.id);
	return ids;
}

async function rejectsWith(code: ErrorCode, promise: Promise<unknown>): Promise<void> {
	await assert.rejects(promise, (error) => {
		assert.ok(isDocDropError(error), String(error));
		assert.equal(error.code, code);
		return true;
	});
}

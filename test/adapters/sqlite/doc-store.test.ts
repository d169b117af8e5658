import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openSqliteDocStore } from '../../../api/adapters/sqlite/sqlite-doc-store.ts';
import { maxRank } from '../../../api/domain/place.ts';
import { isDocDropError } from '../../../api/errors.ts';
import type { DocStore } from '../../../api/ports/doc-store.ts';
import { testCredits } from '../../conformance/doc-store-credits.ts';
import { testLargeDocuments } from '../../conformance/doc-store-large.ts';
import { testPatches } from '../../conformance/doc-store-patches.ts';
import { migrations } from '../../../api/adapters/sqlite/doc-schema.ts';
import { del, put, testDocStore, type DocStoreMaker } from '../../conformance/doc-store.ts';

const limits = { maxPending: Infinity, maxPendingBytes: Infinity };

const make: DocStoreMaker = async () => {
	const dir = await mkdtemp(join(tmpdir(), 'docdrop-store-'));
	let store = await openSqliteDocStore({ dir });
	return {
		store,
		reopen: async () => {
			await store.close();
			store = await openSqliteDocStore({ dir });
			return store;
		},
		dispose: async () => {
			await store.close();
			await rm(dir, { recursive: true, force: true });
		},
	};
};

testDocStore('sqlite', make, { isDurable: true });
testCredits('sqlite', make, { runs: 4 });
testLargeDocuments('sqlite', make, { isDurable: true });
testPatches('sqlite', make, { isDurable: true });

describe('doc store: sqlite alone', () => {
	let dir: string;
	let store: DocStore | null = null;
	beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), 'docdrop-store-'))));
	afterEach(async () => {
		await store?.close();
		store = null;
		await rm(dir, { recursive: true, force: true });
	});
	const failsWith = async (code: string) =>
		assert.rejects(openSqliteDocStore({ dir }), (error) => isDocDropError(error) && error.code === code);

	it('lets the oldest contents of dead letters go where they are too many, and says so', async () => {
		store = await openSqliteDocStore({ dir, maxFailedBytes: 250_000 });
		const own = store;
		const error = { code: 'unreadable', message: 'it cannot be read' } as const;
		const jobs: string[] = [];
		for (const docId of ['a', 'b', 'c']) {
			const text = docId.repeat(100_000);
			const { blob } = await own.writeBlob(
				(async function* () {
					yield Buffer.from(text);
				})(),
			);
			const change = put(docId, text);
			jobs.push(change.jobId);
			const content = { sha256: change.content?.sha256 ?? '', size: 100_000, body: { blob } };
			await own.accept([{ ...change, content }], jobs.length, limits);
			const [claimed] = await own.claim({ now: 1e9, limit: 1, maxBytes: 1e9, leaseMs: 60_000 });
			assert.ok(claimed !== undefined);
			await own.deadLetter([{ lease: claimed.lease, error, present: [] }], 1e9);
		}
		assert.deepEqual([(await own.stats()).failed, (await own.stats()).failedBytes], [3, 200_000]);
		assert.equal((await readdir(join(dir, 'blobs'))).length, 2);
		const [first = '', second = ''] = jobs;
		assert.match((await own.job(first))?.error?.message ?? '', /it cannot be read \(its content is gone/);
		assert.match((await own.document('acme', 'a'))?.error?.message ?? '', /its content is gone/);
		assert.equal((await own.job(second))?.error?.message, 'it cannot be read');
		assert.equal(await own.retry(first, 1e9), 'content_gone');
		assert.equal(await own.retry(second, 1e9), 'waiting');
		assert.equal((await own.stats()).failedBytes, 100_000);
		await own.close();
		store = await openSqliteDocStore({ dir, maxFailedBytes: 250_000 });
		assert.equal((await store.stats()).failedBytes, 100_000, 'as the end in order has left it');
		await store.close();
		const db = new DatabaseSync(join(dir, 'docs.db'));
		db.exec("DELETE FROM notes WHERE name = 'summary'");
		db.close();
		store = await openSqliteDocStore({ dir, maxFailedBytes: 250_000 });
		assert.equal((await store.stats()).failedBytes, 100_000, 'counted from the rows');
	});

	it('refuses a store that a newer program wrote', async () => {
		store = await openSqliteDocStore({ dir });
		await store.close();
		store = null;
		const db = new DatabaseSync(join(dir, 'docs.db'));
		db.exec('PRAGMA user_version = 999');
		db.close();
		await failsWith('store_newer');
	});

	it('refuses a file that is no store', async () => {
		await writeFile(join(dir, 'docs.db'), 'this is not a database, however long it may be. '.repeat(100));
		await failsWith('store_corrupt');
	});

	it('refuses a second holder of the same folder, in this process and in another', async () => {
		const holder = await openSqliteDocStore({ dir });
		store = holder;
		await failsWith('store_locked');
		// A backup reads the file, and must not let go of its lock.
		await mkdir(join(dir, 'copy'));
		await holder.backup(join(dir, 'copy'));
		const script = `
			import { openSqliteDocStore } from ${JSON.stringify(new URL('../../../api/adapters/sqlite/sqlite-doc-store.ts', import.meta.url).href)};
			try { await openSqliteDocStore({ dir: ${JSON.stringify(dir)} }); console.log('opened'); process.exit(); }
			catch (error) { console.log(error.code); }
		`;
		const file = join(dir, 'second.mjs');
		await writeFile(file, script);
		const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'ignore'] });
		let out = '';
		child.stdout.on('data', (data) => (out += data));
		await once(child, 'close');
		assert.equal(out.trim(), 'store_locked');
	});

	/** Closes the store, changes its file, and opens it again. */
	async function edited(sql: string): Promise<DocStore> {
		await store?.close();
		store = null;
		const db = new DatabaseSync(join(dir, 'docs.db'));
		db.exec(sql);
		db.close();
		return (store = await openSqliteDocStore({ dir }));
	}
	const rows = (table: string) => {
		const db = new DatabaseSync(join(dir, 'docs.db'), { readOnly: true });
		const count = Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n']);
		db.close();
		return count;
	};
	const from = (sourceId: string, epoch: string, seq: number | null = 1) => ({ sourceId, epoch, seq });

	it('refuses with a receipt what a document’s ranks cannot count any more, and its owner goes on', async () => {
		store = await openSqliteDocStore({ dir });
		await store.accept([put('a', 'A', from('s', 'e', null))], 1, limits);
		store = await edited(`UPDATE docs SET rank = ${maxRank}`);
		const [spent, going] = await store.accept(
			[put('a', 'B', { ...from('o', 'e'), takeOver: true }), put('a', 'C', from('s', 'e', null))],
			2,
			limits,
		);
		assert.equal(spent?.kind, 'spent');
		const refused = await store.job(spent.jobId);
		assert.deepEqual([refused?.state, refused?.error?.code], ['failed', 'conflict']);
		assert.equal(going?.kind, 'accepted');
		const claimed = await store.claim({ now: 9, limit: 9, maxBytes: Infinity, leaseMs: 1_000 });
		assert.deepEqual(
			await store.commit(
				claimed.map(({ lease }) => ({ lease, manifest: [], detail: {} })),
				9,
			),
			[true],
		);
	});

	it('an older store goes on: versions grow, and those that had left the whole numbers come back', async () => {
		const db = new DatabaseSync(join(dir, 'docs.db'));
		for (const step of migrations.slice(0, 9)) db.exec(step);
		db.exec(`
			PRAGMA user_version = 9;
			INSERT INTO epochs (rank, source_id, epoch) VALUES (3000, 's', 'e1'), (3001, 's', 'e2'), (2097153, 'o', 'x');
			INSERT INTO jobs (job, doc, op, state, version, accepted_at, updated_at, attempts)
			VALUES (x'01990000000070008000000000000001', 2, 0, 'published', 9007207844675585, 1, 1, 0);
		`);
		const insert = db.prepare(`
			INSERT INTO docs (tenant, doc_id, epoch_rank, rank, seq, generation, settled, failed, first_at, ready_at, due,
				class, attempts, strays, last_job, w_op, w_sha256, w_meta, w_fingerprint, w_job, w_size, w_priority, w_at,
				p_sha256, p_meta, p_fingerprint, p_version, p_job, p_at, p_chunks, p_size)
			VALUES ('acme', ?1, ?2, ?2, 5, 1, 1, 0, 1, 1, 1, 0, 0, 0, ?3, 0, 'h', '{}', 'f1', ?3, 1, 1, 1,
				'h', '{}', 'f1', ?2 * 4294967296 + 5, ?3, 1, 0, 1)
		`);
		const job = Buffer.from('01990000000070008000000000000001', 'hex');
		for (const [name, rank] of [
			['a', 3_000],
			['out of range', 2_097_153],
		] as const)
			insert.run(name, rank, job);
		db.close();
		store = await openSqliteDocStore({ dir });
		const [next, late, newer, back] = await store.accept(
			[
				put('a', 'A', from('s', 'e1', 6)),
				put('a', 'B', from('s', 'e1', 4)),
				put('a', 'C', from('s', 'e2', 1)),
				put('out of range', 'D', from('o', 'x', 6)),
			],
			2,
			limits,
		);
		assert.deepEqual(next, { ...next, kind: 'accepted', version: 3_000 * 2 ** 32 + 6 });
		assert.equal(late?.kind, 'stale');
		assert.deepEqual(newer, { ...newer, kind: 'accepted', version: 3_001 * 2 ** 32 + 1 });
		assert.equal(back?.kind, 'accepted');
		const claimed = await store.claim({ now: 9, limit: 9, maxBytes: Infinity, leaseMs: 1_000 });
		assert.deepEqual(
			claimed.map(({ docId, version }) => [docId, Number.isSafeInteger(version)]),
			[
				['a', true],
				['out of range', true],
			],
		);
		assert.equal(claimed[1]?.published?.fingerprint, '', 'all of its points are written anew');
		const commits = claimed.map(({ lease }) => ({ lease, manifest: [], detail: {} }));
		assert.deepEqual(await store.commit(commits, 9), [true, true]);
		assert.ok(await store.job('01990000-0000-7000-8000-000000000001'));
	});

	it('gives a document up whose rows cannot be read, and claims all others', async () => {
		const claimAll = async (now: number) =>
			(await store?.claim({ now, limit: 9, maxBytes: Infinity, leaseMs: 1 })) ?? [];
		store = await openSqliteDocStore({ dir });
		await store.accept([put('row', 'A'), put('job', 'B'), put('good', 'C')], 1, limits);
		await claimAll(2);
		const [row, job] = [put('row', 'A2'), put('job', 'B2')];
		await store.accept([row, job, put('good', 'C2', { tenant: 'other' })], 3, limits);
		store = await edited(`
			UPDATE docs SET rank = 1 << 62 WHERE doc_id = 'row';
			UPDATE waiting_jobs SET version = 1 << 62 WHERE job = (SELECT flight_job FROM docs WHERE doc_id = 'job');
		`);
		const claimed = [...(await claimAll(10)), ...(await claimAll(11)), ...(await claimAll(12))];
		assert.deepEqual([...new Set(claimed.map(({ docId }) => docId))].toSorted(), ['good']);
		for (const { jobId } of [row, job]) {
			const given = await store.job(jobId);
			assert.deepEqual([given?.state, given?.error?.code], ['failed', 'store_corrupt']);
		}
		const { failed, failedBytes, pending } = await store.stats();
		assert.deepEqual([failed, failedBytes, pending], [2, 0, 2], 'their contents are no dead letters');
		assert.equal(await store.retry(row.jobId, 15), 'content_gone');
		const figures = await store.stats();
		store = await edited("DELETE FROM notes WHERE name = 'summary'");
		assert.deepEqual({ ...(await store.stats()), leased: 0 }, { ...figures, leased: 0 }, 'as counted anew');
		const again = await store.accept([put('row', 'A3'), put('job', 'B3')], 20, limits);
		assert.deepEqual(
			again.map(({ kind }) => kind),
			['accepted', 'accepted'],
			'sent again they are mended',
		);
		assert.equal((await claimAll(30)).length, 4);
	});

	it('keeps few epochs, however many a source names', async () => {
		store = await openSqliteDocStore({ dir });
		await store.accept([put('kept', 'K', from('s', 'first'))], 1, limits);
		for (let n = 0; n < 10; n += 1) {
			const names = Array.from({ length: 100 }, (_, at) => `e${n * 100 + at}`);
			await store.accept(
				names.map((epoch) => del('busy', from('s', epoch))),
				1,
				limits,
			);
		}
		assert.equal((await store.document('acme', 'kept'))?.sourceId, 's');
		await store.close();
		store = null;
		assert.ok(rows('epochs') < 40, `${rows('epochs')} epochs`);
	});

	it('keeps 16 kB pages, WAL and a full sync', async () => {
		store = await openSqliteDocStore({ dir });
		await store.accept([put('a', 'A')], 1, limits);
		await store.close();
		store = null;
		const db = new DatabaseSync(join(dir, 'docs.db'), { readOnly: true });
		assert.equal(db.prepare('PRAGMA page_size').get()?.['page_size'], 16_384);
		assert.equal(db.prepare('PRAGMA journal_mode').get()?.['journal_mode'], 'wal');
		db.close();
	});

	it('removes blobs that a crash left without a row', async () => {
		store = await openSqliteDocStore({ dir });
		await store.writeBlob(
			(async function* () {
				yield Buffer.from('orphan');
			})(),
		);
		assert.equal((await readdir(join(dir, 'blobs'))).length, 1);
		await store.close();
		store = await openSqliteDocStore({ dir });
		assert.deepEqual(await readdir(join(dir, 'blobs')), []);
	});

	it('tells of a blob that cannot be written as an error of the table, and of its source as it is', async () => {
		store = await openSqliteDocStore({ dir });
		const broken = new Error('the connection ended');
		const blobOf = (error: Error | null) =>
			store?.writeBlob(
				(async function* () {
					yield Buffer.from('some');
					if (error !== null) throw error;
				})(),
			);
		await assert.rejects(async () => blobOf(broken), broken);
		assert.deepEqual(await readdir(join(dir, 'blobs')), []);
		await rm(join(dir, 'blobs'), { recursive: true });
		await assert.rejects(async () => blobOf(null), { code: 'store_unavailable' });
	});

	describe('with bodies in segments', () => {
		const day = 86_400_000;
		const many = (name: string, count = 40) =>
			Array.from({ length: count }, (_, n) => put(`${name}${n}`, `${name}${n} `.repeat(1_000)));
		const claimAll = async (now: number) =>
			(await store?.claim({ now, limit: 1_000, maxBytes: Infinity, leaseMs: 1_000 })) ?? [];
		const segments = () => readdir(join(dir, 'bodies'));

		it('hands out what the disk has lost as a file that is not there, and everything else as it is', async () => {
			store = await openSqliteDocStore({ dir });
			await store.accept(many('lost'), 1, limits);
			await store.close();
			for (const name of await segments()) await rm(join(dir, 'bodies', name));
			store = await openSqliteDocStore({ dir });
			await store.accept([put('small', 'small'), ...many('kept')], 1, limits);

			const claimed = await claimAll(1_000);
			assert.equal(claimed.length, 81);
			for (const { docId, content, lease } of claimed) {
				const body = content?.body;
				assert.ok(body !== undefined);
				assert.equal('file' in body, docId.startsWith('lost'), docId);
				if ('file' in body) {
					await assert.rejects(readFile(body.file), { code: 'ENOENT' });
					const error = { code: 'content_missing', message: 'gone' };
					await store.deadLetter([{ lease, error, present: [] }], 2_000);
				} else await store.commit([{ lease, manifest: [], detail: {} }], 2_000);
			}
			assert.equal((await store.document('acme', 'lost7'))?.state, 'failed');
			await store.accept(many('lost'), 3_000, limits);
			const again = await claimAll(10_000);
			assert.deepEqual(
				again.map(({ content }) => Buffer.from(content?.body as Uint8Array).toString()).toSorted(),
				Array.from({ length: 40 }, (_, n) => `lost${n} `.repeat(1_000)).toSorted(),
				'the same bytes sent again mend it',
			);
		});

		it('hands out a body whose row is lost likewise, and not as one that there is nothing to read of', async () => {
			store = await openSqliteDocStore({ dir });
			await store.accept([put('a', 'small')], 1, limits);
			await store.close();
			const db = new DatabaseSync(join(dir, 'docs.db'));
			db.exec('DELETE FROM bodies');
			db.close();
			store = await openSqliteDocStore({ dir });
			const body = (await claimAll(1_000))[0]?.content?.body;
			assert.ok(body !== undefined && 'file' in body);
			await assert.rejects(readFile(body.file), { code: 'ENOENT' });
		});

		it('leaves no file when nothing waits any more, and a small one for a dead letter', async () => {
			store = await openSqliteDocStore({ dir });
			await store.accept(many('a'), 1, limits);
			assert.equal((await segments()).length, 1);
			await store.close();
			store = await openSqliteDocStore({ dir });
			assert.equal((await segments()).length, 1, 'its bodies wait');
			for (const { docId, lease } of await claimAll(1_000)) {
				if (docId !== 'a7') await store.commit([{ lease, manifest: [], detail: {} }], 2_000);
				else await store.deadLetter([{ lease, error: { code: 'x', message: 'x' }, present: [] }], 2_000);
			}
			assert.equal((await segments()).length, 1, 'the dead letter can be retried');
			await store.sweep({ now: 3_000, tombstoneMs: day, jobMs: day, limit: 10 });
			assert.equal((await segments()).length, 0);
			const [dead] = await store.jobs({ state: 'failed', limit: 1 });
			assert.equal(await store.retry(dead?.jobId ?? '', 4_000), 'waiting');
			const [letter] = await claimAll(5_000);
			assert.equal(Buffer.from(letter?.content?.body as Uint8Array).toString(), 'a7 '.repeat(1_000));
		});

		it('leaves no file when it is closed in order with nothing waiting', async () => {
			store = await openSqliteDocStore({ dir });
			await store.accept(many('a'), 1, limits);
			const claimed = await claimAll(1_000);
			await store.commit(
				claimed.map(({ lease }) => ({ lease, manifest: [], detail: {} })),
				2_000,
			);
			await store.close();
			store = null;
			assert.deepEqual(await segments(), []);
		});
	});

	it('answers the first of many waiting calls before it has done the last', async () => {
		store = await openSqliteDocStore({ dir });
		let turn = 0;
		let done = false;
		const count = () => {
			turn += 1;
			if (!done) setImmediate(count);
		};
		count();
		const own = store;
		const turns = await Promise.all(
			Array.from({ length: 60 }, async (_, call) => {
				const changes = Array.from({ length: 100 }, (_, n) => put(`${call}/${n}`, 'x'.repeat(500)));
				const results = await own.accept(changes, 1, limits);
				assert.ok(results.every(({ kind }) => kind === 'accepted'));
				return turn;
			}),
		);
		done = true;
		assert.ok(new Set(turns).size > 1, 'the answers came together');
		assert.deepEqual(
			turns,
			turns.toSorted((a, b) => a - b),
		);
	});

	it('hands out a content that is its own, whatever becomes of the memory that it came in', async () => {
		store = await openSqliteDocStore({ dir });
		const page = Buffer.from(new SharedArrayBuffer(16));
		const change = put('a', 'the own content.');
		page.write('the own content.');
		const content = { sha256: change.content?.sha256 ?? '', size: 16, body: page };
		// In one turn, and so in one transaction: what was accepted is in no table yet when it is claimed.
		const accepting = store.accept([{ ...change, content, windowMs: 0 }], 1, limits);
		const claiming = store.claim({ now: 1e9, limit: 1, maxBytes: 1e9, leaseMs: 60_000 });
		await accepting;
		const [claimed] = await claiming;
		page.fill('x');
		const body = claimed?.content?.body;
		assert.ok(body instanceof Uint8Array);
		assert.equal(Buffer.from(body).toString(), 'the own content.');
	});

	it('a call that fails leaves its neighbours in the same transaction alone', async () => {
		store = await openSqliteDocStore({ dir });
		const bad = { ...put('bad', 'x'), jobId: null as unknown as string };
		const results = await Promise.allSettled([
			store.accept([put('a', 'A')], 1, limits),
			store.accept([put('b', 'B'), bad], 1, limits),
			store.accept([put('c', 'C')], 1, limits),
		]);
		assert.deepEqual(
			results.map((result) => result.status),
			['fulfilled', 'rejected', 'fulfilled'],
		);
		assert.equal(await store.document('acme', 'b'), null, 'a rejected call had no effect');
		assert.equal((await store.stats()).pending, 2);
	});
});

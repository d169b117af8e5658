import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openSqliteDocStore } from '../../../api/adapters/sqlite/sqlite-doc-store.ts';
import { isDocDropError } from '../../../api/errors.ts';
import type { DocStore } from '../../../api/ports/doc-store.ts';
import { testCredits } from '../../conformance/doc-store-credits.ts';
import { testLargeDocuments } from '../../conformance/doc-store-large.ts';
import { put, testDocStore, type DocStoreMaker } from '../../conformance/doc-store.ts';

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
		store = await openSqliteDocStore({ dir });
		await failsWith('store_locked');
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

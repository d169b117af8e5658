import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openSqliteDocStore } from '../../../api/adapters/sqlite/doc-store.ts';
import { isDocDropError } from '../../../api/errors.ts';
import type { DocStore } from '../../../api/ports/doc-store.ts';
import { put, testDocStore } from '../../conformance/doc-store.ts';

const limits = { maxPending: Infinity, maxPendingBytes: Infinity };

testDocStore(
	'sqlite',
	async () => {
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
	},
	{ isDurable: true },
);

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
			import { openSqliteDocStore } from ${JSON.stringify(new URL('../../../api/adapters/sqlite/doc-store.ts', import.meta.url).href)};
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

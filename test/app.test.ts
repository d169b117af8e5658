import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { openSqliteDocStore } from '../api/adapters/sqlite/sqlite-doc-store.ts';
import { changeOf } from './support/leased-documents.ts';
import { startApp } from './support/app.ts';
import { call } from './support/call.ts';
import { settled } from './support/settled.ts';

describe('the app', () => {
	/** Timers that keep this process alive. */
	const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

	it('that is closed keeps nothing waiting: a command that asked once ends at once', async () => {
		// The test's own limit is a timer too, from the first turn on.
		await nextTurn();
		const before = timers();
		const app = await startApp({ DOCDROP_WORKERS: '0' });
		await app.close();
		assert.equal(timers(), before);
	});

	it('that is warm has its reader and its embedder running before the first document', async () => {
		const running = () => process.getActiveResourcesInfo().filter((kind) => kind === 'ProcessWrap').length;
		const before = running();
		const workers: unknown[] = [];
		const note = (worker: unknown) => void workers.push(worker);
		const app = await startApp();
		try {
			process.on('worker', note);
			assert.equal(running(), before);
			await app.app.warmUp();
			assert.equal(running(), before + 1);
			assert.equal(workers.length, 1);
		} finally {
			process.off('worker', note);
			await app.close();
		}
	});

	it('brings the times of a data folder back that a clock far ahead has written', async () => {
		const dataDir = await mkdtemp(join(tmpdir(), 'docdrop-'));
		try {
			const store = await openSqliteDocStore({ dir: dataDir });
			const noLimits = { maxPending: Infinity, maxPendingBytes: Infinity };
			await store.accept([changeOf('old.md', 'old')], Date.UTC(2099, 0, 1), noLimits);
			await store.close();
			const app = await startApp({ DOCDROP_DATA_DIR: dataDir });
			try {
				const content = { text: 'written today' };
				const body = { tenant: 't', docId: 'new.md', content, coalesced: true };
				await call(app.url, { path: '/v1/publish', method: 'POST', body });
				await settled(app.url);
				for (const docId of ['old.md', 'new.md']) {
					const state = await app.app.docStore.document('t', docId);
					assert.equal(state?.state, 'published', docId);
					assert.ok(state.acceptedAt <= Date.now() + 1_000, docId);
				}
				assert.match(app.logged(), /written by a clock far ahead/);
			} finally {
				await app.close();
			}
		} finally {
			await rm(dataDir, { recursive: true, force: true });
		}
	});

	it('with shards publishes and finds as before; with another number of them it does not start', async () => {
		const dataDir = await mkdtemp(join(tmpdir(), 'docdrop-'));
		const env = { DOCDROP_DATA_DIR: dataDir, DOCDROP_WINDOW_MS: '0' };
		const start = (shards: string) => startApp({ ...env, DOCDROP_SHARDS: shards });
		try {
			const first = await start('3');
			try {
				const documents = Array.from({ length: 12 }, (_, n) => ({
					tenant: 't',
					docId: `${n}.md`,
					content: { text: `Document ${n} is about sharding.` },
				}));
				const path = '/v1/ingest/batch';
				assert.equal((await call(first.url, { path, method: 'POST', body: { documents } })).status, 202);
				await settled(first.url);
				const { results } = await first.app.pipeline.search({ tenant: 't', query: 'sharding', limit: 50 });
				assert.equal(new Set(results.map(({ docId }) => docId)).size, 12);
				const files = (await readdir(dataDir)).filter((name) => /^vectors-\d-of-3\.db$/.test(name));
				assert.equal(files.length, 3);
			} finally {
				await first.close();
			}
			for (const other of ['1', '2']) {
				await assert.rejects(start(other), { code: 'index_mismatch' }, `${other} shards`);
			}
			await (await start('3')).close();
		} finally {
			await rm(dataDir, { recursive: true, force: true });
		}
	});
});

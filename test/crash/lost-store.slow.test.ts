import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { call } from '../support/call.ts';
import { until } from '../support/settled.ts';
import { startApi } from './api-process.ts';

/** A process whose store is gone can take nothing: it says so, and ends, so that somebody starts it again. */
describe('a document store whose thread died', () => {
	let dataDir: string;
	beforeEach(() => {
		dataDir = mkdtempSync(join(tmpdir(), 'docdrop-lost-'));
	});
	afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

	it('ends the process with a code and a line that says why; the next start goes on', async () => {
		const preload = fileURLToPath(new URL('./lose-store.ts', import.meta.url));
		const settings = { DOCDROP_WORKERS: '1', DOCDROP_LOG_LEVEL: 'warn' };
		const first = startApi(dataDir, { ...settings, NODE_OPTIONS: `--import=${preload}` });
		const url = await first.url;
		assert.ok(url !== null);
		assert.equal((await call(url, { path: '/health/live' })).status, 200);
		const body = { tenant: 't', docId: 'a.md', content: { text: 'kept' } };
		assert.equal((await call(url, { path: '/v1/publish', body })).status, 202);
		first.signal('SIGUSR2');
		assert.deepEqual(await first.ended, { code: 1, signal: null });
		const { errors, rest } = first.said();
		assert.match(errors.join('\n'), /"level":60.*the document store is gone; the process ends/);
		assert.match(rest, /docdrop: the thread of the document store ended unexpectedly/);

		const second = startApi(dataDir, settings);
		const again = await second.url;
		assert.ok(again !== null);
		await until(
			async () => (await call(again, { path: '/v1/documents/state?tenant=t&docId=a.md' })).json,
			(document) => document.state === 'published',
		);
		second.stop();
		assert.equal((await second.ended).code, 0);
	});
});

import assert from 'node:assert/strict';
import { call } from '../support/call.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { settled, until } from '../support/settled.ts';
import { plantFaults } from '../support/planted-faults.ts';

/** The audit as it is asked for: by HTTP with the keys of tenants, and from the command line. */
describe('POST /v1/audit', () => {
	let api: TestApp;
	const keys = { all: 'key-of-all', acme: 'key-of-acme', beta: 'key-of-beta' };
	const withKey = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });
	before(async () => {
		api = await startApp({
			DOCDROP_API_KEYS: `${keys.all},acme=${keys.acme},beta=${keys.beta}`,
			DOCDROP_WINDOW_MS: '0',
		});
		for (const [tenant, text] of [
			['acme', '# Otters\n\nhold hands'],
			['beta', '# Beavers\n\nbuild dams'],
		]) {
			const body = { tenant, docId: 'a.md', content: { text } };
			assert.equal((await call(api.url, { path: '/v1/publish', body, ...withKey(keys.all) })).status, 202);
		}
		await settled(api.url, withKey(keys.all).headers);
	});
	after(() => api.close());

	const ask = (key: string, body: object) => call(api.url, { path: '/v1/audit', body, ...withKey(key) });
	const look = (key: string, query = '') => call(api.url, { path: `/v1/audit${query}`, ...withKey(key) });
	const lastOf = async (key: string, query = '') =>
		(
			await until(
				async () => (await look(key, query)).json,
				(status) => status.now === null && status.last !== null,
				60_000,
			)
		).last;
	const vectorOf = (text: string) => new Float32Array(256).fill(text.length > 0 ? 1 / 16 : 0);

	it('a key of one tenant audits that one alone, and sees no other', async () => {
		await plantFaults(api.app.vectorStore, 'acme', ['changed'], vectorOf);
		await plantFaults(api.app.vectorStore, 'beta', ['changed'], vectorOf);
		for (const [method, path, body] of [
			['POST', '/v1/audit', {}],
			['POST', '/v1/audit', { tenant: 'beta' }],
			['GET', '/v1/audit', undefined],
			['GET', '/v1/audit?tenant=beta', undefined],
			['DELETE', '/v1/audit', undefined],
			['DELETE', '/v1/audit?tenant=beta', undefined],
		] as const) {
			const { status, json } = await call(api.url, {
				...{ method, path, ...withKey(keys.acme) },
				...(body !== undefined && { body }),
			});
			assert.deepEqual([status, json.error.code, json.error.field], [403, 'forbidden', 'tenant'], path);
		}
		const { status, json } = await ask(keys.acme, { tenant: 'acme', repair: true });
		assert.deepEqual([status, json.tenant, json.repair], [202, 'acme', true]);
		const report = await lastOf(keys.acme, '?tenant=acme');
		assert.deepEqual([report.documents, report.found.changed, report.mended], [1, 1, 1]);
		assert.doesNotMatch(JSON.stringify(report), /beta/);
		assert.equal((await look(keys.beta, '?tenant=beta')).json.last, null);
	});

	it('is shown as the last proof, by status and metrics', async () => {
		await ask(keys.all, {});
		const report = await lastOf(keys.all);
		assert.deepEqual([report.documents, report.found.changed, report.left], [2, 1, 1]);
		const { json } = await call(api.url, { path: '/v1/status', ...withKey(keys.all) });
		assert.deepEqual(json.index.audit, { now: null, last: { ...report, tenants: [] } });
		const { text } = await call(api.url, { path: '/metrics', ...withKey(keys.all) });
		assert.match(text, /docdrop_audit_left_findings 1\n/);
		assert.match(text, /docdrop_audit_timestamp_seconds 1\d{9}/);
	});

	it('says what is wrong with a request', async () => {
		for (const [body, field] of [
			[{ repair: 'yes' }, 'repair'],
			[{ tenant: '../x' }, 'tenant'],
			[{ path: '/etc' }, 'path'],
		] as const) {
			const { status, json } = await ask(keys.all, body);
			assert.deepEqual([status, json.error.field], [400, field]);
		}
		const stopped = await call(api.url, { method: 'DELETE', path: '/v1/audit', ...withKey(keys.all) });
		assert.deepEqual(stopped.json, { stopped: false });
	});

	it('is answered by a process that works on nothing with what to do', async () => {
		const idle = await startApp({ DOCDROP_WORKERS: '0' });
		const { status, json } = await call(idle.url, { path: '/v1/audit', body: {} });
		assert.deepEqual([status, json.error.code], [409, 'conflict']);
		assert.equal((await call(idle.url, { path: '/v1/status' })).json.index.audit, null);
		await idle.close();
	});
});

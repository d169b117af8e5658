import assert from 'node:assert/strict';
import { limits } from '../../../api/contract/limits.ts';
import { startApp, type TestApp } from '../../support/app.ts';
import { call } from '../../support/call.ts';
import { settled } from '../../support/settled.ts';
import { runWorkflow, type RunOptions } from '../../support/run-workflow.ts';
import { runNode } from './harness.ts';

const operations = {
	search: { query: 'anything' },
	getMany: {},
	get: { docId: 'a.md' },
} as const;

describe('reading of a tenant that nobody knows', () => {
	const headers = { 'x-api-key': 'all-1234567890123456' };
	const longest = 'm'.repeat(limits.tenantChars);
	let api: TestApp;
	before(async () => {
		api = await startApp({ DOCDROP_API_KEYS: `${headers['x-api-key']},acme=acme-1234567890123456` });
	});
	after(() => api.close());

	const options = (operation: keyof typeof operations, tenant: string): RunOptions => ({
		baseUrl: api.url,
		apiKey: headers['x-api-key'],
		parameters: { resource: 'document', operation, tenant, ...operations[operation] },
	});
	async function refusedWith(operation: keyof typeof operations, tenant: string): Promise<string> {
		const { error, run } = await runWorkflow(options(operation, tenant));
		assert.equal(run.status, 'error');
		return error?.message ?? '';
	}

	it('says that nothing was published yet', async () => {
		for (const operation of ['search', 'getMany', 'get'] as const) {
			const said = await refusedWith(operation, 'acme');
			assert.equal(said, 'there is no tenant "acme"; nothing was published yet');
		}
	});

	describe('beside others', () => {
		before(async () => {
			const tenants = ['acme', 'acme-2', 'acm', longest];
			const documents = tenants.map((tenant) => ({ tenant, docId: 'a.md', content: { text: 'a word' } }));
			await call(api.url, { path: '/v1/ingest/batch', headers, body: { documents, coalesced: true } });
			await settled(api.url, headers);
			const path = '/v1/documents?tenant=acm&docId=a.md';
			await call(api.url, { method: 'DELETE', path, headers });
			await settled(api.url, headers);
		});

		it('names them', async () => {
			for (const operation of ['search', 'getMany', 'get'] as const) {
				for (const tenant of ['acmee', 'acmd', 'zoo', '0', longest.replace(/m$/, 'n')]) {
					const said = await refusedWith(operation, tenant);
					assert.equal(said, `there is no tenant "${tenant}"; there are: acm, acme, acme-2, ${longest}`);
				}
			}
		});

		it('is told to who goes on after errors', async () => {
			const run = await runNode({ ...options('search', 'zoo'), continueOnFail: true });
			assert.deepEqual([run.json[0].error.code, run.json[0].error.field], ['not_found', 'tenant']);
		});

		it('leaves empty answers of a tenant that had documents, or has others', async () => {
			for (const tenant of ['acm', longest]) {
				const found = { ...options('getMany', tenant) };
				const parameters = { ...found.parameters, filters: { prefix: 'none' } };
				assert.deepEqual((await runNode({ ...found, parameters })).json, []);
			}
			const searched = options('search', 'acm');
			assert.deepEqual((await runNode(searched)).json, []);
			const parameters = { ...options('get', 'acme').parameters, docId: 'none.md' };
			await assert.rejects(runNode({ ...options('get', 'acme'), parameters }), /has no such document/);
		});

		it('names no others to a key of one tenant', async () => {
			const own = { apiKey: 'acme-1234567890123456' };
			const { error } = await runWorkflow({ ...options('search', 'zoo'), ...own });
			assert.match(error?.message ?? '', /not valid for this tenant/);
			const parameters = { ...options('getMany', 'acme').parameters, filters: { prefix: 'none' } };
			assert.deepEqual((await runNode({ ...options('getMany', 'acme'), ...own, parameters })).json, []);
		});

		it('names ten at most', async () => {
			const documents = Array.from({ length: 20 }, (_, index) => ({
				tenant: `many-${index}`,
				docId: 'a.md',
				content: { text: 'a word' },
			}));
			await call(api.url, { path: '/v1/ingest/batch', headers, body: { documents, coalesced: true } });
			const said = await refusedWith('getMany', 'zoo');
			assert.equal(said.split(', ').length, 10);
			assert.match(said, / and more$/);
		});
	});
});

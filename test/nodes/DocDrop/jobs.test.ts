import assert from 'node:assert/strict';
import { startApp, type TestApp } from '../../support/app.ts';
import { call } from '../../support/call.ts';
import { runWorkflow } from '../../support/run-workflow.ts';
import { items, runNode } from './harness.ts';

describe('jobs', () => {
	/** One that works, and one that never does: there every job waits. */
	let api: TestApp;
	let idle: TestApp;
	before(async () => {
		[api, idle] = await Promise.all([startApp(), startApp({ DOCDROP_WORKERS: '0' })]);
	});
	after(() => Promise.all([api.close(), idle.close()]));

	async function submit(url: string, count: number, prefix: string): Promise<string[]> {
		const documents = Array.from({ length: count }, (_, index) => ({
			tenant: 'acme',
			docId: `${prefix}/${index}.md`,
			content: { text: `text ${index}` },
		}));
		const { json } = await call(url, { path: '/v1/ingest/batch', body: { documents, coalesced: true } });
		return json.results.map(({ receipt }: { receipt: { jobId: string } }) => receipt.jobId);
	}

	const run = (
		url: string,
		operation: string,
		jobIds: readonly unknown[],
		more: Record<string, unknown> = {},
	) =>
		runNode({
			baseUrl: url,
			parameters: { resource: 'job', operation, jobId: '={{ $json.jobId }}', ...more },
			items: items(jobIds.map((jobId) => ({ jobId }))),
			...more,
		});

	it('waits until all are final, and gives each as it ended', async () => {
		const jobIds = await submit(api.url, 20, 'wait');
		const { output, json } = await run(api.url, 'wait', jobIds);
		assert.deepEqual(
			json.map(({ jobId, state }) => [jobId, state]),
			jobIds.map((jobId) => [jobId, 'published']),
		);
		assert.deepEqual(output[19]?.pairedItem, { item: 19 });
	});

	it('asks for all of a round by one request a hundred', async () => {
		const jobIds = await submit(idle.url, 250, 'rounds');
		const waiting = await run(idle.url, 'wait', jobIds, { timeout: 0.01, continueOnFail: true });
		const asked = waiting.requests
			.map(({ url }) => new URL(url))
			.filter(({ pathname }) => pathname === '/v1/jobs');
		assert.equal(asked.length % 3, 0);
		assert.deepEqual(
			asked.slice(0, 3).map(({ searchParams }) => searchParams.get('ids')?.split(',').length),
			[100, 100, 50],
		);
		assert.equal(
			new Set(asked.slice(0, 3).flatMap(({ searchParams }) => searchParams.get('ids')?.split(','))).size,
			250,
		);
	});

	it('gives each what there is of it: final, unknown, wrong, the same twice', async () => {
		const [jobId] = await submit(api.url, 1, 'mixed');
		const unknown = '01a2216c-c81b-7014-9f25-ccb5228cf640';
		const { json } = await run(api.url, 'wait', [jobId, unknown, 'no id', jobId], { continueOnFail: true });
		assert.deepEqual(
			json.map(({ state, error }) => state ?? error.code),
			['published', 'not_found', 'invalid', 'published'],
		);
	});

	it('lets items without a job pass', async () => {
		const [jobId] = await submit(api.url, 1, 'pass');
		const { json } = await run(api.url, 'wait', [null, jobId]);
		assert.deepEqual(json[0], { jobId: null });
		assert.equal(json[1].state, 'published');
	});

	it('gives up after its timeout, for all jobs together', async () => {
		const jobIds = await submit(idle.url, 3, 'late');
		const begin = performance.now();
		const { json } = await run(idle.url, 'wait', jobIds, { timeout: 0.3, continueOnFail: true });
		assert.ok(performance.now() - begin < 3_000);
		for (const { error } of json) {
			assert.equal(error.code, 'timeout');
			assert.match(error.message, /still accepted after 0.3 seconds/);
		}
		await assert.rejects(run(idle.url, 'wait', jobIds, { timeout: 0.01 }), /still accepted/);
	});

	it('stops waiting when the execution is cancelled', async () => {
		const jobIds = await submit(idle.url, 1, 'cancel');
		const controller = new AbortController();
		const canceled = await runWorkflow({
			baseUrl: idle.url,
			parameters: { resource: 'job', operation: 'wait', jobId: '={{ $json.jobId }}' },
			items: items(jobIds.map((jobId) => ({ jobId }))),
			continueOnFail: true,
			signal: controller.signal,
			onRequest: ({ url }) => void (url.includes('/v1/jobs') && setImmediate(() => controller.abort())),
		});
		assert.match(canceled.error?.message ?? '', /cancelled manually/);
		assert.equal(canceled.ends[0], 'canceled');
		assert.equal(canceled.behind, null);
	});

	it('gets one', async () => {
		const jobIds = await submit(idle.url, 1, 'one');
		const { json } = await run(idle.url, 'get', jobIds);
		assert.equal(json[0].state, 'accepted');
		await assert.rejects(run(idle.url, 'get', ['']), { message: 'Job ID is empty' });
		await assert.rejects(run(idle.url, 'get', ['../documents']), { name: 'NodeApiError', httpCode: '400' });
	});

	it('lists those of a tenant by state', async () => {
		await submit(idle.url, 5, 'listed');
		const list = (parameters: object) =>
			runNode({
				baseUrl: idle.url,
				parameters: { resource: 'job', operation: 'getMany', returnAll: true, ...parameters },
			});
		const found = await list({ tenant: 'acme', filters: { state: 'accepted', docId: 'listed/3.md' } });
		assert.deepEqual(
			found.json.map(({ docId }) => docId),
			['listed/3.md'],
		);
		assert.ok((await list({ tenant: '' })).json.length >= 5);
		assert.equal((await list({ tenant: 'beta' })).json.length, 0);
		assert.equal((await list({ returnAll: false, limit: 2 })).json.length, 2);
	});

	it('lists more than one page holds, without the same one twice', async () => {
		await Promise.all([submit(idle.url, 500, 'first'), submit(idle.url, 30, 'second')]);
		const list = (parameters: object) =>
			runNode({ baseUrl: idle.url, parameters: { resource: 'job', operation: 'getMany', ...parameters } });
		const all = await list({ returnAll: true, tenant: 'acme' });
		assert.ok(all.json.length >= 530);
		assert.equal(new Set(all.json.map(({ jobId }) => jobId)).size, all.json.length);
		assert.equal((await list({ limit: 510 })).json.length, 510);
	});

	it('cancels one that waits, and says so of one that does not', async () => {
		const jobIds = await submit(idle.url, 1, 'withdrawn');
		const { json } = await run(idle.url, 'cancel', jobIds);
		assert.equal(json[0].state, 'canceled');
		const again = await run(idle.url, 'cancel', jobIds, { continueOnFail: true });
		assert.equal(again.json[0].error.code, 'conflict');
	});

	it('says of one that did not fail that it cannot be retried', async () => {
		const jobIds = await submit(idle.url, 1, 'fine');
		const { json } = await run(idle.url, 'retry', jobIds, { continueOnFail: true });
		assert.equal(json[0].error.code, 'conflict');
		assert.match(json[0].error.message, /only a failed change/);
	});

	it('retries one that failed', async () => {
		const document = { tenant: 'acme', docId: 'broken.html', content: { base64: 'AAECAwQFBgcICQAB' } };
		const { json: receipt } = await call(api.url, { path: '/v1/publish', body: document });
		const failed = await run(api.url, 'wait', [receipt.jobId]);
		assert.equal(failed.json[0].state, 'failed');
		const { json } = await run(api.url, 'retry', [receipt.jobId]);
		assert.equal(json[0].jobId, receipt.jobId);
		assert.notEqual(json[0].state, 'failed');
	});
});

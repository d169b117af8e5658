import assert from 'node:assert/strict';
import { startApp, type TestApp } from '../support/app.ts';
import { call, type Call } from '../support/call.ts';
import { assertRefusal } from '../support/refusal.ts';
import { settled } from '../support/settled.ts';

/** Keys: who has none gets nothing, and who has one tenant's gets nothing of another's. */
const operator = 'operator-key-7f3a';
const ofA = 'key-of-a-19c2';
const ofB = 'key-of-b-88d1';
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

describe('abuse: keys', () => {
	let app: TestApp;
	let jobOfB = '';
	let untouched: unknown;

	const ask = (request: Call, key?: string) =>
		call(app.url, { ...request, headers: { ...request.headers, ...(key !== undefined && bearer(key)) } });
	/** Everything of both tenants, as the operator sees it. */
	async function state(): Promise<unknown> {
		const { documents, pending, failed, jobs } = (await ask({ path: '/v1/status' }, operator)).json;
		const receipts = (await ask({ path: '/v1/jobs?limit=500' }, operator)).json;
		const lists = [];
		for (const tenant of ['a', 'b'])
			lists.push((await ask({ path: `/v1/documents?tenant=${tenant}` }, operator)).json);
		return { documents, pending, failed, jobs, receipts, lists };
	}

	before(async () => {
		app = await startApp({ DOCDROP_API_KEYS: `${operator}, a=${ofA}, b=${ofB}` });
		for (const [tenant, key] of [
			['a', ofA],
			['b', ofB],
		] as const) {
			const body = {
				tenant,
				docId: 'own.txt',
				content: { text: `the secret plans of ${tenant}` },
				coalesced: true,
			};
			const answer = await ask({ path: '/v1/publish', body }, key);
			assert.equal(answer.status, 202);
			if (tenant === 'b') jobOfB = answer.json.jobId;
		}
		await settled(app.url, bearer(operator));
		untouched = await state();
	});
	after(async () => {
		for (const key of [operator, ofA, ofB]) assert.ok(!app.logged().includes(key), 'no key in the log');
		await app.close();
	});

	const b = { tenant: 'b', docId: 'own.txt', content: { text: 'overwritten' } };
	const everywhere = (): Call[] => [
		{ path: '/v1/publish', body: b },
		{ path: '/v1/preview', body: b },
		{ path: '/v1/ingest/batch', body: { documents: [b] } },
		{ path: '/v1/publish', body: { ...b, mimeType: 'image/png' } },
		{ path: '/v1/ingest/batch', body: { documents: [{ ...b, mimeType: 'image/png' }] } },
		{ method: 'DELETE', path: '/v1/documents?tenant=b&docId=own.txt' },
		{
			method: 'PUT',
			path: '/v1/documents/content?tenant=b&docId=own.txt',
			body: 'x',
			headers: { 'content-type': 'text/plain' },
		},
		{ path: '/v1/documents?tenant=b' },
		{ path: '/v1/documents/state?tenant=b&docId=own.txt' },
		{ path: '/v1/documents/chunks?tenant=b&docId=own.txt' },
		{ path: '/v1/documents/history?tenant=b&docId=own.txt' },
		{ path: '/v1/search', body: { tenant: 'b', query: 'secret plans' } },
		{ path: '/v1/files/explain?tenant=b&docId=own.txt' },
		{ path: '/v1/jobs?tenant=b' },
		{ path: '/v1/jobs' },
		{ path: `/v1/jobs/${jobOfB}` },
		{ method: 'POST', path: `/v1/jobs/${jobOfB}/cancel` },
		{ method: 'POST', path: `/v1/jobs/${jobOfB}/retry` },
		{ path: '/v1/status' },
		{ path: '/metrics' },
	];

	it('nothing without a key, beside health and the description', async () => {
		for (const request of [
			...everywhere(),
			{ path: '/v1/info' },
			{ path: '/v1/embeddings', body: { input: 'a' } },
			{ path: '/nowhere' },
			{ path: '/docsx' },
			{ path: '/v1/status?/docs' },
			{ path: '/healthy' },
		]) {
			assertRefusal(await ask(request), { code: 'unauthorized', says: /key is required/ });
		}
		for (const path of ['/health/live?x', '/health/ready', '/docs/json', '/docs', '/docs?x', '/?x=/v1']) {
			assert.equal((await ask({ path })).status, 200, path);
		}
		assert.deepEqual(await state(), untouched);
	});

	it('nothing with a key that is none', async () => {
		const wrong = [
			'wrong',
			ofA.slice(0, -1),
			`${ofA}x`,
			ofA.toUpperCase(),
			`a=${ofA}`,
			`${operator},`,
			'=',
			'a',
			'null',
		];
		for (const key of wrong) {
			assertRefusal(await ask({ path: '/v1/status' }, key), { code: 'unauthorized' });
			const answer = await ask({ path: '/v1/status', headers: { 'x-api-key': key } });
			assertRefusal(answer, { code: 'unauthorized', says: /not known/ });
		}
		for (const headers of [
			{ 'x-api-key': '' },
			{ authorization: '' },
			{ authorization: 'Bearer' },
			{ authorization: operator },
			{ authorization: `Basic ${Buffer.from(`x:${operator}`).toString('base64')}` },
		]) {
			assertRefusal(await ask({ path: '/v1/status', headers }), { code: 'unauthorized' });
		}
		assertRefusal(await ask({ path: `/v1/status?api_key=${operator}` }), { code: 'unauthorized' });
	});

	it('nothing of another tenant, with the key of one', async () => {
		for (const request of everywhere()) {
			const answer = await ask(request, ofA);
			assert.ok(!answer.text.includes('secret plans'), request.path);
			if (request.path === '/v1/ingest/batch') {
				assert.deepEqual([answer.status, answer.json.accepted, answer.json.failed], [202, 0, 1]);
				assert.deepEqual(
					[answer.json.results[0].status, answer.json.results[0].error.code],
					[403, 'forbidden'],
				);
			} else if (request.path.includes(jobOfB)) {
				assertRefusal(answer, { code: 'not_found', field: 'jobId' });
			} else {
				assertRefusal(answer, { code: 'forbidden', field: 'tenant' });
			}
		}
		assert.deepEqual(await state(), untouched);
	});

	it('a batch of two tenants lands for the one whose key it is', async () => {
		const mine = { tenant: 'a', docId: 'mine.txt', content: { text: 'mine' } };
		const { json } = await ask(
			{ path: '/v1/ingest/batch', body: { documents: [b, mine, b], coalesced: true } },
			ofA,
		);
		assert.deepEqual(
			json.results.map((item: { status: number }) => item.status),
			[403, 202, 403],
		);
		await settled(app.url, bearer(operator));
		await ask({ method: 'DELETE', path: '/v1/documents?tenant=a&docId=mine.txt&coalesced=true' }, ofA);
		await settled(app.url, bearer(operator));
		const { json: own } = await ask({ path: '/v1/documents/chunks?tenant=b&docId=own.txt' }, ofB);
		assert.equal(own.chunks[0].text, 'the secret plans of b');
	});

	it('its own tenant in full, in either header', async () => {
		for (const headers of [bearer(ofA), { authorization: `bearer ${ofA}` }, { 'x-api-key': ofA }]) {
			const found = await ask({ path: '/v1/search', body: { tenant: 'a', query: 'secret plans' }, headers });
			assert.equal(found.json.results[0].content, 'the secret plans of a');
			assert.equal((await ask({ path: '/v1/jobs?tenant=a', headers })).status, 200);
			assert.deepEqual((await ask({ path: `/v1/jobs?ids=${jobOfB}`, headers })).json.jobs, []);
			assert.equal((await ask({ path: '/v1/info', headers })).status, 200);
		}
	});

	it('the same docId of two tenants is two documents', async () => {
		const hits = await ask(
			{ path: '/v1/search', body: { tenant: 'a', query: 'secret plans of b' } },
			operator,
		);
		assert.ok(hits.json.results.every((hit: { content: string }) => !hit.content.endsWith('of b')));
	});
});

import assert from 'node:assert/strict';
import { startApp, type TestApp } from '../support/app.ts';
import { call } from '../support/call.ts';
import { assertRefusal } from '../support/refusal.ts';
import { settled } from '../support/settled.ts';

/** Moves over HTTP, by each of the ways that a document can take, on the embedded index. */
const operator = 'operator-key-52ab';
const ofA = 'key-of-a-0c7e';
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

describe('moves over HTTP', () => {
	let app: TestApp;
	before(async () => {
		app = await startApp({ DOCDROP_API_KEYS: `${operator}, a=${ofA}` });
	});
	after(() => app.close());

	const ask = (method: string, path: string, body?: unknown, key = operator) =>
		call(app.url, { method, path, headers: bearer(key), ...(body !== undefined && { body }) });
	const text = (of: string) => `# About ${of}\n\nall there is to say of ${of}`;
	const document = (docId: string, of: string, more: object = {}) => ({
		tenant: 'a',
		docId,
		content: { text: text(of) },
		...more,
	});
	const job = async (jobId: string) => (await ask('GET', `/v1/jobs/${jobId}`)).json;
	const rest = () => settled(app.url, bearer(operator));
	const found = async (query: string, tenant = 'a') =>
		(await ask('POST', '/v1/search', { tenant, query, mode: 'text', limit: 50 })).json.results.map(
			(hit: { docId: string }) => hit.docId,
		);

	it('publish: two receipts, nothing embedded, and the old name is gone', async () => {
		await ask('POST', '/v1/publish', document('one/old.md', 'walnuts'));
		await rest();
		const body = document('one/new.md', 'walnuts', { previous: { docId: 'one/old.md' } });
		const preview = await ask('POST', '/v1/preview', body);
		assert.deepEqual([preview.status, preview.json.diff.embeddings], [200, 0]);
		const { status, json } = await ask('POST', '/v1/publish', body);
		assert.equal(status, 202);
		assert.deepEqual(
			[json.previous.tenant, json.previous.docId, json.previous.state],
			['a', 'one/old.md', 'accepted'],
		);
		assert.equal(json.previous.statusUrl, `/v1/jobs/${json.previous.jobId}`);
		await rest();
		const put = await job(json.jobId);
		assert.deepEqual([put.state, put.detail.embedded, put.detail.reused], ['published', 0, 1]);
		assert.equal((await job(json.previous.jobId)).state, 'deleted');
		assert.deepEqual(await found('walnuts'), ['one/new.md']);
	});

	it('batch and PUT take it as well', async () => {
		const documents = [document('two/a.md', 'hazels'), document('two/b.md', 'chestnuts')];
		await ask('POST', '/v1/ingest/batch', { documents, coalesced: true });
		await rest();
		const moved = document('two/c.md', 'hazels', { previous: { docId: 'two/a.md' } });
		const answer = await ask('POST', '/v1/ingest/batch', { documents: [moved], coalesced: true });
		assert.equal(answer.json.results[0].receipt.previous.docId, 'two/a.md');
		assert.deepEqual([answer.json.accepted, answer.json.errors], [1, false]);
		const query = 'tenant=a&docId=two/d.md&mimeType=text/markdown&previousDocId=two/b.md';
		const put = await ask('PUT', `/v1/documents/content?${query}`, text('chestnuts'));
		assert.equal(put.json.previous.docId, 'two/b.md');
		await rest();
		assert.deepEqual((await job(put.json.jobId)).detail.embedded, 0);
		assert.deepEqual(await found('hazels'), ['two/c.md']);
		assert.deepEqual(await found('chestnuts'), ['two/d.md']);
	});

	it('between tenants only with a key that is good for both', async () => {
		await ask('POST', '/v1/publish', { ...document('three.md', 'almonds'), tenant: 'b' });
		await ask('POST', '/v1/publish', document('mine.md', 'pistachios'));
		await rest();
		const take = document('taken.md', 'almonds', { previous: { tenant: 'b', docId: 'three.md' } });
		const give = {
			...document('given.md', 'pistachios', { previous: { tenant: 'a', docId: 'mine.md' } }),
			tenant: 'b',
		};
		for (const [body, field] of [
			[take, 'previous/tenant'],
			[give, 'tenant'],
		] as const) {
			assertRefusal(await ask('POST', '/v1/publish', body, ofA), { code: 'forbidden', field });
			const { json } = await ask('POST', '/v1/ingest/batch', { documents: [body] }, ofA);
			assert.deepEqual([json.failed, json.results[0].status], [1, 403]);
		}
		const query = 'tenant=a&docId=taken.md&previousTenant=b&previousDocId=three.md';
		assertRefusal(await ask('PUT', `/v1/documents/content?${query}`, 'x', ofA), {
			code: 'forbidden',
			field: 'previous/tenant',
		});
		await rest();
		assert.deepEqual(await found('almonds', 'b'), ['three.md']);
		assert.deepEqual(await found('pistachios'), ['mine.md']);
		assert.equal((await ask('POST', '/v1/publish', take)).status, 202);
		await rest();
		assert.deepEqual(await found('almonds', 'b'), []);
		assert.deepEqual(await found('almonds'), ['taken.md']);
	});

	it('says what is wrong with it, and does nothing', async () => {
		await ask('POST', '/v1/publish', document('four.md', 'cashews'));
		const theirs = { sourceId: 's1', epoch: 'e1', seq: 1 };
		await ask('POST', '/v1/publish', document('theirs.md', 'pecans', { source: theirs }));
		await rest();
		const move = (previous: unknown, more: object = {}) =>
			ask('POST', '/v1/publish', document('five.md', 'cashews', { previous, ...more }));
		assertRefusal(await move({ docId: 'five.md' }), { code: 'invalid', field: 'previous' });
		assertRefusal(await move({ docId: 'five.md', tenant: 'a' }), { code: 'invalid', field: 'previous' });
		assertRefusal(await move({ docId: '' }), { code: 'invalid', field: 'previous/docId' });
		assertRefusal(await move({ docId: 'x'.repeat(1_024).replace('x', 'é') }), {
			code: 'invalid',
			field: 'previous/docId',
		});
		assertRefusal(await move({ tenant: 'a' }), { code: 'invalid', field: 'previous/docId' });
		assertRefusal(await move({ docId: 'four.md' }, { op: 'delete', content: undefined }), {
			code: 'invalid',
			field: 'previous',
		});
		assertRefusal(await move({ docId: 'theirs.md' }), { code: 'owned', field: 'previous' });
		assertRefusal(await ask('PUT', '/v1/documents/content?tenant=a&docId=five.txt&previousTenant=a', 'x'), {
			code: 'invalid',
			field: 'previousDocId',
		});
		await rest();
		assert.deepEqual(await found('cashews'), ['four.md']);
		assert.deepEqual(await found('pecans'), ['theirs.md']);
		assert.equal((await move({ docId: 'theirs.md' }, { takeOver: true })).status, 202);
	});
});

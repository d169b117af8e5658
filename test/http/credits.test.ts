import assert from 'node:assert/strict';
import { httpInMemory } from '../support/http-in-memory.ts';
import { until } from '../support/settled.ts';

/** S38: what a caller and an operator see of credits. */
type Made = Awaited<ReturnType<typeof httpInMemory>>;

describe('credits over HTTP', () => {
	let made: Made;
	beforeEach(async () => void (made = await httpInMemory({ DOCDROP_API_KEYS: 'operator,acme=acme-key' })));
	afterEach(() => made.close());

	const ask = async (
		method: 'GET' | 'POST' | 'PUT',
		url: string,
		payload?: object | string,
		key = 'operator',
	) => {
		const answer = await made.http.inject({
			method,
			url,
			headers: {
				host: 'localhost',
				'x-api-key': key,
				...(payload !== undefined && { 'content-type': 'application/json' }),
			},
			...(payload !== undefined && { payload }),
		});
		const json = answer.headers['content-type']?.includes('json') ? answer.json() : null;
		return { status: answer.statusCode, json, text: answer.body };
	};
	const document = (docId: string, tenant = 'acme', text = docId) => ({ tenant, docId, content: { text } });
	const batch = (...documents: object[]) => ask('POST', '/v1/ingest/batch', { documents, coalesced: true });
	const grant = (granted: unknown, more: object = {}, key?: string) =>
		ask('PUT', '/v1/credits', { tenant: 'acme', granted, ...more }, key);

	it('answers 402 with the remedy before anything is taken, and refunds what failed', async () => {
		assert.deepEqual((await grant(2)).json, { tenant: 'acme', granted: 2, spent: 0, refunded: 0, left: 2 });
		const refused = await batch(document('a.txt'), document('b.txt'), document('c.txt'));
		assert.equal(refused.status, 402);
		const { error } = refused.json;
		assert.deepEqual(
			[error.code, error.field, error.retryable, error.message],
			['credits_exhausted', 'tenant', true, 'the tenant "acme" has 2 credits left, and this needs 3'],
		);
		assert.match(error.hint, /PUT \/v1\/credits/);
		assert.equal((await ask('GET', '/v1/documents?tenant=acme')).json.documents.length, 0);

		const unreadable = {
			tenant: 'acme',
			docId: 'bad.txt',
			content: { base64: Buffer.from([0, 1, 2]).toString('base64') },
		};
		const taken = await batch(document('a.txt'), unreadable, document('a.txt', 'other'));
		assert.equal(taken.status, 202);
		const ledger = async () => (await ask('GET', '/v1/credits?tenant=acme', undefined, 'acme-key')).json;
		await until(
			async () => (await made.docStore.stats()).pending,
			(pending) => pending === 0,
		);
		const states = (taken.json.results as { receipt: { jobId: string } }[]).map(
			({ receipt }) => receipt.jobId,
		);
		const jobs = await Promise.all(states.map(async (id) => (await ask('GET', `/v1/jobs/${id}`)).json));
		const charged = jobs.map(({ state, charged: cost }) => [state, cost]);
		assert.deepEqual(charged[0], ['published', 1]);
		assert.deepEqual(charged[2], ['published', 0], 'a tenant without a grant pays nothing');
		const failed = charged.filter(([state]) => state === 'failed').length;
		assert.deepEqual(await ledger(), {
			...{ tenant: 'acme', granted: 2, spent: 2, refunded: failed, left: failed },
		});
	});

	it('refuses of a batch of several tenants only the one that cannot pay', async () => {
		await grant(0);
		const { status, json } = await batch(document('a.txt'), document('a.txt', 'other'));
		assert.equal(status, 202);
		assert.deepEqual(
			(json.results as { status: number }[]).map((one) => one.status),
			[402, 202],
		);
		assert.equal((await ask('POST', '/v1/publish', document('x.txt'))).status, 402);
		const metrics = (await ask('GET', '/metrics')).text;
		assert.match(metrics, /^docdrop_credit_tenants\{state="exhausted"\} 1$/m);
		assert.match(metrics, /^docdrop_changes_total\{result="unpaid"\} 2$/m);
		assert.equal((await ask('GET', '/v1/status')).json.credits.exhausted, 1);
	});

	it('shows a tenant its own, and lets only the operator grant and look at all', async () => {
		assert.equal((await grant(5, {}, 'acme-key')).status, 403);
		assert.equal((await ask('GET', '/v1/credits?tenant=other', undefined, 'acme-key')).status, 403);
		assert.equal((await ask('GET', '/v1/credits/all', undefined, 'acme-key')).status, 403);
		assert.deepEqual((await ask('GET', '/v1/credits?tenant=acme', undefined, 'acme-key')).json, {
			...{ tenant: 'acme', granted: null, spent: 0, refunded: 0, left: null },
		});
		await grant(5);
		await ask('PUT', '/v1/credits', { tenant: 'beta', granted: 7 });
		const first = (await ask('GET', '/v1/credits/all?limit=1')).json;
		assert.deepEqual([first.credits[0].tenant, first.next], ['acme', 'acme']);
		const second = (await ask('GET', '/v1/credits/all?limit=2&after=acme')).json;
		assert.deepEqual([second.credits[0].granted, second.next], [7, null]);
	});

	it('refuses grants that are none, that are spent already, or that meet another', async () => {
		for (const wrong of [-1, 1.5, '5', 1e13, undefined, [5], true]) {
			const { status, json } = await grant(wrong);
			assert.equal(status, 400, String(wrong));
			assert.equal(json.error.field, 'granted');
		}
		const huge = await ask('PUT', '/v1/credits', '{"tenant":"acme","granted":1e400}');
		assert.equal(huge.status, 400);
		assert.equal((await ask('PUT', '/v1/credits', { granted: 5 })).json.error.field, 'tenant');
		await grant(5);
		await batch(document('a.txt'), document('b.txt'));
		const spent = await grant(1);
		assert.deepEqual(
			[spent.status, spent.json.error.message],
			[409, 'granted must be at least 2, which is spent, got 1'],
		);
		const raced = await grant(9, { expected: null });
		assert.deepEqual([raced.status, raced.json.error.field], [409, 'expected']);
		assert.equal((await grant(9, { expected: 5 })).status, 200);
		assert.equal((await grant(null)).json.left, null);
	});

	it('charges the retry of a dead letter, or answers 402', async () => {
		await grant(1);
		const { json } = await ask('POST', '/v1/publish', {
			...{ tenant: 'acme', docId: 'bad.bin', mimeType: 'text/plain', coalesced: true },
			content: { base64: Buffer.from([0x66, 0, 0xff, 0xfe, 0, 1]).toString('base64') },
		});
		const job = await until(
			async () => (await ask('GET', `/v1/jobs/${json.jobId}`)).json,
			({ state }) => state === 'failed' || state === 'published',
		);
		assert.equal(job.state, 'failed');
		assert.equal(job.charged, 0);
		await grant(0);
		const refused = await ask('POST', `/v1/jobs/${json.jobId}/retry`);
		assert.deepEqual([refused.status, refused.json.error.code], [402, 'credits_exhausted']);
		await grant(1);
		assert.equal((await ask('POST', `/v1/jobs/${json.jobId}/retry`)).status, 200);
	});
});

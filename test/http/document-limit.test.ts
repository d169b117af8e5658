import assert from 'node:assert/strict';
import { createDocumentLimiter, type LimiterSettings } from '../../api/pipeline/accept/document-limiter.ts';
import { fakeClock, type FakeClock } from '../support/fake-clock.ts';
import { httpInMemory } from '../support/http-in-memory.ts';

/** S5, the documents beside the requests: what a caller sees of the limits. */
type Made = Awaited<ReturnType<typeof httpInMemory>>;

describe('document limits over HTTP', () => {
	let made: Made;
	let clock: FakeClock;
	afterEach(() => made.close());
	const start = async (settings: Partial<LimiterSettings>) => {
		clock = fakeClock();
		const limiter = createDocumentLimiter({
			clock,
			settings: { total: 0, eachTenant: 0, tenants: new Map(), ...settings },
			isContinued: false,
		});
		made = await httpInMemory({}, { limiter });
	};
	const ask = async (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, payload?: object | string) => {
		const answer = await made.http.inject({
			method,
			url,
			headers: {
				host: 'localhost',
				...(payload !== undefined && {
					'content-type': typeof payload === 'string' ? 'text/plain' : 'application/json',
				}),
			},
			...(payload !== undefined && { payload }),
		});
		const json = answer.headers['content-type']?.includes('json') ? answer.json() : null;
		return { status: answer.statusCode, wait: answer.headers['retry-after'], json, text: answer.body };
	};
	const document = (docId: string, tenant = 'acme') => ({ tenant, docId, content: { text: docId } });
	const batch = (...documents: object[]) => ask('POST', '/v1/ingest/batch', { documents });

	it('answers 429 with the earliest time, for local callers too, and counts documents, not requests', async () => {
		await start({ eachTenant: 10 });
		assert.equal((await ask('POST', '/v1/publish', document('a'))).status, 202);
		for (let nth = 0; nth < 3; nth += 1) {
			// Unchanged: nothing to work on.
			assert.equal((await ask('GET', '/v1/info')).status, 200);
		}
		const refused = await ask('POST', '/v1/publish', document('b'));
		assert.equal(refused.status, 429);
		assert.equal(refused.json.error.code, 'rate_limited');
		assert.equal(refused.json.error.field, 'tenant');
		assert.equal(refused.json.error.message, 'at most 10 documents of the tenant "acme" are taken a minute');
		assert.equal(refused.json.error.retryable, true);
		assert.equal(refused.wait, '7', 'a tenth at once, then one every 6 s, in whole seconds');
		assert.equal((await ask('POST', '/v1/publish', document('b', 'other'))).status, 202);
		assert.equal(
			(await ask('DELETE', '/v1/documents?tenant=acme&docId=a')).status,
			429,
			'a change is a change',
		);
		await clock.advance(6_001);
		assert.equal((await ask('POST', '/v1/publish', document('b'))).status, 202);
	});

	it('takes a batch in order, each document with its own answer, and refuses it as a whole when none is taken', async () => {
		await start({ total: 40 });
		const documents = [...'abcdefgh'].map((docId) => document(docId));
		const first = await batch(...documents, { tenant: 'acme', docId: '' });
		assert.equal(first.status, 202);
		assert.deepEqual([first.json.errors, first.json.accepted, first.json.failed], [true, 4, 5]);
		const statuses = (first.json.results as { status: number }[]).map(({ status }) => status);
		assert.deepEqual(statuses, [202, 202, 202, 202, 429, 429, 429, 429, 400]);
		assert.equal(first.json.results[4].error.code, 'rate_limited');
		assert.equal(first.wait, '7', 'until the other four are free');

		const second = await batch(...documents.slice(4));
		assert.equal(second.status, 429);
		assert.equal(
			second.json.error.message,
			'at most 40 documents of all tenants together are taken a minute',
		);
		assert.equal(second.wait, '7');

		await clock.advance(7_000);
		const third = await batch(...documents);
		assert.deepEqual(
			[third.status, third.json.unchanged, third.json.accepted, third.json.failed],
			[202, 4, 4, 0],
			'what is unchanged takes no place, and so a batch of any size gets on',
		);
	});

	it('refuses a stream before it is read', async () => {
		await start({ total: 10 });
		const put = (docId: string) => ask('PUT', `/v1/documents/content?tenant=acme&docId=${docId}`, 'text');
		assert.equal((await put('a.txt')).status, 202);
		const refused = await put('b.txt');
		assert.deepEqual([refused.status, refused.wait], [429, '7']);
		await clock.advance(7_000);
		assert.equal((await put('b.txt')).status, 202);
	});

	it('shows its figures', async () => {
		await start({ total: 100, eachTenant: 50, tenants: new Map([['acme', 0]]) });
		await batch(...[...'abcdefghijkl'].map((docId) => document(docId)));
		const { json } = await ask('GET', '/v1/status');
		assert.deepEqual(json.documentLimits, {
			total: { perMinute: 100, free: 0 },
			eachTenant: 50,
			named: 1,
			turns: 1,
		});
		const { text } = await ask('GET', '/metrics');
		assert.match(text, /^docdrop_changes_total\{result="limited"\} 2$/m);
		assert.match(text, /^docdrop_document_limit_free\{scope="all"\} 0$/m);
		assert.match(text, /^docdrop_document_limit_turns 1$/m);
	});

	it('shows that there are none', async () => {
		await start({});
		assert.equal((await ask('GET', '/v1/status')).json.documentLimits, null);
		assert.doesNotMatch((await ask('GET', '/metrics')).text, /^docdrop_document_limit_free\{/m);
	});
});

import assert from 'node:assert/strict';
import { printStatus } from '../../api/cli/print.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { call, type Call } from '../support/call.ts';
import { settled } from '../support/settled.ts';

/** What the door refuses for good leaves a failed receipt, by every way in, and nothing else. */
describe('refused documents', () => {
	let app: TestApp;
	beforeEach(async () => {
		app = await startApp({ DOCDROP_API_KEYS: 'operator-key, a=key-of-a', DOCDROP_MAX_FILE_MB: '1' });
	});
	afterEach(() => app.close());

	const ask = (request: Call, key = 'operator-key') =>
		call(app.url, { ...request, headers: { ...request.headers, authorization: `Bearer ${key}` } });
	const failed = async () => (await ask({ path: '/v1/jobs?state=failed' })).json.jobs;
	const put = (query: string, body: string | Uint8Array = 'x'): Call => ({
		method: 'PUT',
		path: `/v1/documents/content?tenant=a&${query}`,
		body,
		headers: { 'content-type': 'application/octet-stream' },
	});
	const document = (docId: string, more: object = {}) => ({
		...{ tenant: 'a', docId, content: { text: 'x' }, coalesced: true },
		...more,
	});
	const publish = (body: object): Call => ({ path: '/v1/publish', body });
	const batch = (one: object): Call => {
		const { coalesced: _none, ...body } = one as { coalesced?: boolean };
		return { path: '/v1/ingest/batch', body: { documents: [body] } };
	};
	const mine = { source: { sourceId: 's', epoch: 'e', seq: 1 } };

	const cases: [what: string, request: Call, code: string][] = [
		['publish: an unknown type', publish(document('a.xyz', { mimeType: 'image/png' })), 'unsupported_type'],
		['publish: bad base64', publish(document('a', { content: { base64: '*' } })), 'invalid'],
		['publish: content of no shape', publish(document('a', { content: 7 })), 'invalid'],
		['publish: a number that was rounded', publish(document('a', { metadata: { id: 2 ** 60 } })), 'invalid'],
		['publish: too large', publish(document('a', { content: { text: 'x'.repeat(1_048_577) } })), 'too_large'],
		['publish: owned', publish(document('owned.txt')), 'owned'],
		['publish: a field too many', publish(document('a', { colour: 'red' })), 'invalid'],
		['batch: an unknown type', batch(document('a.xyz', { mimeType: 'image/png' })), 'unsupported_type'],
		['batch: no content', batch(document('a', { content: undefined })), 'invalid'],
		[
			'batch: owned',
			batch(document('owned.txt', { source: { sourceId: 'z', epoch: 'e', seq: 1 } })),
			'owned',
		],
		['PUT: an unknown type', put('docId=a.xyz'), 'unsupported_type'],
		['PUT: too large', put('docId=a.txt', Buffer.alloc(1_048_577, 'a')), 'too_large'],
		['PUT: metadata that is no JSON', put('docId=a.txt&metadata=%7B'), 'invalid'],
		['PUT: half a source', put('docId=a.txt&seq=1'), 'invalid'],
		['PUT: a type of no shape', put('docId=a.txt&mimeType=text'), 'invalid'],
		['PUT: owned', put('docId=owned.txt'), 'owned'],
		['DELETE: owned', { method: 'DELETE', path: '/v1/documents?tenant=a&docId=owned.txt' }, 'owned'],
	];

	it('leave a failed receipt by every way in, named by the error', async () => {
		await ask(publish(document('owned.txt', mine)));
		await settled(app.url, { authorization: 'Bearer operator-key' });
		for (const [what, request, code] of cases) {
			const { json } = await ask(request);
			const error = json.error ?? json.results[0].error;
			assert.equal(error.code, code, what);
			assert.equal(typeof error.jobId, 'string', what);
			const job = (await ask({ path: `/v1/jobs/${error.jobId}` })).json;
			assert.deepEqual(
				[job.state, job.tenant, job.error, job.refused],
				[...['failed', 'a'], ...[{ code, message: error.message }, true]],
				what,
			);
			assert.equal(
				(await failed()).filter(({ jobId }: { jobId: string }) => jobId === job.jobId).length,
				1,
				what,
			);
			const query = new URLSearchParams({ tenant: 'a', docId: job.docId }).toString();
			const history = (await ask({ path: `/v1/documents/history?${query}` })).json;
			assert.equal(history.jobs[0].jobId, job.jobId, what);
			assert.equal(history.document?.state ?? null, job.docId === 'owned.txt' ? 'published' : null, what);
		}
	});

	it('can be read and not tried again: what was refused was not kept', async () => {
		const { jobId } = (await ask(put('docId=a.xyz'))).json.error;
		const again = await ask({ method: 'POST', path: `/v1/jobs/${jobId}/retry` });
		assert.deepEqual([again.status, again.json.error.code], [409, 'conflict']);
		assert.match(again.json.error.message, /nothing to try again/);
		assert.match(again.json.error.hint, /send the document again/);
		assert.equal((await ask({ method: 'POST', path: `/v1/jobs/${jobId}/cancel` })).status, 409);
		const own = await ask({ path: `/v1/jobs/${jobId}` }, 'key-of-a');
		assert.equal(own.status, 200, 'the tenant sees its own');
	});

	it('are told once, however often the same is sent', async () => {
		const jobs = new Set<string>();
		for (let n = 0; n < 3; n += 1) jobs.add((await ask(put('docId=a.xyz'))).json.error.jobId);
		assert.equal(jobs.size, 1);
		assert.equal((await failed())[0].attempts, 3);
	});

	it('are told of by status and progress, in words, until the document is taken', async () => {
		await ask(publish(document('owned.txt', mine)));
		await ask(put('docId=a.xyz'));
		await ask(publish(document('owned.txt')));
		const status = async () => (await ask({ path: '/v1/status' })).json;
		const told = await status();
		assert.equal(told.failed, 0, 'no document has failed');
		assert.equal(told.refused.count, 2);
		assert.deepEqual([told.refused.newest.docId, told.refused.newest.error.code], ['owned.txt', 'owned']);
		assert.equal((await ask({ path: '/v1/progress?tenant=a' })).json.refused, 2);
		assert.match(
			printStatus(told, null),
			/REFUSED {4}2 changes; the newest: owned\.txt \(tenant a\): docId belongs to another source.*\n.*explain FILE.*GET \/v1\/jobs\?state=failed/,
		);
		await ask(publish(document('owned.txt', { takeOver: true })));
		await ask(put('docId=a.xyz&mimeType=text/plain'));
		const after = await status();
		assert.deepEqual(after.refused, { count: 0, newest: null });
		assert.doesNotMatch(printStatus(after, null), /REFUSED/);
	});

	it('leave no trace where the key must not touch the tenant, or nothing has a valid name', async () => {
		const foreign = { ...document('a.xyz', { content: 7 }), tenant: 'b' };
		const { coalesced: _none, ...inBatch } = foreign;
		const answers = [
			await ask(publish(foreign), 'key-of-a'),
			await ask({ path: '/v1/ingest/batch', body: { documents: [inBatch] } }, 'key-of-a'),
			await ask(
				{ ...put('docId=a.xyz&mimeType=x'), path: '/v1/documents/content?tenant=b&docId=a&mimeType=x' },
				'key-of-a',
			),
			await ask(publish(document('\u0007'))),
			await ask(publish({ ...document('a'), tenant: 'no tenant' })),
			await ask(put('docId=')),
		];
		for (const { json } of answers) {
			const error = json.error ?? json.results[0].error;
			assert.equal(error.jobId, undefined);
		}
		assert.deepEqual(await failed(), []);
	});
});

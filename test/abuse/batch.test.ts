import assert from 'node:assert/strict';
import { startApp, type TestApp } from '../support/app.ts';
import { call } from '../support/call.ts';
import { assertItem } from '../support/refusal.ts';
import { settled } from '../support/settled.ts';

/** Bad documents among good ones: the bad are named in their places, the good land. */
const good = (docId: string, text = docId) => ({ tenant: 'acme', docId, content: { text } });

describe('abuse: batches', () => {
	let app: TestApp;
	before(async () => {
		app = await startApp();
	});
	after(() => app.close());

	it('names each bad document in its place and takes the others', async () => {
		const bad: [document: object, status: number, field: string, says: RegExp][] = [
			[{ ...good('a.txt'), docId: 'a\u0007' }, 400, 'docId', /control characters/],
			[{ ...good('a.txt'), tenant: 'a b' }, 400, 'tenant', /got "a b"/],
			[{ tenant: 'acme', docId: 'a.txt' }, 400, 'content', /required/],
			[{ ...good('a.txt'), priority: 'high' }, 400, 'priority', /not a known field/],
			[{ ...good('a.txt'), content: { base64: '*' } }, 400, 'content/base64', /base64/],
			[{ ...good('a.txt'), metadata: { order: 2 ** 60 } }, 400, 'metadata/order', /exactly/],
			[{ ...good('a.txt'), source: { sourceId: 's', epoch: 'e', seq: -1 } }, 400, 'source/seq', /-1/],
			[{ ...good('a.bin'), mimeType: 'application/zip' }, 415, 'mimeType', /zip/],
			[{}, 400, 'tenant', /required/],
			[null as never, 400, 'documents/19', /object, got null/],
			[['x'], 400, 'documents/21', /object, got an array of 1/],
		];
		const documents = bad.flatMap(([document], index) => [good(`good-${index}.txt`), document]);
		const { status, json } = await call(app.url, {
			path: '/v1/ingest/batch',
			body: { documents, coalesced: true },
		});
		assert.equal(status, 202);
		assert.equal(json.errors, true);
		assert.deepEqual([json.accepted, json.failed], [bad.length, bad.length]);
		assert.deepEqual(
			json.results.map((item: { index: number }) => item.index),
			documents.map((_, index) => index),
		);
		for (const [index, [, wanted, field, says]] of bad.entries()) {
			assert.equal(json.results[2 * index].status, 202);
			assert.equal(json.results[2 * index].receipt.docId, `good-${index}.txt`);
			const item = json.results[2 * index + 1];
			assert.equal(item.status, wanted);
			assert.equal(item.receipt, undefined);
			const place = `documents/${2 * index + 1}/`;
			assertItem(
				{ ...item.error, field: item.error.field.replace(place, '') },
				{ code: 'invalid', field, says },
			);
		}
		await settled(app.url);
		const refused = (await call(app.url, { path: '/v1/jobs?state=failed' })).json.jobs;
		assert.deepEqual(
			refused
				.map((job: { docId: string; error: { code: string } }) => [job.docId, job.error.code])
				.toSorted(),
			[
				['a.bin', 'unsupported_type'],
				['a.txt', 'invalid'],
			],
			'of each document that has a name',
		);
		const list = (await call(app.url, { path: '/v1/documents?tenant=acme' })).json;
		assert.deepEqual(
			list.documents.map((one: { docId: string; state: string }) => [one.docId, one.state]),
			bad
				.map((_, index) => `good-${index}.txt`)
				.toSorted()
				.map((docId) => [docId, 'published']),
		);
	});

	it('takes the same document several times, the last one winning', async () => {
		const documents = [
			good('twice.txt', 'first'),
			good('twice.txt', 'second'),
			{ tenant: 'acme', docId: 'twice.txt', op: 'delete' },
			good('twice.txt', 'third'),
			good('twice.txt', 'third'),
		];
		const { json } = await call(app.url, { path: '/v1/ingest/batch', body: { documents, coalesced: true } });
		const [first, second, gone, third, again] = json.results.map((item: { receipt: object }) => item.receipt);
		assert.equal(second.superseded, first.jobId);
		assert.equal(gone.state, 'unchanged', 'nothing was published yet');
		assert.equal(third.superseded, undefined);
		assert.equal(again.state, 'unchanged');
		assert.equal(again.follows, third.jobId);
		await settled(app.url);
		const { json: withdrawn } = await call(app.url, { path: second.statusUrl });
		assert.deepEqual([withdrawn.state, withdrawn.supersededBy], ['superseded', gone.jobId]);
		const { chunks } = (await call(app.url, { path: '/v1/documents/chunks?tenant=acme&docId=twice.txt' }))
			.json;
		assert.deepEqual(
			chunks.map((chunk: { text: string }) => chunk.text),
			['third'],
		);
	});

	it('keeps ids apart that only look alike, and ids named like parts of an object', async () => {
		const ids = [
			'__proto__',
			'constructor',
			'toString',
			'é',
			'e\u0301',
			'E',
			'😀',
			'a%2Fb',
			'a/b',
			' ',
			'../x',
		];
		const documents = ids.map((docId, index) => ({ ...good(docId, `text ${index}`), tenant: 'ids' }));
		const { json } = await call(app.url, { path: '/v1/ingest/batch', body: { documents, coalesced: true } });
		assert.equal(json.accepted, ids.length);
		await settled(app.url);
		for (const [index, docId] of ids.entries()) {
			const query = new URLSearchParams({ tenant: 'ids', docId });
			const { chunks } = (await call(app.url, { path: `/v1/documents/chunks?${query.toString()}` })).json;
			assert.deepEqual([docId, chunks[0]?.text], [docId, `text ${index}`]);
		}
	});

	it('gives metadata back as it came, whatever its names', async () => {
		const metadata = {
			constructor: 'c',
			toString: { hasOwnProperty: null },
			ключ: [1, -0.5, true, null, { 'a.b': 'NUL \u0000, quote ", line \n' }],
			'x-$ref': '#/secret',
		};
		await call(app.url, {
			path: '/v1/publish',
			body: { ...good('meta.txt', 'speaking metadata'), metadata, coalesced: true },
		});
		await settled(app.url);
		const { json } = await call(app.url, { path: '/v1/documents/state?tenant=acme&docId=meta.txt' });
		assert.deepEqual(json.metadata, metadata);
		const found = await call(app.url, {
			path: '/v1/search',
			body: { tenant: 'acme', query: 'speaking metadata', docId: 'meta.txt' },
		});
		assert.deepEqual(found.json.results[0].metadata, metadata);
	});

	it('a text that is no text fails alone, and says why', async () => {
		const documents = [
			good('binary.txt', '\u0000\u0001\u0002\u0003\u0004\u0000'),
			good('odd.txt', '\ufeff“odd” \u2028 end'),
		];
		const { json } = await call(app.url, { path: '/v1/ingest/batch', body: { documents, coalesced: true } });
		await settled(app.url);
		const [binary, odd] = await Promise.all(
			json.results.map(
				async (item: { receipt: { statusUrl: string } }) =>
					(await call(app.url, { path: item.receipt.statusUrl })).json,
			),
		);
		assert.equal(odd.state, 'published');
		assert.deepEqual([binary.state, binary.error.code], ['failed', 'unreadable']);
		assert.match(binary.error.message, /text\/plain/);
	});
});

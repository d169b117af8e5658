import assert from 'node:assert/strict';
import { startTika, status, type TikaDouble, tikaPage, xhtml } from '../doubles/tika.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { call } from '../support/call.ts';
import { file, sendForm } from '../support/form.ts';
import { assertRefusal } from '../support/refusal.ts';
import { settled, until } from '../support/settled.ts';

describe('an API with a Tika server', () => {
	let tika: TikaDouble;
	let app: TestApp;
	const publish = (docId: string, more: object = {}) =>
		call(app.url, {
			path: '/v1/publish',
			body: {
				tenant: 'acme',
				docId,
				content: { base64: Buffer.from('\x01slides').toString('base64') },
				...more,
			},
		});
	const jobs = async (state: string): Promise<[docId: string, code: string | undefined][]> => {
		const { json } = await call(app.url, { path: `/v1/jobs?state=${state}` });
		return json.jobs.map((job: { docId: string; error?: { code: string } }) => [job.docId, job.error?.code]);
	};
	const hits = async (query: string): Promise<{ docId: string; page: number | null; content: string }[]> => {
		const { json } = await call(app.url, { path: '/v1/search', body: { tenant: 'acme', query } });
		return json.results.filter(({ content }: { content: string }) => content.includes(query));
	};
	const first = async (query: string) => (await hits(query))[0]?.docId;
	before(async () => {
		tika = await startTika();
		app = await startApp({ DOCDROP_TIKA_URL: `${tika.url}/`, DOCDROP_DENIED_TYPES: 'video/*' });
	});
	after(async () => {
		await app.close();
		tika.close();
	});

	it('takes files of types that it does not know, by every way in, and finds them', async () => {
		tika.answersWith(xhtml(tikaPage('<div class="page"><p>the quarterly zebra</p></div>')));
		assert.equal((await publish('talk.ppt')).status, 202);
		assert.equal((await publish('named', { mimeType: 'application/vnd.visio' })).status, 202);
		const put = { method: 'PUT', path: '/v1/documents/content?tenant=acme&docId=plan.vsd', body: '\x01plan' };
		const headers = { 'content-type': 'application/octet-stream' };
		assert.equal((await call(app.url, { ...put, headers })).status, 202);
		assert.equal(
			(await sendForm(app.url, '/v1/files', [file('board.key', Buffer.from('\x01key'))])).json.accepted,
			1,
		);
		await settled(app.url);
		assert.deepEqual(await jobs('failed'), []);
		assert.deepEqual((await hits('zebra')).map(({ docId, page }) => [docId, page]).sort(), [
			['named', 1],
			['plan.vsd', 1],
			['talk.ppt', 1],
		]);
		assert.equal((await call(app.url, { path: '/v1/info' })).json.otherTypes, true);
	});

	it('refuses what the operator rules out, of types that it does not know as well', async () => {
		assertRefusal(await publish('film', { mimeType: 'video/mp4' }), {
			...{ code: 'unsupported_type', field: 'mimeType' },
			says: /DOCDROP_DENIED_TYPES allows, got "video\/mp4"/,
		});
	});

	it('keeps what the server refuses as dead letters', async () => {
		tika.answersWith(status(415));
		await publish('refused.bin');
		await settled(app.url);
		const failed = await jobs('failed');
		assert.ok(failed.some(([docId, code]) => docId === 'refused.bin' && code === 'unsupported_type'));
	});

	it('lets them wait while the server is away, with the reason, and goes on with all else', async () => {
		tika.answersWith(status(503));
		await publish('waits.ppt');
		await until(
			() => jobs('retrying'),
			({ length }) => length === 1,
		);
		assert.deepEqual(await jobs('retrying'), [['waits.ppt', 'extractor_unavailable']]);
		const text = await publish('goes-on.txt', { content: { text: 'the walrus goes on' } });
		assert.equal(text.status, 202);
		await until(
			() => first('walrus'),
			(docId) => docId === 'goes-on.txt',
		);
		assert.deepEqual(await jobs('retrying'), [['waits.ppt', 'extractor_unavailable']]);
		tika.answersWith(xhtml(tikaPage('<p>the late heron</p>')));
		await until(
			() => first('heron'),
			(docId) => docId === 'waits.ppt',
			30_000,
		);
	});
});

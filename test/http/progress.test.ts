import assert from 'node:assert/strict';
import { startApp, type TestApp } from '../support/app.ts';
import { until } from '../support/settled.ts';

describe('progress', () => {
	let made: TestApp;
	afterEach(() => made.close());
	const headers = { authorization: 'Bearer all', 'content-type': 'application/json' };
	const get = async (path: string, key = 'all') => {
		const answer = await fetch(made.url + path, { headers: { authorization: `Bearer ${key}` } });
		return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
	};
	const progress = async (tenant: string) => (await get(`/v1/progress?tenant=${tenant}`)).body;
	const send = async (tenant: string, texts: readonly string[], mimeType = 'text/plain') => {
		const documents = texts.map((text, n) => ({ tenant, docId: `doc ${n}`, mimeType, content: { text } }));
		const answer = await fetch(`${made.url}/v1/ingest/batch`, {
			method: 'POST',
			headers,
			body: JSON.stringify({ documents, coalesced: true }),
		});
		assert.equal(answer.status, 202);
	};

	it('follows an onboarding from its first document to its last, tenant by tenant', async () => {
		made = await startApp({ DOCDROP_API_KEYS: 'all,beta=b', DOCDROP_ALERT_PENDING: '1' });
		assert.deepEqual(await progress('acme'), {
			tenant: 'acme',
			total: 0,
			processed: 0,
			pending: 0,
			failed: 0,
			refused: 0,
			percent: 100,
			filesPerMinute: 0,
			secondsLeft: 0,
		});
		await send(
			'acme',
			Array.from({ length: 60 }, (_, n) => `The text of document ${n}.`),
		);
		await send('beta', ['one']);
		assert.equal((await progress('acme'))['total'], 60);
		const done = await until(
			() => progress('acme'),
			(now) => now['pending'] === 0,
		);
		assert.deepEqual(
			[done['processed'], done['failed'], done['percent'], done['secondsLeft']],
			[60, 0, 100, 0],
		);
		assert.ok((done['filesPerMinute'] as number) >= 60, `${String(done['filesPerMinute'])} a minute`);
		await until(
			() => progress('beta'),
			(now) => now['processed'] === 1,
		);
		assert.equal((await get('/v1/progress')).body['total'], 61);
		assert.equal((await get('/v1/progress', 'b')).status, 403);
		assert.equal((await get('/v1/progress?tenant=acme', 'b')).status, 403);
		assert.equal((await get('/v1/progress?tenant=beta', 'b')).body['total'], 1);
		const status = (await get('/v1/status')).body['queue'] as Record<string, unknown>;
		assert.deepEqual([status['alerts'], status['errorRate']], [[], 0]);
	});

	it('raises alerts where much waits and where much fails, in status, metrics and log, and takes them back', async () => {
		made = await startApp({
			DOCDROP_API_KEYS: 'all',
			DOCDROP_ALERT_PENDING: '5',
			DOCDROP_WINDOW_MS: '60000',
			DOCDROP_MAX_WAIT_MS: '60000',
		});
		const alerts = async () => ((await get('/v1/status')).body['queue'] as { alerts: string[] }).alerts;
		const metric = async () =>
			/^docdrop_queue_alert\{alert="pending"\} (\d)$/m.exec(
				await (await fetch(`${made.url}/metrics`, { headers })).text(),
			)?.[1];
		const receipts = await Promise.all(
			Array.from({ length: 6 }, async (_, n) => {
				const answer = await fetch(`${made.url}/v1/publish`, {
					method: 'POST',
					headers,
					body: JSON.stringify({ tenant: 'acme', docId: `doc ${n}`, content: { text: 'waits' } }),
				});
				return (await answer.json()) as { jobId: string };
			}),
		);
		assert.deepEqual([await alerts(), await metric()], [['pending'], '1']);
		for (const { jobId } of receipts)
			await fetch(`${made.url}/v1/jobs/${jobId}/cancel`, {
				method: 'POST',
				headers: { authorization: headers.authorization },
			});
		assert.deepEqual([await alerts(), await metric()], [[], '0']);
		assert.equal((await progress('acme'))['total'], 0, 'what was withdrawn is nobody’s');
		const lines = made
			.logged()
			.split('\n')
			.filter((line) => line.includes('"alert":"pending"'));
		assert.equal(lines.length, 2, 'a line when it began, and one when it ended');
	});
});

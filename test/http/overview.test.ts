import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addKey } from '../../api/config/index.ts';
import type { KeyRight } from '../../api/contract/key-rights.ts';
import type { Overview } from '../../api/contract/overview-schema.ts';
import { eventReader } from '../../api/page/event-reader.ts';
import { httpInMemory } from '../support/http-in-memory.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { until } from '../support/settled.ts';

const all = 'key-of-everything';
const ofA = 'key-of-tenant-a';
const report = {
	sender: 'here',
	tenant: 'a',
	name: 'My workflow',
	roots: [
		{
			...{ label: 'told', mode: 'watch', files: 4, pending: 1, inFlight: 0, failedCount: 0, failed: [] },
			...{ restless: [], skippedCount: 0, skipped: [], unreadable: [], lastScanAt: null, verifiedAt: null },
			...{ isDelivered: false, held: { count: 2, reason: 'much went', since: '2026-01-01T00:00:00.000Z' } },
		},
	],
	delivery: { failures: 3, lastFailure: 'no memory' },
};
const followed = (tenant: string, sourceId: string) => ({
	tenant,
	sourceId,
	status: () => ({
		roots: [
			{
				...{ label: 'inbox', files: 3, verifiedAt: null, digest: 'a', deliveredDigest: 'a' },
				held: { count: 4, reason: 'more than a fifth is gone' },
				skipped: [{ relPath: 'x.bin', reason: 'of a type that is not read' }],
			},
		],
		snapshot: { held: 3 },
	}),
	explain: () => ({}),
	release: () => 7,
});

describe('the overview', () => {
	let made: Awaited<ReturnType<typeof httpInMemory>>;
	beforeEach(async () => {
		made = await httpInMemory({ DOCDROP_API_KEYS: `${all},a=${ofA}` });
	});
	afterEach(() => made.close());
	const get = async (url: string, key = all) => {
		const answer = await made.http.inject({ url, headers: { 'x-api-key': key } });
		return { status: answer.statusCode, json: answer.json() };
	};

	it('shows documents, folders of both kinds and every tenant to whoever may see all', async () => {
		made.follow(followed('b', 'source-b'));
		await made.http.inject({
			method: 'PUT',
			url: '/v1/sources/w/report',
			headers: { 'x-api-key': all },
			payload: report,
		});
		const { jobId } = await made.submit({ tenant: 'a', docId: 'one', content: { text: 'one' } });
		await made.submit({ tenant: 'b', docId: 'two', content: { text: 'two' } });
		await made.ended(jobId);
		const overview = await until(
			async () => (await get('/v1/overview')).json as Overview,
			({ progress }) => progress.processed === 2,
			60_000,
		);
		assert.deepEqual(
			[overview.tenant, overview.progress.total, overview.inWork, overview.index.kind],
			[null, 2, 0, 'memory'],
		);
		assert.ok((overview.memoryBytes ?? 0) > 1_000_000);
		assert.deepEqual(
			overview.tenants.map(({ tenant }) => tenant),
			['a', 'b'],
		);
		assert.deepEqual(
			overview.folders.map(({ label, workflow, held, canRelease, trouble }) => [
				...[label, workflow, held?.count, canRelease],
				trouble,
			]),
			[
				['inbox', null, 7, true, null],
				['told', 'My workflow', 2, false, '3 executions failed in a row: no memory'],
			],
		);
		assert.deepEqual(overview.folders[0]?.skipped, [
			{ relPath: 'x.bin', reason: 'of a type that is not read' },
		]);
	});

	it('shows a tenant what is its own, and nothing of the process', async () => {
		made.follow(followed('a', 'source-a'));
		made.follow(followed('b', 'source-b'));
		await made.submit({ tenant: 'b', docId: 'two', content: { text: 'two' } });
		const overview = (await get('/v1/overview', ofA)).json as Overview;
		assert.deepEqual(
			[overview.tenant, overview.defaultTenant, overview.progress.tenant, overview.progress.total],
			['a', 'a', 'a', 0],
		);
		assert.deepEqual(
			overview.folders.map(({ sourceId }) => sourceId),
			['source-a'],
		);
		assert.deepEqual(
			overview.tenants.map(({ tenant }) => tenant),
			['a'],
		);
		assert.deepEqual(
			[overview.memoryBytes, overview.chunks, overview.lanes, overview.index.check, overview.saved],
			[null, null, null, null, null],
		);
		assert.equal((await get('/v1/overview/history', ofA)).status, 403);
		assert.equal((await get('/v1/overview', 'no key of ours')).status, 401);
		assert.equal((await get('/v1/overview/events', 'no key of ours')).status, 401);
	});

	it('shows a tenant’s folders beside those of one with many, and says how many are left out', async () => {
		const told = async (tenant: string, count: number) => {
			const roots = Array.from({ length: count }, (_, nth) => ({
				...report.roots[0],
				label: `${tenant} ${nth}`,
			}));
			await made.http.inject({
				method: 'PUT',
				url: `/v1/sources/${tenant}/report`,
				headers: { 'x-api-key': all },
				payload: { ...report, tenant, name: tenant, roots },
			});
		};
		await told('a', 40);
		await told('b', 2);
		const { folders, moreFolders } = (await get('/v1/overview')).json as Overview;
		assert.deepEqual(
			folders.slice(0, 5).map(({ label }) => label),
			['a 0', 'b 0', 'a 1', 'b 1', 'a 2'],
		);
		assert.deepEqual([folders.length, moreFolders], [24, 18]);
	});

	it('shows how the service is to who operates it alone', async () => {
		const dir = mkdtempSync(join(tmpdir(), 'docdrop-overview-'));
		const file = join(dir, 'keys.json');
		const make = (rights: KeyRight[], tenant: string | null) =>
			addKey(file, { name: rights.join(), tenant, rights, addedAt: '2026-01-02T03:04:05Z' }).key;
		const [reader, operator] = [make(['read'], null), make(['read', 'admin'], null)];
		const other = await httpInMemory({ DOCDROP_KEYRING: file });
		try {
			const ask = async (key: string) =>
				(await other.http.inject({ url: '/v1/overview', headers: { 'x-api-key': key } })).json<Overview>();
			assert.ok(((await ask(operator)).memoryBytes ?? 0) > 1_000_000);
			const seen = await ask(reader);
			assert.deepEqual([seen.tenant, seen.memoryBytes, seen.lanes, seen.chunks], [null, null, null, null]);
		} finally {
			await other.close();
			rmSync(dir, { recursive: true });
		}
	});

	it('tells how far each tenant is page by page, and a tenant of itself alone', async () => {
		for (const tenant of ['a', 'b', 'c'])
			await made.submit({ tenant, docId: 'x', content: { text: tenant } });
		const first = (await get('/v1/progress/tenants?limit=2')).json;
		assert.deepEqual(
			[first.tenants.map((one: { tenant: string }) => one.tenant), first.next],
			[['a', 'b'], 'b'],
		);
		const second = (await get(`/v1/progress/tenants?limit=2&after=${first.next}`)).json;
		assert.deepEqual(
			[second.tenants.map((one: { tenant: string }) => one.tenant), second.next],
			[['c'], null],
		);
		const own = (await get('/v1/progress/tenants', ofA)).json;
		assert.deepEqual(
			own.tenants.map((one: { tenant: string; total: number }) => [one.tenant, one.total]),
			[['a', 1]],
		);
	});

	it('is remembered from the start on', async () => {
		const history = await until(
			async () => (await get('/v1/overview/history')).json,
			({ hour }) => hour?.length > 0,
			60_000,
		);
		assert.deepEqual(Object.keys(history.hour[0]), ['at', 'perMinute', 'pending', 'failed', 'memoryBytes']);
		assert.equal(history.day.length, 1);
	});
});

describe('the overview as it changes', () => {
	let made: TestApp;
	afterEach(() => made.close());

	async function watch(key: string) {
		const request = httpGet(`${made.url}/v1/overview/events`, {
			headers: { 'x-api-key': key },
			agent: false,
		});
		const [answer] = (await once(request, 'response')) as [IncomingMessage];
		const told: Overview[] = [];
		const read = eventReader((data) => told.push(JSON.parse(data) as Overview));
		answer
			.setEncoding('utf8')
			.on('data', read)
			.on('error', () => {});
		return {
			...{ status: answer.statusCode, type: answer.headers['content-type'], told },
			ended: once(answer, 'close'),
			stop: () => request.destroy(),
		};
	}

	it('is told by events to each viewer as far as its key reaches, until the process ends', async () => {
		made = await startApp({ DOCDROP_API_KEYS: `${all},a=${ofA}` });
		const [everything, own] = [await watch(all), await watch(ofA)];
		assert.deepEqual([everything.status, everything.type], [200, 'text/event-stream; charset=utf-8']);
		await until(
			async () => own.told.length,
			(count) => count > 0,
			60_000,
		);
		for (const tenant of ['a', 'b'])
			await fetch(`${made.url}/v1/publish`, {
				method: 'POST',
				headers: { 'x-api-key': all, 'content-type': 'application/json' },
				body: JSON.stringify({ tenant, docId: 'd', content: { text: tenant } }),
			});
		const last = (told: readonly Overview[]) => told.at(-1)?.progress.processed;
		await until(
			async () => last(everything.told),
			(count) => count === 2,
			60_000,
		);
		await until(
			async () => last(own.told),
			(count) => count === 1,
			60_000,
		);
		assert.ok(own.told.every(({ tenant, memoryBytes }) => tenant === 'a' && memoryBytes === null));
		// The close of afterEach would wait for a stream that does not end.
		await made.close();
		await Promise.all([everything.ended, own.ended]);
	});

	it('has no events for whoever would not read them', async () => {
		made = await startApp({ DOCDROP_API_KEYS: all });
		const address = `${made.url}/v1/overview/events`;
		const answer = await fetch(address, { method: 'HEAD', headers: { 'x-api-key': all } });
		assert.equal(answer.status, 405);
	});

	it('leaves a place to others, however often one tenant asks, and takes places back', async () => {
		made = await startApp({ DOCDROP_API_KEYS: `${all},a=${ofA}`, DOCDROP_ADMISSION_WAIT_MS: '0' });
		const own = await Promise.all(Array.from({ length: 64 }, () => watch(ofA)));
		const statuses = own.map(({ status }) => status);
		assert.ok(statuses.includes(429) && statuses.includes(200), statuses.join());
		const other = await watch(all);
		assert.equal(other.status, 200);
		for (const one of [...own, other]) one.stop();
		await until(
			async () => {
				const again = await watch(ofA);
				again.stop();
				return again.status;
			},
			(status) => status === 200,
			60_000,
		);
		const metrics = await (await fetch(`${made.url}/metrics`, { headers: { 'x-api-key': all } })).text();
		assert.match(metrics, /docdrop_request_seconds_count\{[^}]*overview\/events[^}]*429/);
		assert.doesNotMatch(metrics, /docdrop_request_seconds_count\{[^}]*overview\/events[^}]*200/);
	});
});

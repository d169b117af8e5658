import assert from 'node:assert/strict';
import { limits } from '../../api/contract/limits.ts';
import type { FolderReport, ReportedRoot } from '../../api/contract/folder-report-schema.ts';
import { createFolderReports } from '../../api/http/folder-reports.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { httpInMemory } from '../support/http-in-memory.ts';

const reportedRoot = (more: Partial<ReportedRoot> = {}): ReportedRoot => ({
	...{ label: 'inbox', mode: 'watch', files: 3, pending: 0, inFlight: 0, failedCount: 0, failed: [] },
	...{ restless: [], skippedCount: 0, skipped: [], unreadable: [], lastScanAt: null, verifiedAt: null },
	...{ isDelivered: true, held: null, ...more },
});
const report = (more: Partial<FolderReport> = {}): FolderReport => ({
	...{ sender: 'one', tenant: 't', name: 'workflow Files', roots: [reportedRoot()] },
	delivery: { failures: 0, lastFailure: null },
	...more,
});

describe('what workflows tell of their folders', () => {
	const start = () => {
		const clock = fakeClock();
		const reports = createFolderReports(clock);
		const names = () =>
			reports.list(null).map(({ name, isSilent }) => `${name}${isSilent ? ' (silent)' : ''}`);
		return { clock, reports, names };
	};

	it('is silent without a new word, and forgotten after a day', async () => {
		const { clock, reports, names } = start();
		reports.put('s', report());
		await clock.advance(149_999);
		assert.deepEqual(names(), ['workflow Files']);
		await clock.advance(1);
		assert.deepEqual(names(), ['workflow Files (silent)']);
		await clock.advance(86_400_000 - 150_000);
		assert.deepEqual(names(), []);
	});

	it('is replaced by the next word, and forgotten with the last', () => {
		const { reports, names } = start();
		reports.put('s', report());
		reports.put('s', report({ name: 'workflow Other name' }));
		assert.deepEqual(names(), ['workflow Other name']);
		reports.put('s', report({ isLast: true, roots: [] }));
		assert.deepEqual(names(), []);
	});

	it('counts others that tell of the same source, and lets go of those that went without a word', async () => {
		const { clock, reports, names } = start();
		assert.equal(reports.put('s', report()), 0);
		assert.equal(reports.put('s', report({ sender: 'two' })), 1);
		assert.equal(reports.put('s', report({ sender: 'two', tenant: 'u' })), 0);
		assert.equal(reports.put('another', report({ sender: 'three' })), 0);
		await clock.advance(150_000);
		assert.equal(reports.put('s', report({ sender: 'four' })), 0);
		assert.equal(names().filter((name) => name === 'workflow Files').length, 1);
		// That of the other tenant, and that of the other source.
		assert.equal(names().length, 3);
	});

	it('keeps so many of a tenant, the newest, and takes none of another one’s away', () => {
		const { reports } = start();
		reports.put('first', report({ tenant: 'quiet' }));
		for (let n = 0; n < 60; n += 1) reports.put(`s${n}`, report());
		const kept = reports.list('t').map(({ sourceId }) => sourceId);
		assert.equal(kept.length, 50);
		assert.ok(!kept.includes('s9') && kept.includes('s10') && kept.includes('s59'));
		for (let n = 0; n < 600; n += 1) reports.put('s', report({ tenant: `t${n}` }));
		assert.equal(reports.list(null).length, 500);
		assert.equal(reports.list('quiet').length, 1);
	});
});

describe('what workflows tell of their folders, over HTTP', () => {
	const all = 'all-of-them-0123456789';
	const own = 'only-other-0123456789';
	let made: Awaited<ReturnType<typeof httpInMemory>>;
	beforeEach(async () => {
		made = await httpInMemory({ DOCDROP_API_KEYS: `${all},other=${own}` });
	});
	afterEach(() => made.close());
	const ask = async (method: 'GET' | 'POST' | 'PUT', url: string, payload?: object, key = all) => {
		const answer = await made.http.inject({
			...{ method, url, headers: { 'x-api-key': key } },
			...(payload !== undefined && { payload }),
		});
		return { status: answer.statusCode, json: answer.json() };
	};
	const tell = (body: object, key = all) => ask('PUT', '/v1/sources/s/report', body, key);

	it('is shown to whom it concerns', async () => {
		assert.deepEqual(await tell(report()), { status: 200, json: { others: 0 } });
		assert.deepEqual((await tell(report({ tenant: 'other', name: 'workflow Own' }), own)).status, 200);
		assert.deepEqual((await tell(report({ tenant: null, name: 'workflow Shared' }))).status, 200);
		const names = (answer: { json: { reports: { name: string }[] } }) =>
			answer.json.reports.map(({ name }) => name);
		const everything = ['workflow Files', 'workflow Own', 'workflow Shared'];
		assert.deepEqual(names(await ask('GET', '/v1/sources/reports')), everything);
		assert.deepEqual(names(await ask('GET', '/v1/status')), everything);
		assert.deepEqual(names(await ask('GET', '/v1/sources/reports', undefined, own)), ['workflow Own']);
		const [first] = (await ask('GET', '/v1/sources/reports')).json.reports;
		assert.deepEqual([first.sourceId, first.tenant, first.isSilent], ['s', 't', false]);
		assert.deepEqual(first.roots, [reportedRoot()]);
	});

	it('is refused where the key is for another tenant, and where it is too much', async () => {
		assert.equal((await tell(report(), own)).json.error.code, 'forbidden');
		assert.equal((await tell(report({ tenant: null }), own)).json.error.code, 'forbidden');
		const named = Array.from({ length: limits.reportedFiles + 1 }, () => 'a.log');
		const many = await tell(report({ roots: [reportedRoot({ restless: named })] }));
		assert.deepEqual([many.status, many.json.error.field], [400, 'roots/0/restless']);
		const roots = Array.from({ length: 50 }, () =>
			reportedRoot({ restless: named.slice(1).map((name) => name.padEnd(900, 'x')) }),
		);
		assert.equal((await tell(report({ roots }))).status, 413);
		assert.deepEqual((await ask('GET', '/v1/sources/reports')).json.reports, []);
	});

	it('explains a file: whose it is, and what is wrong with it', async () => {
		const remark = (relPath: string) => ({ relPath, reason: `why ${relPath}` });
		const root = reportedRoot({ failed: [remark('a.zip')], skipped: [remark('link')], restless: ['b.log'] });
		await tell(report({ roots: [root] }));
		const explain = async (docId: string, key = all) =>
			(await ask('GET', `/v1/files/explain?tenant=t&docId=${docId}`, undefined, key)).json;
		const { told } = await explain('a.zip');
		assert.deepEqual([told.name, told.label, told.reason], ['workflow Files', 'inbox', 'why a.zip']);
		assert.equal((await explain('inbox/link')).told.reason, 'why link');
		assert.match((await explain('b.log')).told.reason, /never stands still/);
		assert.equal((await explain('good.md')).error.code, 'not_found');
		assert.equal((await explain('a.zip', own)).error.code, 'forbidden');
		const source = { sourceId: 's', epoch: 'e', seq: 1, name: 'workflow Files' };
		const document = { tenant: 't', docId: 'good.md', content: { text: 'good' }, source };
		assert.equal((await ask('POST', '/v1/publish', document)).status, 202);
		assert.equal((await explain('good.md')).told.reason, null);
		// Beside a folder that the API itself follows, which knows its own files.
		made.follow({
			...{ tenant: 't', sourceId: 'own', release: () => 0 },
			status: () => ({ roots: [], snapshot: { held: 0 } }),
			explain: (docId) => ({ docId, row: docId === 'own.md' ? { seq: 1 } : null }),
		});
		assert.equal((await explain('a.zip')).told.reason, 'why a.zip');
		assert.deepEqual(await explain('own.md'), { docId: 'own.md', row: { seq: 1 } });
		assert.deepEqual(await explain('nobody.md'), { docId: 'nobody.md', row: null });
		const state = await ask('GET', '/v1/documents/state?tenant=t&docId=good.md');
		assert.deepEqual([state.json.sourceId, state.json.sourceName], ['s', 'workflow Files']);
	});
});

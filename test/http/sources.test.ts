import assert from 'node:assert/strict';
import { httpInMemory } from '../support/http-in-memory.ts';

describe('followed folders over HTTP', () => {
	const sourceId = '0b8f9a52-6f6c-4a3b-9a52-0d9d4a1f0c11';
	let made: Awaited<ReturnType<typeof httpInMemory>>;
	let held = 7;
	const root = {
		label: 'inbox',
		files: 3,
		verifiedAt: '2026-01-01T00:00:00.000Z',
		digest: 'aa',
		deliveredDigest: 'aa',
		held: { count: 4, reason: 'more than a fifth is gone' },
	};
	beforeEach(async () => {
		held = 7;
		made = await httpInMemory({ DOCDROP_API_KEYS: 'all-of-them-0123456789,other=only-other-0123456789' });
		made.follow({
			tenant: 't',
			sourceId,
			status: () => ({ roots: [root], snapshot: { held: 3 } }),
			explain: (docId) => ({ docId, ino: 12n }),
			release: () => {
				const released = held;
				held = 0;
				return released;
			},
		});
	});
	afterEach(() => made.close());
	const ask = async (method: 'GET' | 'POST', url: string, key = 'all-of-them-0123456789') => {
		const answer = await made.http.inject({ method, url, headers: { 'x-api-key': key } });
		return { status: answer.statusCode, json: answer.json() };
	};

	it('shows them in the status and explains their files', async () => {
		assert.deepEqual((await ask('GET', '/v1/status')).json.folders, [
			{ tenant: 't', roots: [root], snapshot: { held: 3 } },
		]);
		const explained = await ask('GET', '/v1/files/explain?tenant=t&docId=a.txt');
		assert.deepEqual(explained, { status: 200, json: { docId: 'a.txt', ino: '12' } });
		assert.equal((await ask('GET', '/v1/files/explain?tenant=u&docId=a.txt')).status, 404);
	});

	it('measures them', async () => {
		const { body } = await made.http.inject({
			url: '/metrics',
			headers: { 'x-api-key': 'all-of-them-0123456789' },
		});
		const labels = `{source="${sourceId}",root="inbox"}`;
		for (const line of [
			`docdrop_folder_files${labels} 3`,
			`docdrop_folder_verified_timestamp_seconds${labels} 1767225600`,
			`docdrop_folder_delivered${labels} 1`,
			`docdrop_folder_held_deletions${labels} 4`,
		])
			assert.ok(body.includes(`${line}\n`), line);
	});

	it('lists them page by page with what they hold back, for those who may', async () => {
		made.follow({
			tenant: 'other',
			sourceId: 'f',
			status: () => ({ roots: [{ ...root, label: 'more', held: null }], snapshot: { held: 0 } }),
			explain: () => ({}),
			release: () => 0,
		});
		const holding = {
			...{ sourceId, tenant: 't', folders: ['inbox'], held: 7 },
			reasons: ['more than a fifth is gone', 'the state of the folder was lost, and these files are gone'],
		};
		const idle = { sourceId: 'f', tenant: 'other', folders: ['more'], held: 0, reasons: [] };
		assert.deepEqual(await ask('GET', '/v1/sources'), {
			status: 200,
			json: { sources: [holding, idle], next: null },
		});
		const first = await ask('GET', '/v1/sources?limit=1');
		assert.deepEqual(first.json, { sources: [holding], next: sourceId });
		const second = await ask('GET', `/v1/sources?limit=2&after=${first.json.next}`);
		assert.deepEqual(second.json, { sources: [idle], next: null });
		const own = await ask('GET', '/v1/sources', 'only-other-0123456789');
		assert.deepEqual(own.json.sources, [idle]);
	});

	it('releases held deletions once, for those who may', async () => {
		const url = `/v1/sources/${sourceId}/release`;
		const refused = await ask('POST', url, 'only-other-0123456789');
		assert.deepEqual([refused.status, refused.json.error.code, held], [403, 'forbidden', 7]);
		assert.deepEqual(await ask('POST', url), { status: 200, json: { released: 7 } });
		assert.deepEqual(await ask('POST', url), { status: 200, json: { released: 0 } });
		const unknown = await ask('POST', '/v1/sources/nobody/release');
		assert.deepEqual([unknown.status, unknown.json.error.field], [404, 'id']);
	});
});

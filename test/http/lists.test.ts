import assert from 'node:assert/strict';
import { createRounds } from '../../api/pipeline/accept/list-rounds.ts';
import { httpInMemory } from '../support/http-in-memory.ts';
import { until } from '../support/settled.ts';

interface Entry {
	readonly docId: string;
	readonly version?: string;
}

describe('lists over HTTP', () => {
	const keys = { all: 'all-of-them-0123456789', other: 'only-other-0123456789' };
	let made: Awaited<ReturnType<typeof httpInMemory>>;
	beforeEach(async () => {
		made = await httpInMemory({ DOCDROP_API_KEYS: `${keys.all},other=${keys.other}` });
	});
	afterEach(() => made.close());

	async function post(url: string, payload: object, key = keys.all) {
		const answer = await made.http.inject({ method: 'POST', url, payload, headers: { 'x-api-key': key } });
		return { status: answer.statusCode, json: answer.json() };
	}
	const sync = (items: readonly Entry[], more: object = {}, key = keys.all) =>
		post('/v1/lists/sync', { tenant: 't', list: 'Drive!', items, ...more }, key);
	/** The content of an item, as the answer to its list asks for it. */
	const bring = (source: object, { docId, version }: Entry, text = `text of ${docId}`) =>
		post('/v1/publish', {
			...{ tenant: 't', docId, content: { text }, source },
			...(version !== undefined && { metadata: { listVersion: version } }),
		});
	const entries = (count: number, version = '1'): Entry[] =>
		Array.from({ length: count }, (_, n) => ({ docId: `f${String(n).padStart(3, '0')}`, version }));
	async function whole(items: readonly Entry[], more: object = {}): Promise<void> {
		const { json } = await sync(items, more);
		for (const { index } of json.wanted) await bring(json.source, items[index] ?? { docId: 'none' });
	}
	const settled = () =>
		until(
			async () => (await made.docStore.stats()).pending,
			(pending) => pending === 0,
		);
	async function there(tenant = 't'): Promise<string[]> {
		await settled();
		const found = await made.docStore.documents({ tenant, state: 'published', limit: 500 });
		return found.map(({ docId }) => docId);
	}
	const figures = ({ json }: { json: Record<string, unknown> }) =>
		['unchanged', 'failed', 'deleted', 'held'].map((name) => json[name]);

	it('names what is new or changed, and deletes what is missing', async () => {
		const first = await sync([{ docId: 'a', version: '1' }, { docId: 'b', version: '1' }, { docId: 'c' }]);
		assert.equal(first.status, 200);
		assert.deepEqual(
			first.json.wanted,
			[0, 1, 2].map((index) => ({ index, change: 'new' })),
		);
		assert.deepEqual(figures(first), [0, 0, 0, 0]);
		for (const docId of ['a', 'b']) await bring(first.json.source, { docId, version: '1' });
		await bring(first.json.source, { docId: 'c' });
		const second = await sync([{ docId: 'a', version: '2' }, { docId: 'b', version: '1' }, { docId: 'c' }]);
		assert.deepEqual(second.json.wanted, [
			{ index: 0, change: 'changed' },
			{ index: 2, change: 'changed' },
		]);
		assert.deepEqual(figures(second), [1, 0, 0, 0]);
		const third = await sync([{ docId: 'b', version: '1' }]);
		assert.deepEqual([third.json.wanted, figures(third)], [[], [1, 0, 2, 0]]);
		assert.deepEqual(await there(), ['b']);
	});

	it('looks through lists of many pages', async () => {
		const items = entries(503);
		await whole(items);
		const { json } = await sync([...items.slice(0, 502), { docId: 'f502', version: '2' }]);
		assert.deepEqual(json.wanted, [{ index: 502, change: 'changed' }]);
		assert.equal(json.unchanged, 502);
	});

	it('keeps to its own: other lists, sources and tenants', async () => {
		await whole(entries(2));
		await whole([{ docId: 'of another list', version: '1' }], { list: 'Drive?' });
		await bring({ sourceId: 'trigger', epoch: 'e', seq: 1 }, { docId: 'of a trigger', version: '1' });
		await post('/v1/publish', { tenant: 'u', docId: 'f000', content: { text: 'x' } });
		const { json } = await sync([
			{ docId: 'f000', version: '1' },
			{ docId: 'of a trigger', version: '1' },
		]);
		assert.deepEqual(json.wanted, [{ index: 1, change: 'new' }]);
		assert.equal(json.deleted, 1);
		assert.deepEqual(await there(), ['f000', 'of a trigger', 'of another list']);
		assert.deepEqual(await there('u'), ['f000']);
	});

	it('holds deletions of more than a fifth, and of all, until they are confirmed', async () => {
		const items = entries(40);
		await whole(items);
		assert.deepEqual(figures(await sync([])), [0, 0, 0, 40]);
		assert.deepEqual(figures(await sync(items.slice(0, 30))), [30, 0, 0, 10]);
		assert.equal((await there()).length, 40);
		assert.deepEqual(figures(await sync(items.slice(0, 30), { confirmed: true })), [30, 0, 10, 0]);
		assert.equal((await there()).length, 30);
	});

	it('counts what was given up, and does not ask for it again in the same version', async () => {
		const items = [{ docId: 'broken.html', version: '1' }];
		const { json } = await sync(items);
		await post('/v1/publish', {
			...{ tenant: 't', docId: 'broken.html', source: json.source, metadata: { listVersion: '1' } },
			content: { base64: 'AAECAwQFBgcICQAB' },
		});
		await settled();
		const again = await sync(items);
		assert.deepEqual([again.json.wanted, figures(again)], [[], [1, 1, 0, 0]]);
		assert.equal((await sync([{ docId: 'broken.html', version: '2' }])).json.wanted.length, 1);
	});

	it('asks again for contents that never came, and for what was deleted by hand', async () => {
		const items = entries(3);
		await sync(items);
		assert.equal((await sync(items)).json.wanted.length, 3);
		await whole(items);
		await post('/v1/ingest/batch', {
			documents: [{ op: 'delete', tenant: 't', docId: 'f001', takeOver: true }],
		});
		assert.deepEqual((await sync(items)).json.wanted, [{ index: 1, change: 'new' }]);
	});

	it('lets the later of two overlapping rounds have the last word', async () => {
		await whole([
			{ docId: 'kept', version: '1' },
			{ docId: 'gone', version: '1' },
		]);
		const old = await sync([
			{ docId: 'kept', version: '1' },
			{ docId: 'gone', version: '2' },
			{ docId: 'edited', version: '1' },
		]);
		const young = await sync([
			{ docId: 'kept', version: '1' },
			{ docId: 'edited', version: '2' },
		]);
		await bring(young.json.source, { docId: 'edited', version: '2' }, 'new text');
		const late = await bring(old.json.source, { docId: 'edited', version: '1' }, 'old text');
		assert.equal(late.json.state, 'stale');
		assert.equal((await bring(old.json.source, { docId: 'gone', version: '2' })).json.state, 'stale');
		assert.deepEqual(await there(), ['edited', 'kept']);
	});

	it('does not delete what a later round has brought', async () => {
		const { json } = await sync([{ docId: 'a', version: '1' }]);
		const later = { ...json.source, seq: json.source.seq + 5 };
		await bring(json.source, { docId: 'a', version: '1' });
		await bring(later, { docId: 'b', version: '1' });
		const close = (seq: number) =>
			made.pipeline.closeSnapshot({
				...json.source,
				...{ seq, onlyTenant: 't', present: [{ tenant: 't', docId: 'a' }], confirmed: false, isRound: true },
			});
		assert.deepEqual(await close(later.seq - 1), { deleted: 0, held: 0 });
		assert.deepEqual(await close(later.seq + 1), { deleted: 1, held: 0 });
	});

	it('takes no list that is not sound, and deletes nothing for it', async () => {
		await whole(entries(3));
		const long = `${'é'.repeat(600)}`;
		for (const [items, field] of [
			[
				[
					{ docId: 'f000', version: '1' },
					{ docId: 'f000', version: '2' },
				],
				'items/1/docId',
			],
			[[{ docId: 'f000' }, { docId: long }], 'items/1/docId'],
			[[{ docId: 'f000' }, { docId: '' }], 'items/1/docId'],
			[[{ docId: 'f000', version: '' }], 'items/0/version'],
		] as const) {
			const refused = await sync(items);
			assert.deepEqual([refused.status, refused.json.error.field], [400, field]);
		}
		const foreign = await sync([], {}, keys.other);
		assert.deepEqual([foreign.status, foreign.json.error.code], [403, 'forbidden']);
		assert.equal((await there()).length, 3);
	});

	it('numbers rounds so that each is above all before it, within what a seq may be', () => {
		let now = Date.UTC(2026, 11, 31, 23, 59, 59, 995);
		const next = createRounds(() => now);
		const [first, second, third] = [next(), next(), next()];
		assert.deepEqual(first, { epoch: '2026', seq: 3_153_599_999 });
		assert.ok(first.seq < 2 ** 32);
		assert.deepEqual(
			[second, third],
			[
				{ epoch: '2027', seq: 0 },
				{ epoch: '2027', seq: 1 },
			],
		);
		now += 1_000;
		assert.deepEqual(next(), { epoch: '2027', seq: 99 });
	});
});

import assert from 'node:assert/strict';
import { createMemoryDocStore } from '../../doubles/memory-doc-store.ts';
import { DocDropError } from '../../../api/errors.ts';
import type { PipelineDeps } from '../../../api/pipeline/index.ts';
import type { StoredPoint } from '../../../api/ports/vector-store.ts';
import { systemClock } from '../../../nodes/watch/clock.ts';
import { startQdrantDouble, type QdrantDouble } from '../../doubles/qdrant.ts';
import { until } from '../../support/settled.ts';
import {
	countingEmbedder,
	qdrantAt,
	silentLog,
	startPipelineFixture,
	type PipelineFixture,
} from '../../support/pipeline-fixture.ts';

/** An index that lost something, or holds something more, is noticed and repaired, whatever it was. */
const collection = 'docs';
const mimeType = 'text/markdown';
const textOf = (n: number, word = 'text') =>
	`# Title ${n}\n\nThe ${word} of document ${n}.\n\n# More\n\nAnd more.`;

describe('an index that is not what the manifest says', () => {
	let double: QdrantDouble;
	let fixture: PipelineFixture;

	async function start(parts: Partial<PipelineDeps> = {}) {
		const store = qdrantAt(double.url, collection);
		fixture = startPipelineFixture({
			vectorStore: store,
			indexCheck: { everyMs: 3_600_000, lateMs: 3_600_000, auditEveryMs: 0 },
			...parts,
		});
		await sound();
	}
	beforeEach(async () => {
		double = await startQdrantDouble();
		await start();
	});
	afterEach(async () => {
		await fixture.stop();
		await fixture.vectorStore.close();
		await double.close();
	});

	const check = () => fixture.pipeline.indexCheck();
	const sound = () =>
		until(
			async () => check(),
			(now) => now?.state === 'sound',
		);
	const publish = (tenant: string, n: number, word?: string) =>
		fixture.publish({ tenant, docId: `doc${n}`, content: { text: textOf(n, word) }, mimeType });
	const everything = async () => {
		const points: StoredPoint[] = [];
		for await (const point of fixture.vectorStore.scan(null)) points.push(point);
		return points;
	};
	/** As a Qdrant that went away for a moment: the next call fails, and the one after it finds what there is. */
	async function reconnect() {
		const { checkedAt } = check() ?? {};
		await new Promise((resolve) => setTimeout(resolve, 2));
		double.faults.answers.push({ status: 503 });
		const search = () => fixture.pipeline.search({ tenant: 'a', query: 'text', limit: 1 });
		await assert.rejects(search());
		await search();
		return until(
			async () => check(),
			(now) =>
				now !== null && now.checkedAt !== checkedAt && now.state !== 'checking' && now.state !== 'mending',
		);
	}

	/** The manifest records when a document was committed, a moment after the time that its points show. */
	const withoutTime = (points: readonly StoredPoint[]) =>
		points.map((point) => ({ ...point, fields: { ...point.fields, publishedAt: '' } }));

	async function fill(count = 12) {
		for (const tenant of ['a', 'b']) for (let n = 0; n < count; n += 1) await publish(tenant, n);
	}

	it('put back from a snapshot, after documents came, changed and went: every point is as it was', async () => {
		await fill();
		const restore = double.snapshot(collection);
		await publish('a', 3, 'new text');
		await publish('a', 20);
		await fixture.publish({ tenant: 'a', docId: 'doc5', op: 'delete' });
		await fixture.publish({
			tenant: 'b',
			docId: 'doc1',
			content: { text: textOf(1) },
			mimeType,
			title: 'Other',
		});
		const before = await everything();
		restore();
		assert.notDeepEqual(await everything(), before);
		const now = await reconnect();
		assert.equal(now?.state, 'sound');
		assert.ok(now.written > 0 && now.removed > 0);
		assert.deepEqual(withoutTime(await everything()), withoutTime(before));
		assert.equal(await fixture.docStore.marker('mending'), null);
		const again = await reconnect();
		assert.deepEqual([again?.written, again?.removed], [now.written, now.removed], 'it is done once');
	});

	it('goes on past a document that cannot be embedded any more, and tells which', async () => {
		await fixture.stop();
		await fixture.vectorStore.close();
		const embedder = countingEmbedder();
		let refuses = false;
		const picky = {
			...embedder,
			async embed(texts: readonly string[], signal?: AbortSignal) {
				if (refuses && texts.some((text) => text.includes('document 3')))
					throw new DocDropError('embedder_rejected', 'it does not like the text');
				return embedder.embed(texts, signal);
			},
		};
		const logged: object[] = [];
		const error = (fields: object) => void logged.push(fields);
		await start({ embedder: picky, log: { ...silentLog, error } });
		const restore = double.snapshot(collection);
		await fill(6);
		const before = (await everything()).length;
		refuses = true;
		restore();
		const now = await reconnect();
		assert.deepEqual(
			[now?.state, now?.unmended, now?.error?.code, now?.tenants],
			['unsound', 2, 'embedder_rejected', 2],
		);
		const found = await everything();
		assert.deepEqual(
			['a', 'b'].map(
				(tenant) => new Set(found.filter((one) => one.tenant === tenant).map((one) => one.docId)).size,
			),
			[5, 5],
		);
		assert.equal(logged.filter((fields) => 'docId' in fields && fields.docId === 'doc3').length, 2);
		refuses = false;
		const mended = await reconnect();
		assert.deepEqual([mended?.state, mended?.unmended, mended?.error], ['sound', 0, null]);
		assert.equal((await everything()).length, before);
	});

	it('ends its holds, however often the store cannot be asked', async () => {
		await fixture.stop();
		await fixture.vectorStore.close();
		const docStore = createMemoryDocStore();
		let failures = 3;
		await start({
			docStore: {
				...docStore,
				endHold: (tenant, docId) =>
					failures-- > 0
						? Promise.reject(new DocDropError('store_unavailable', 'not now'))
						: docStore.endHold(tenant, docId),
			},
			// What is waited for costs nothing here.
			clock: { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms / 100, signal) },
		});
		await publish('c', 1);
		const [point] = (await everything()).filter(({ tenant }) => tenant === 'c');
		assert.ok(point);
		await fixture.vectorStore.remove('c', [point.id]);
		const now = await reconnect();
		assert.deepEqual([now?.state, failures < 0], ['sound', true]);
		assert.equal((await publish('c', 1, 'new text')).state, 'published');
	});

	it('written in part by an edit that it refused half-way: what is published is whole again, without another change', async () => {
		await fixture.stop();
		const store = fixture.vectorStore;
		await start({
			vectorStore: {
				...store,
				async put(writes, signal) {
					if (writes[0]?.fields.extra['by'] !== 'Refused') return store.put(writes, signal);
					await store.put(
						writes.map((write) => ({ ...write, points: [] })),
						signal,
					);
					throw new DocDropError('index_rejected', 'no');
				},
			},
		});
		await publish('a', 1);
		const before = await everything();
		const content = { text: `${textOf(1)}\n\n# One more\n\nThat is refused.` };
		const edit = { tenant: 'a', docId: 'doc1', content, mimeType, metadata: { by: 'Refused' } };
		assert.equal((await fixture.publish(edit)).state, 'failed');
		const after = await until(everything, (points) =>
			points.every(({ fields }) => fields.extra['by'] !== 'Refused'),
		);
		assert.deepEqual(withoutTime(after), withoutTime(before));
		await until(
			() => Promise.resolve(check()),
			(now) => now?.written === before.length,
		);
		assert.equal((await publish('a', 1, 'better')).state, 'published', 'it is held no longer');
	});

	it("one tenant's points gone: only they are written again, with their title", async () => {
		await fill();
		const before = await everything();
		const ids = before.filter(({ tenant }) => tenant === 'b').map(({ id }) => id);
		await fixture.vectorStore.remove('b', ids);
		const now = await reconnect();
		assert.deepEqual([now?.state, now?.written, now?.removed], ['sound', ids.length, 0]);
		assert.deepEqual(withoutTime(await everything()), withoutTime(before));
	});

	it('the collection deleted while running is made anew and filled', async () => {
		await fill(4);
		const points = (await everything()).length;
		await fetch(`${double.url}/collections/${collection}`, { method: 'DELETE' });
		assert.equal((await publish('a', 7)).state, 'published');
		await until(everything, (found) => found.length === points + 2);
		await sound();
	});

	it('points that nothing names go, of deleted, unknown and published documents; other tenants stay', async () => {
		await fill(3);
		const before = await everything();
		await publish('a', 9);
		const late = (await everything()).filter(({ docId }) => docId === 'doc9');
		await fixture.publish({ tenant: 'a', docId: 'doc9', op: 'delete' });
		const [sample] = late;
		assert.ok(sample);
		const put = (tenant: string, docId: string, id: string) =>
			fixture.vectorStore.put([
				{
					tenant,
					docId,
					fields: { ...sample.fields, version: 1 },
					points: [{ ...sample, id, vector: new Float32Array(256).fill(1 / 16), terms: 'late' }],
					kept: [],
					reordered: [],
					droppedExtra: [],
				},
			]);
		await put('a', 'doc9', sample.id);
		await put('a', 'doc1', '00000000-0000-5000-8000-000000000001');
		await put('a', 'never-was', '00000000-0000-5000-8000-000000000002');
		await put('of-another-program', 'doc1', '00000000-0000-5000-8000-000000000003');
		const now = await reconnect();
		assert.deepEqual([now?.state, now?.removed], ['sound', 3]);
		const left = await everything();
		assert.equal(left.filter(({ tenant }) => tenant === 'of-another-program').length, 1);
		assert.deepEqual(
			left.filter(({ tenant }) => tenant !== 'of-another-program'),
			before,
		);
	});

	it('an index that is newer than the store is left as it is, and said so', async () => {
		await fill(2);
		const [sample] = await everything();
		assert.ok(sample);
		const { tenant, docId } = sample;
		const fields = { ...sample.fields, version: sample.fields.version + 5 };
		const id = '00000000-0000-5000-8000-000000000009';
		const points = [{ ...sample, id, vector: new Float32Array(256).fill(1 / 16), terms: 'new' }];
		await fixture.vectorStore.put([
			{ tenant, docId, fields, points, kept: [], reordered: [], droppedExtra: [] },
		]);
		const before = await everything();
		assert.equal((await reconnect())?.state, 'newer');
		assert.deepEqual(await everything(), before);
	});

	it('what is published meanwhile is neither lost nor doubled', async () => {
		await fill(10);
		const restore = double.snapshot(collection);
		for (let n = 0; n < 10; n += 1) await publish('a', n, 'second text');
		restore();
		double.faults.delayMs = 2;
		const checked = reconnect();
		const jobs = await Promise.all(Array.from({ length: 10 }, (_, n) => publish('a', n, 'third text')));
		assert.ok(jobs.every(({ state }) => state === 'published'));
		await checked;
		double.faults.delayMs = 0;
		assert.equal((await reconnect())?.state, 'sound');
		const found = (await everything()).filter(({ tenant }) => tenant === 'a');
		assert.equal(found.length, 20);
		assert.equal(found.filter(({ content }) => content.includes('third text')).length, 10);
	});

	it('is never taken for damaged while documents come and go as it is counted', async () => {
		await fixture.stop();
		const store = fixture.vectorStore;
		let n = 0;
		let isBusy = true;
		const holds: string[] = [];
		const docStore = createMemoryDocStore();
		/** Between the tally and the count some are published, changed and deleted. */
		async function busy(): Promise<void> {
			if (!isBusy) return;
			n += 1;
			await publish('a', 1, `changed ${n}`);
			if (n % 3 > 0) await publish('a', 100 + n, 'new');
			else
				for (const gone of [n - 1, n - 2])
					await fixture.publish({ tenant: 'a', docId: `doc${100 + gone}`, op: 'delete' });
		}
		await start({
			docStore: {
				...docStore,
				hold: (tenant, docId) => {
					holds.push(docId);
					return docStore.hold(tenant, docId);
				},
			},
			vectorStore: {
				...store,
				async counts(tenants) {
					if (tenants.includes('a')) await busy();
					return store.counts(tenants);
				},
				async count(tenant) {
					if (tenant === 'a') await busy();
					return store.count(tenant);
				},
			},
		});
		await fill(3);
		for (let round = 0; round < 5; round += 1) assert.equal((await reconnect())?.state, 'sound');
		assert.ok(n >= 5, 'it was busy');
		assert.deepEqual(holds, []);
		const [lost] = (await everything()).filter(({ tenant, docId }) => tenant === 'a' && docId === 'doc0');
		assert.ok(lost);
		await store.remove('a', [lost.id]);
		isBusy = false;
		const now = await reconnect();
		assert.deepEqual([now?.state, now?.written], ['sound', 1], 'and what is lost is found all the same');
	});

	it('mends a document of many pages, each call of them short', async () => {
		await fixture.stop();
		const store = fixture.vectorStore;
		let largest = 0;
		await start({
			vectorStore: {
				...store,
				async points(request) {
					const page = await store.points(request);
					largest = Math.max(largest, page.items.length);
					return page;
				},
			},
		});
		const sections = Array.from({ length: 4_500 }, (_, n) => `# Part ${n}\n\nText of part ${n}.`);
		await fixture.publish({
			tenant: 'a',
			docId: 'large',
			content: { text: sections.join('\n\n') },
			mimeType,
		});
		const before = await everything();
		assert.ok(before.length > 4_400);
		const lost = before.filter((_, at) => at % 900 === 7 || at > before.length - 3);
		await fixture.vectorStore.remove(
			'a',
			lost.map(({ id }) => id),
		);
		const now = await reconnect();
		assert.deepEqual([now?.state, now?.written, now?.removed], ['sound', lost.length, 0]);
		assert.deepEqual(withoutTime(await everything()), withoutTime(before));
		assert.ok(largest <= 1_000);
	});

	it('goes on at the next start where it was stopped', async () => {
		await fill();
		const { docStore } = fixture;
		const before = await everything();
		double.snapshot(collection);
		for (const tenant of ['a', 'b'])
			await fixture.vectorStore.remove(
				tenant,
				before.filter((point) => point.tenant === tenant).map(({ id }) => id),
			);
		double.faults.delayMs = 5;
		double.faults.answers.push({ status: 503 });
		await assert.rejects(fixture.pipeline.search({ tenant: 'a', query: 'text', limit: 1 }));
		await fixture.pipeline.search({ tenant: 'a', query: 'text', limit: 1 });
		await until(
			async () => check()?.written ?? 0,
			(written) => written > 4,
		);
		await fixture.pipeline.stop(0);
		double.faults.delayMs = 0;
		await start({ docStore });
		assert.equal((await everything()).length, before.length);
	});
});

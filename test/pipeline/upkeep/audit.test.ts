import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { createSqliteVecStore } from '../../../api/adapters/sqlite-vec/index.ts';
import { openSqliteDocStore } from '../../../api/adapters/sqlite/index.ts';
import type { AuditReport } from '../../../api/contract/audit-schema.ts';
import { DocDropError } from '../../../api/errors.ts';
import type { AuditedFolder, PipelineDeps } from '../../../api/pipeline/index.ts';
import { fileDiffers } from '../../../api/pipeline/upkeep/audit-folder.ts';
import type { VectorStore } from '../../../api/ports/vector-store.ts';
import { systemClock } from '../../../nodes/watch/clock.ts';
import { createMemoryDocStore } from '../../doubles/memory-doc-store.ts';
import { startQdrantDouble, type QdrantDouble } from '../../doubles/qdrant.ts';
import { qdrantAt, startPipelineFixture, type PipelineFixture } from '../../support/pipeline-fixture.ts';
import { everyPoint, plantFaults, type Planted } from '../../support/planted-faults.ts';
import { until } from '../../support/settled.ts';

/** Long enough for a machine that does something else besides. */
const patience = 60_000;
const quietCheck = { everyMs: 3_600_000, lateMs: 3_600_000, auditEveryMs: 0 };
const textOf = (n: number, word = 'Text') =>
	`# Title ${n}\n\n${word} of document ${n}.\n\n# More\n\nAnd more of ${n}.`;
const nothing = {
	...{ missing: 0, changed: 0, stale: 0, misordered: 0, surplus: 0, doubled: 0, newer: 0, folder: 0 },
};
/** One of each. */
const planted: readonly Planted[] = ['changed', 'missing', 'surplus', 'stale', 'doubled', 'misordered'];
/** As many points as before: the check that counts them has nothing to mend. */
const uncounted = planted.filter((kind) => kind !== 'doubled');
const eachUncounted = { ...nothing, changed: 1, missing: 1, surplus: 1, stale: 1, misordered: 1 };
const each = { ...nothing, changed: 1, missing: 1, surplus: 1, stale: 1, doubled: 1, misordered: 1 };

const start = (parts: Partial<PipelineDeps> = {}) =>
	startPipelineFixture({ indexCheck: quietCheck, ...parts });

/** The last one alone: it is published last, which the check looks at, and nothing is planted in it. */
async function fill(fixture: PipelineFixture, count: number, tenant = 'a'): Promise<void> {
	const { pipeline, docStore } = fixture;
	const documents = Array.from({ length: count }, (_, n) => ({
		...{ tenant, docId: `doc${String(n).padStart(5, '0')}`, mimeType: 'text/markdown' },
		content: { text: textOf(n) },
	}));
	const last = documents.pop();
	await pipeline.accept(documents.map(pipeline.normalise), { skipWindow: true });
	await until(
		() => docStore.stats(),
		({ pending }) => pending === 0,
		patience,
	);
	if (last !== undefined) await fixture.publish(last);
}

/** The check at the start is over, and mends nothing of what is planted from now on. */
const checked = ({ pipeline }: PipelineFixture) =>
	until(
		async () => pipeline.indexCheck()?.state,
		(state) => state === 'sound',
		patience,
	);

function auditsOf({ pipeline }: PipelineFixture) {
	assert.ok(pipeline.audits !== null);
	return pipeline.audits;
}

async function ended(fixture: PipelineFixture, tenant: string | null): Promise<AuditReport> {
	const { last } = await until(
		() => auditsOf(fixture).status(tenant),
		({ now }) => now === null,
		patience,
	);
	assert.ok(last !== null);
	return last;
}

async function audited(fixture: PipelineFixture, repair = false, tenant: string | null = null) {
	auditsOf(fixture).begin({ tenant, repair });
	return ended(fixture, tenant);
}

const withoutTime = (points: Awaited<ReturnType<typeof everyPoint>>) =>
	points.map((point) => ({ ...point, fields: { ...point.fields, publishedAt: '' } }));

interface OpenedStore {
	readonly store: VectorStore;
	readonly close: () => Promise<void>;
}
const stores: Readonly<Record<string, () => Promise<OpenedStore>>> = {
	async 'the embedded index'() {
		const dir = await mkdtemp(join(tmpdir(), 'docdrop-audit-'));
		const store = createSqliteVecStore({ file: join(dir, 'vectors.db'), dimensions: 256 });
		return { store, close: async () => (await store.close(), rm(dir, { recursive: true })) };
	},
	async Qdrant() {
		const double = await startQdrantDouble();
		const store = qdrantAt(double.url, 'docs');
		return { store, close: async () => (await store.close(), double.close()) };
	},
};

for (const [name, open] of Object.entries(stores)) {
	describe(`an audit of ${name}`, () => {
		let opened: OpenedStore;
		let fixture: PipelineFixture;
		let dir: string;
		before(async () => {
			opened = await open();
			dir = await mkdtemp(join(tmpdir(), 'docdrop-audit-'));
			fixture = start({ vectorStore: opened.store, docStore: await openSqliteDocStore({ dir }) });
			await fill(fixture, 500);
			await fill(fixture, 3, 'b');
			await checked(fixture);
		});
		after(async () => {
			await fixture.stop();
			await opened.close();
			await rm(dir, { recursive: true });
		});

		it('finds exactly what was planted, tells where, and touches nothing', async () => {
			const before = await everyPoint(opened.store);
			await plantFaults(opened.store, 'a', planted);
			const spoiled = await everyPoint(opened.store);
			const report = await audited(fixture);
			assert.deepEqual(report.found, each);
			assert.deepEqual([report.mended, report.left, report.documents], [0, 6, 503]);
			assert.equal(report.points, spoiled.length);
			assert.equal(before.length, 1_006);
			assert.deepEqual(
				report.tenants.map(({ tenant, found, documents }) => [tenant, found, documents.length]),
				[['a', each, 6]],
			);
			assert.notEqual(report.digest.index, report.digest.manifest);
			assert.deepEqual(await everyPoint(opened.store), spoiled);

			const mended = await audited(fixture, true);
			assert.deepEqual([mended.found, mended.mended, mended.left], [each, 6, 0]);
			assert.equal(mended.digest.index, mended.digest.manifest);
			assert.deepEqual(withoutTime(await everyPoint(opened.store)), withoutTime(before));

			const again = await audited(fixture, true);
			assert.deepEqual([again.found, again.mended, again.left], [nothing, 0, 0]);
			assert.deepEqual(again.digest, mended.digest);
		});

		it('of one tenant looks at that one alone', async () => {
			await plantFaults(opened.store, 'a', ['missing']);
			await plantFaults(opened.store, 'b', ['changed']);
			const report = await audited(fixture, true, 'b');
			assert.deepEqual([report.documents, report.found], [3, { ...nothing, changed: 1 }]);
			assert.deepEqual((await audited(fixture, true, 'a')).found, { ...nothing, missing: 1 });
		});

		it('leaves points alone that are newer than the store', async () => {
			const [point] = await everyPoint(opened.store);
			assert.ok(point);
			const { tenant, docId } = point;
			const fields = { ...point.fields, version: point.fields.version + 5 };
			const newer = { ...point, vector: new Float32Array(256).fill(1 / 16), terms: 'new' };
			const write = { tenant, docId, fields, points: [newer], kept: [], reordered: [], droppedExtra: [] };
			await opened.store.put([write]);
			const before = await everyPoint(opened.store);
			const report = await audited(fixture, true);
			assert.equal(report.found.newer, 1);
			assert.deepEqual([report.mended, report.left > 0], [0, true]);
			assert.deepEqual(await everyPoint(opened.store), before);
		});
	});
}

describe('an audit beside everything else', () => {
	let fixture: PipelineFixture;
	afterEach(() => fixture.stop());

	it('never takes a live edit for a finding, whatever is edited, moved and deleted', async () => {
		fixture = start();
		await fill(fixture, 40);
		const edit = fc.record({ n: fc.nat(44), kind: fc.constantFrom('put', 'delete', 'move') });
		let turn = 0;
		await fc.assert(
			fc.asyncProperty(
				fc.array(edit, { minLength: 15, maxLength: 40 }),
				fc.boolean(),
				async (edits, repair) => {
					auditsOf(fixture).begin({ tenant: null, repair });
					for (const { n, kind } of edits) {
						turn += 1;
						const docId = `doc${String(n).padStart(5, '0')}`;
						const named = { tenant: 'a', mimeType: 'text/markdown' };
						const content = { text: textOf(n, `Edit ${turn}`) };
						if (kind === 'delete') await fixture.submit({ tenant: 'a', docId, op: 'delete' });
						else if (kind === 'put') await fixture.submit({ ...named, docId, content });
						else await fixture.submit({ ...named, docId: `moved${n}`, content, previous: { docId } });
					}
					const report = await ended(fixture, null);
					assert.deepEqual([report.found, report.left], [nothing, 0]);
				},
			),
			{ numRuns: 8 },
		);
		await until(
			() => fixture.docStore.stats(),
			({ pending, leased }) => pending + leased === 0,
			patience,
		);
		const report = await audited(fixture);
		assert.deepEqual([report.found, report.inWork], [nothing, 0]);
		assert.equal(report.documents, (await fixture.docStore.stats()).documents);
	});

	it('goes on after a restart where it was, and counts nothing twice', async () => {
		fixture = start();
		const { docStore, vectorStore } = fixture;
		await fill(fixture, 350);
		await plantFaults(vectorStore, 'a', uncounted);
		let left = 120;
		const holding = Promise.withResolvers<void>();
		const gate = Promise.withResolvers<void>();
		const markers: string[] = [];
		await fixture.pipeline.stop(0);
		// The clock leaps at each look, so that every step is written down.
		let now = 0;
		const clock = {
			...systemClock,
			monotonic: () => (now += 2_000),
		};
		fixture = start({
			...{ vectorStore, clock },
			docStore: {
				...docStore,
				async hold(tenant, docId) {
					left -= 1;
					if (left < 0) {
						holding.resolve();
						await gate.promise;
					}
					return docStore.hold(tenant, docId);
				},
				async setMarker(name, value) {
					if (value !== null && name === 'audit under way') markers.push(value);
					return docStore.setMarker(name, value);
				},
			},
		});
		auditsOf(fixture).begin({ tenant: null, repair: false });
		await holding.promise;
		await fixture.pipeline.stop(0);
		gate.resolve();
		assert.ok(markers.length > 0);
		fixture = start({ docStore, vectorStore });
		const report = await ended(fixture, null);
		assert.deepEqual([report.found, report.documents], [eachUncounted, 350]);
	});

	it('runs once at a time, the others wait, and each can be stopped', async () => {
		fixture = start();
		await fill(fixture, 5);
		await fill(fixture, 5, 'b');
		const { docStore } = fixture;
		await fixture.pipeline.stop(0);
		const gate = Promise.withResolvers<void>();
		const holding = Promise.withResolvers<void>();
		fixture = start({
			vectorStore: fixture.vectorStore,
			docStore: {
				...docStore,
				hold: async (tenant, docId) => (holding.resolve(), await gate.promise, docStore.hold(tenant, docId)),
			},
		});
		const audits = auditsOf(fixture);
		audits.begin({ tenant: 'a', repair: false });
		await holding.promise;
		assert.equal(audits.begin({ tenant: 'a', repair: false }).state, 'running');
		assert.equal(audits.begin({ tenant: 'b', repair: false }).state, 'waiting');
		assert.equal(audits.begin({ tenant: null, repair: true }).state, 'waiting');
		assert.throws(() => audits.begin({ tenant: 'a', repair: true }), { code: 'conflict' });
		assert.deepEqual(
			[audits.stop('b'), audits.stop('b'), audits.stop('nobody'), audits.stop('a')],
			[true, false, false, true],
		);
		gate.resolve();
		const report = await ended(fixture, null);
		assert.deepEqual([report.documents, report.repair], [10, true]);
		assert.deepEqual(await audits.status('a'), { now: null, last: null });
		assert.equal(await docStore.marker('audit under way'), null);
	});

	it('takes a step again that failed, and counts nothing twice', async () => {
		fixture = start();
		await fill(fixture, 30);
		const { docStore, vectorStore } = fixture;
		await fixture.pipeline.stop(0);
		let failures = 3;
		fixture = start({
			docStore,
			vectorStore: {
				...vectorStore,
				async contents(request) {
					const page = await vectorStore.contents(request);
					if (request.docId.endsWith('9') && failures-- > 0)
						throw new DocDropError('index_throttled', 'not now', { retryAfterMs: 1 });
					return page;
				},
			},
			// What is waited for costs nothing here.
			clock: { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms / 100, signal) },
		});
		await checked(fixture);
		await plantFaults(vectorStore, 'a', uncounted);
		const report = await audited(fixture, true);
		assert.ok(failures < 0);
		assert.deepEqual([report.found, report.left, report.documents], [eachUncounted, 0, 30]);
	});

	it('begins by itself where that is set, and mends', async () => {
		fixture = start({ indexCheck: { ...quietCheck, auditEveryMs: 50 } });
		await fill(fixture, 10);
		const { vectorStore } = fixture;
		const isWhole = (points: Awaited<ReturnType<typeof everyPoint>>) =>
			points.every(({ content }) => !content.endsWith(' and more'));
		await plantFaults(vectorStore, 'a', ['changed']);
		await until(() => everyPoint(vectorStore), isWhole, patience);
		const { last } = await until(
			() => auditsOf(fixture).status(null),
			(status) => status.last !== null,
			patience,
		);
		assert.deepEqual([last?.left, last?.repair], [0, true]);
		const metrics = await fixture.telemetry.render();
		assert.match(metrics, /docdrop_audit_timestamp_seconds \d{10}/);
		assert.match(metrics, /docdrop_audit_findings\{kind="changed"\} \d/);
		assert.match(metrics, /docdrop_audit_left_findings 0/);
	});

	it('names what it cannot mend', async () => {
		const double: QdrantDouble = await startQdrantDouble();
		const vectorStore = qdrantAt(double.url, 'docs');
		fixture = start({ vectorStore });
		await fill(fixture, 4);
		await checked(fixture);
		await plantFaults(vectorStore, 'a', ['missing']);
		double.faults.dropUpserts = 1;
		const report = await audited(fixture, true);
		assert.deepEqual([report.found.missing, report.mended, report.left], [1, 0, 1]);
		assert.deepEqual(report.tenants[0]?.documents[0]?.mended, 0);
		await vectorStore.close();
		await double.close();
	});

	it('goes on past a document that the embedder refuses, and names it', async () => {
		fixture = start();
		await fill(fixture, 4);
		await plantFaults(fixture.vectorStore, 'a', ['changed', 'misordered']);
		// The check at the start looks at what was published last.
		await fill(fixture, 5);
		const { docStore, vectorStore, embedder } = fixture;
		await fixture.pipeline.stop(0);
		// Of the second and third document alone: an embedder that refuses everything is away.
		const embed: typeof embedder.embed = async (texts, ...rest) => {
			if (!texts.some((text) => /of (document )?[12]\b/u.test(text))) return embedder.embed(texts, ...rest);
			throw new DocDropError('embedder_rejected', 'too long for this model');
		};
		fixture = start({ docStore, vectorStore, embedder: { ...embedder, embed } });
		const report = await audited(fixture, true);
		assert.deepEqual([report.state, report.found.changed, report.found.misordered], ['done', 1, 1]);
		assert.deepEqual([report.documents, report.mended, report.left], [5, 0, 2]);
	});

	it('tells of documents of an earlier pipeline, which are no fault', async () => {
		const docStore = createMemoryDocStore();
		fixture = start({ docStore });
		await fill(fixture, 3);
		const { vectorStore } = fixture;
		await fixture.pipeline.stop(0);
		const accept = { ...fixture.settings.accept, fingerprintOf: () => 'another' };
		fixture = start({ docStore, vectorStore, accept });
		const report = await audited(fixture);
		assert.deepEqual([report.earlier, report.left, report.found], [3, 0, nothing]);
	});
});

describe('an audit of a followed folder', () => {
	const sourceId = '0b8f9a52-6f6c-4a3b-9a52-0d9d4a1f0c11';
	type Row = NonNullable<ReturnType<AuditedFolder['row']>>;

	it('takes a file that changes while it is compared for no finding', async () => {
		const sha256 = 'a'.repeat(64);
		const row = { seen: { sha256 }, delivered: { sha256 }, seq: 1, deliveredSeq: 1, failed: null };
		let now: Row = row;
		const folder = { tenant: 'a', row: () => now } as unknown as AuditedFolder;
		const document = (isMoving: boolean) => async () => {
			if (isMoving) now = { ...row };
			return null;
		};
		assert.equal(await fileDiffers(folder, 'x', { document: document(true) }), false);
		assert.equal(await fileDiffers(folder, 'x', { document: document(false) }), true);
		now = { ...row, seq: 2 };
		assert.equal(await fileDiffers(folder, 'x', { document: document(false) }), false, 'on its way');
	});

	it('finds files that are not published as they were delivered, and documents without a file', async () => {
		const rows = new Map<string, Row>();
		const told: string[] = [];
		const none = '0'.repeat(64);
		const folder: AuditedFolder = {
			...{ tenant: 'a', sourceId },
			status: () => ({
				roots: [{ files: rows.size, digest: none, deliveredDigest: none }],
				snapshot: { closed: true },
			}),
			row: (docId) => rows.get(docId),
			rows: () => rows.entries(),
			tellAgain: (docId) => told.push(docId) > 0,
		};
		const fixture = start({ folders: () => [folder] });
		for (const [n, docId] of ['same', 'changed', 'left over', 'on its way'].entries()) {
			const source = { sourceId, epoch: 'e', seq: n + 1 };
			await fixture.publish({
				...{ tenant: 'a', docId, mimeType: 'text/markdown', source },
				content: { text: textOf(n) },
			});
			const sha256 = (await fixture.docStore.document('a', docId))?.published?.sha256 ?? '';
			rows.set(docId, { seen: { sha256 }, delivered: { sha256 }, seq: n, deliveredSeq: n, failed: null });
		}
		const alter = (docId: string, change: Partial<Row>) => {
			const row = rows.get(docId);
			assert.ok(row);
			rows.set(docId, { ...row, ...change });
		};
		const other = { sha256: 'f'.repeat(64) };
		assert.equal((await audited(fixture)).left, 0);
		alter('changed', { seen: other, delivered: other });
		alter('on its way', { seen: other });
		rows.delete('left over');
		rows.set('lost', { seen: other, delivered: other, seq: 9, deliveredSeq: 9, failed: null });
		const report = await audited(fixture, true);
		assert.deepEqual([report.found, report.mended, report.left], [{ ...nothing, folder: 3 }, 2, 1]);
		assert.deepEqual(told.toSorted(), ['changed', 'lost']);
		const names = report.tenants[0]?.documents.map(({ docId, mended }) => [docId, mended]);
		assert.deepEqual(names?.toSorted(), [
			['changed', 1],
			['left over', 0],
			['lost', 1],
		]);
		assert.deepEqual(
			report.folders.map((one) => [one.sourceId, one.files]),
			[[sourceId, 4]],
		);
		await fixture.stop();
	});
});

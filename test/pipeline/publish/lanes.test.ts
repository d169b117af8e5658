import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { createMemoryDocStore } from '../../doubles/memory-doc-store.ts';
import { createMemoryVectorStore } from '../../doubles/memory-vector-store.ts';
import { createSqliteVecStore } from '../../../api/adapters/sqlite-vec/index.ts';
import { openSqliteDocStore } from '../../../api/adapters/sqlite/sqlite-doc-store.ts';
import { isDocDropError } from '../../../api/errors.ts';
import {
	countingEmbedder,
	startPipelineFixture,
	type PipelineFixture,
} from '../../support/pipeline-fixture.ts';
import { until } from '../../support/settled.ts';

const document = (tenant: string, docId: string, text: string) => ({
	tenant,
	docId,
	mimeType: 'text/markdown',
	content: { text },
});
const quiet = (fixture: PipelineFixture) =>
	until(
		() => fixture.docStore.stats(),
		({ pending, leased }) => pending + leased === 0 && fixture.pipeline.inWork() === 0,
		60_000,
	);

describe('lanes of the whole pipeline', () => {
	it('take the lock once, write once and commit once for all documents of a tenant that are ready', async () => {
		const docStore = createMemoryDocStore();
		const vectorStore = createMemoryVectorStore({ dimensions: 256 });
		const calls: string[] = [];
		const counted = (name: string, documents: number) => calls.push(`${name} ${documents}`);
		const fixture = startPipelineFixture({
			docStore: {
				...docStore,
				recordIntent: (intents) => (counted('intend', intents.length), docStore.recordIntent(intents)),
				commit: (commits, now) => (counted('commit', commits.length), docStore.commit(commits, now)),
			},
			vectorStore: {
				...vectorStore,
				put: (writes, signal) => (counted('put', writes.length), vectorStore.put(writes, signal)),
			},
			worker: {
				maxDocuments: 100,
				maxBytes: 10_000_000,
				maxReading: 32,
				stallMs: 900_000,
				leaseMs: 60_000,
				maxAttempts: 2,
				batch: { points: 1_000, bytes: 10_000_000, ageMs: 60_000 },
			},
		});
		try {
			const documents = ['a', 'b'].flatMap((tenant) =>
				Array.from({ length: 40 }, (_, n) => document(tenant, `${n}.md`, `# ${n}\n\nsome text`)),
			);
			await fixture.pipeline.accept(
				documents.map((one) => fixture.pipeline.normalise(one)),
				{ skipWindow: true },
			);
			await quiet(fixture);
			assert.deepEqual(calls.toSorted(), [
				...['commit 40', 'commit 40'],
				...['intend 40', 'intend 40'],
				...['put 40', 'put 40'],
			]);
			assert.match(await fixture.telemetry.render(), /^docdrop_batches_total\{closed_by="last"\} 2$/m);
			assert.match(await fixture.telemetry.render(), /^docdrop_lane_wait_seconds_count 80$/m);
		} finally {
			await fixture.stop();
		}
	});

	it('keep the chunks of every document unique and in sequence, however its versions interleave', async () => {
		const turns = async (count: number) => {
			for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
		};
		const edit = fc.record({
			tenant: fc.constantFrom('a', 'b'),
			docId: fc.constantFrom('1.md', '2.md', '3.md'),
			// Sections come, go, repeat and change places.
			sections: fc.array(fc.constantFrom('one', 'two', 'three', 'four', 'five'), { maxLength: 7 }),
			after: fc.nat(3),
		});
		await fc.assert(
			fc.asyncProperty(
				fc.array(edit, { minLength: 1, maxLength: 25 }),
				fc.infiniteStream(fc.nat(6)),
				async (edits, delays) => {
					const delay = () => turns(delays.next().value ?? 0);
					const embedder = countingEmbedder();
					const vectorStore = createMemoryVectorStore({ dimensions: 256 });
					const fixture = startPipelineFixture({
						embedder: {
							...embedder,
							embed: async (texts, signal) => (await delay(), embedder.embed(texts, signal)),
						},
						vectorStore: {
							...vectorStore,
							put: async (writes, signal) => (await delay(), vectorStore.put(writes, signal)),
							remove: async (...args) => (await delay(), vectorStore.remove(...args)),
						},
						worker: {
							maxDocuments: 16,
							maxBytes: 1_000_000,
							maxReading: 32,
							stallMs: 900_000,
							leaseMs: 60_000,
							maxAttempts: 2,
							batch: { points: 5, bytes: 1_000_000, ageMs: 1 },
						},
					});
					try {
						const newest = new Map<string, string>();
						for (const { tenant, docId, sections, after } of edits) {
							const text = sections.map((name) => `# ${name}\n\n${name.repeat(60)}`).join('\n\n');
							await fixture.submit(document(tenant, docId, text));
							newest.set(JSON.stringify([tenant, docId]), text);
							await turns(after);
						}
						await quiet(fixture);
						for (const [key, text] of newest) {
							const [tenant, docId] = JSON.parse(key) as [string, string];
							const manifest = await fixture.docStore.chunks(tenant, docId);
							const { chunks } = await fixture.extractor.extract({
								content: Buffer.from(text),
								mimeType: 'text/markdown',
							});
							assert.deepEqual(
								manifest.map((one) => one.text),
								chunks.map((one) => one.text),
							);
							const points = await fixture.points(tenant, docId);
							assert.deepEqual(
								points.map(({ id, content }) => [id, content]),
								manifest.map((one) => [one.pointId, one.text]),
								'the index holds the same chunks in the same places',
							);
							assert.equal(new Set(points.map((one) => one.order)).size, chunks.length);
						}
					} finally {
						await fixture.stop();
					}
				},
			),
			{ numRuns: 25 },
		);
	});

	it('50 uploads at once into the embedded store, while others read, never meet a lock', async () => {
		const dir = await mkdtemp(join(tmpdir(), 'docdrop-'));
		const vectorStore = createSqliteVecStore({ file: join(dir, 'vectors.db'), dimensions: 256 });
		await vectorStore.open();
		const fixture = startPipelineFixture({ docStore: await openSqliteDocStore({ dir }), vectorStore });
		try {
			let isDone = false;
			const reading = (async () => {
				for (let asked = 0; !isDone; asked += 1) {
					await fixture.pipeline.search({ tenant: `t${asked % 5}`, query: 'some text', limit: 5 });
					for await (const point of vectorStore.scan(`t${asked % 5}`)) assert.ok(point.content);
				}
			})();
			const jobs = await Promise.all(
				Array.from({ length: 50 }, (_, n) =>
					fixture.publish(document(`t${n % 5}`, `${n}.md`, `# ${n}\n\nsome text of ${n}`)),
				),
			).finally(() => (isDone = true));
			await reading;
			assert.deepEqual(
				jobs.filter(({ state, attempts }) => state !== 'published' || attempts > 0),
				[],
			);
			assert.doesNotMatch(
				await fixture.telemetry.render(),
				/^docdrop_retries_total\{/m,
				'nothing was tried again',
			);
			assert.equal(await vectorStore.count(null), 50);
		} catch (error) {
			assert.ok(!isDocDropError(error), String(error));
			throw error;
		} finally {
			await fixture.stop();
			await vectorStore.close();
			await rm(dir, { recursive: true });
		}
	});
});

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInProcessExtractor } from '../../api/adapters/extractors/in-process.ts';
import { createSqliteVecStore } from '../../api/adapters/sqlite-vec/index.ts';
import type { DocumentInput } from '../../api/contract/document-schema.ts';
import { DocDropError } from '../../api/errors.ts';
import type { PipelineDeps } from '../../api/pipeline/index.ts';
import type { VectorStore } from '../../api/ports/vector-store.ts';
import { createMemoryVectorStore } from '../doubles/memory-vector-store.ts';
import { startQdrantDouble } from '../doubles/qdrant.ts';
import { qdrantAt, startPipelineFixture, type PipelineFixture } from '../support/pipeline-fixture.ts';

interface MadeStore {
	readonly store: VectorStore;
	readonly dispose: () => Promise<void>;
}

const makers: Readonly<Record<string, () => Promise<MadeStore>>> = {
	memory: async () => {
		const store = createMemoryVectorStore({ dimensions: 256 });
		return { store, dispose: () => store.close() };
	},
	async embedded() {
		const dir = mkdtempSync(join(tmpdir(), 'docdrop-patch-'));
		const store = createSqliteVecStore({ file: join(dir, 'vectors.db'), dimensions: 256 });
		await store.open();
		return {
			store,
			async dispose() {
				await store.close();
				rmSync(dir, { recursive: true, force: true });
			},
		};
	},
	async qdrant() {
		const double = await startQdrantDouble();
		const store = qdrantAt(double.url, 'patches');
		await store.open();
		return {
			store,
			async dispose() {
				await store.close();
				await double.close();
			},
		};
	},
};

const document = (text: string, more: Partial<DocumentInput> = {}): DocumentInput => ({
	tenant: 't',
	docId: 'a.md',
	content: { text },
	...more,
});
const patch = (metadata: Record<string, unknown>, more: Partial<DocumentInput> = {}): DocumentInput => ({
	op: 'patch',
	tenant: 't',
	docId: 'a.md',
	metadata,
	...more,
});
const text = ['rivers', 'mountains', 'forests'].map((of) => `# On ${of}\n\nabout ${of}`).join('\n\n');

for (const [name, make] of Object.entries(makers)) {
	describe(`patches of metadata, index: ${name}`, () => {
		let made: MadeStore;
		let fixture: PipelineFixture;
		beforeEach(async () => {
			made = await make();
			fixture = startPipelineFixture({ vectorStore: made.store });
		});
		afterEach(async () => {
			await fixture.stop();
			await made.dispose();
		});
		const points = () => fixture.points('t', 'a.md');
		const extras = async () => (await points()).map(({ fields }) => fields.extra);
		const vectors = async () => {
			const found = await made.store.vectors(
				't',
				(await points()).map(({ id }) => id),
			);
			return [...found]
				.sort(([a], [b]) => (a < b ? -1 : 1))
				.map(([id, vector]) => [id, Array.from(vector, (x) => x.toFixed(6))]);
		};
		const find = async (query: string) =>
			(await fixture.pipeline.search({ tenant: 't', query, mode: 'text' })).results.length;

		it('changes the fields of every point, and nothing else', async () => {
			await fixture.publish(
				document(text, { title: 'Atlas', path: 'p/a.md', metadata: { shelf: 3, old: 1 } }),
			);
			const [before, vectorsBefore, texts] = [await points(), await vectors(), fixture.embedder.texts.length];
			const job = await fixture.publish(patch({ shelf: 4, old: null, page: 7 }));
			assert.deepEqual([job.state, job.op], ['published', 'patch']);
			const { added, kept, removed, embedded } = job.detail ?? {};
			assert.deepEqual({ added, kept, removed, embedded }, { added: 0, kept: 3, removed: 0, embedded: 0 });
			const after = await points();
			for (const { fields } of after) {
				assert.deepEqual(fields.extra, { shelf: 4, given_page: 7 });
				assert.deepEqual([fields.title, fields.path, fields.version], ['Atlas', 'p/a.md', job.version]);
			}
			const unchanged = ({ id, order, content, heading }: (typeof after)[number]) => [
				id,
				order,
				content,
				heading,
			];
			assert.deepEqual(after.map(unchanged), before.map(unchanged));
			assert.deepEqual(await vectors(), vectorsBefore);
			assert.equal(fixture.embedder.texts.length, texts, 'nothing was embedded');
		});

		it('is found by its new words, and by the old ones no more, with the vectors that it had', async () => {
			await fixture.publish(document(text, { metadata: { tags: ['walnut'] } }));
			const [vectorsBefore, texts] = [await vectors(), fixture.embedder.texts.length];
			const job = await fixture.publish(patch({ tags: ['hazel'] }));
			assert.deepEqual([job.state, job.detail?.kept, job.detail?.embedded], ['published', 3, 0]);
			assert.deepEqual([await find('hazel'), await find('walnut'), await find('forests')], [3, 0, 1]);
			assert.deepEqual(await vectors(), vectorsBefore);
			assert.equal(fixture.embedder.texts.length, texts);
		});

		it('goes back to what is published: nothing is left to be done, and to something else: all of it', async () => {
			await fixture.publish(document(text, { metadata: { at: 'a' } }));
			const results = await fixture.pipeline.accept(
				[patch({ at: 'b' }), patch({ at: 'a' })].map((one) => fixture.pipeline.normalise(one)),
				{ skipWindow: true },
			);
			assert.deepEqual(
				results.map((one) => (one instanceof Error ? one.code : one.state)),
				['accepted', 'unchanged'],
			);
			assert.deepEqual(await extras(), Array(3).fill({ at: 'a' }));
			await fixture.publish(patch({ at: 'b' }));
			await fixture.publish(patch({ at: 'a' }));
			assert.deepEqual(await extras(), Array(3).fill({ at: 'a' }));
		});
	});
}

describe('patches of metadata and other changes', () => {
	let fixture: PipelineFixture;
	afterEach(() => fixture.stop());
	const start = (parts: Partial<PipelineDeps> = {}) => (fixture = startPipelineFixture(parts));
	const together = async (...documents: readonly DocumentInput[]) => {
		const results = await fixture.pipeline.accept(
			documents.map((one) => fixture.pipeline.normalise(one)),
			{ skipWindow: true },
		);
		return results.map((one) => {
			if (one instanceof Error) throw one;
			return one;
		});
	};
	const refused = async (one: DocumentInput): Promise<DocDropError> => {
		const [result] = await fixture.pipeline.accept([fixture.pipeline.check(one)], { skipWindow: true });
		assert.ok(result instanceof DocDropError);
		return result;
	};
	const shown = async () => {
		const found = await fixture.points('t', 'a.md');
		return found.map(({ content, fields }) => [content.split('\n').at(-1), fields.extra]);
	};

	it('joins what waits: one job is superseded, and the content is published with the new metadata', async () => {
		start();
		const [first, second] = await together(
			document('# A\n\none', { metadata: { a: 1, b: 1 } }),
			patch({ b: 2 }),
		);
		assert.equal(second?.superseded, first?.jobId);
		const job = await fixture.ended(second?.jobId ?? '');
		assert.deepEqual([job.state, job.detail?.added], ['published', 1]);
		assert.deepEqual(await shown(), [['one', { a: 1, b: 2 }]]);
	});

	it('is replaced by a publish behind it, which says all of the metadata', async () => {
		start();
		await fixture.publish(document('# A\n\none', { metadata: { a: 1 } }));
		const [, second] = await together(patch({ b: 2 }), document('# A\n\ntwo', { metadata: { c: 3 } }));
		assert.equal((await fixture.ended(second?.jobId ?? '')).state, 'published');
		assert.deepEqual(await shown(), [['two', { c: 3 }]]);
	});

	it('keeps the body of what is worked on, for itself and for whoever reads it', async () => {
		const inner = createInProcessExtractor({ chunking: { maxChars: 400, overlapChars: 0 } });
		const started = Promise.withResolvers<void>();
		const gate = Promise.withResolvers<void>();
		const extractor = {
			...inner,
			async extract(...given: Parameters<typeof inner.extract>) {
				started.resolve();
				await gate.promise;
				return inner.extract(...given);
			},
		};
		start({ extractor });
		const [first] = await together(document('# A\n\none', { metadata: { a: 1 } }));
		await started.promise;
		const [second] = await together(patch({ b: 2 }));
		gate.resolve();
		assert.equal((await fixture.ended(first?.jobId ?? '')).state, 'published');
		const job = await fixture.ended(second?.jobId ?? '');
		assert.deepEqual([job.state, job.detail?.embedded], ['published', 0]);
		assert.deepEqual(await shown(), [['one', { a: 1, b: 2 }]]);
	});

	it('refuses what is not there, deleted, or about to be', async () => {
		start();
		assert.deepEqual([(await refused(patch({ a: 1 }))).code, 'docId'], ['not_found', 'docId']);
		await fixture.publish(document('# A\n\none'));
		const deletion = { op: 'delete' as const, tenant: 't', docId: 'a.md' };
		await fixture.publish(deletion);
		const error = await refused(patch({ a: 1 }));
		assert.equal(error.code, 'not_found');
		assert.equal((await fixture.docStore.job(error.jobId ?? ''))?.op, 'patch', 'a receipt tells of it');
		assert.equal((await fixture.docStore.document('t', 'a.md'))?.state, 'deleted');
	});

	it('is the owner’s, unless it takes over', async () => {
		start();
		const source = { sourceId: 'folder-1', epoch: 'e1', seq: 5 };
		await fixture.publish(document('# A\n\none', { source, metadata: { a: 1 } }));
		assert.equal((await refused(patch({ b: 2 }))).code, 'owned');
		const own = await fixture.publish(patch({ b: 2 }, { source: { ...source, seq: 6 } }));
		assert.equal(own.state, 'published');
		assert.equal((await fixture.publish(patch({ b: 9 }, { source: { ...source, seq: 4 } }))).state, 'stale');
		await fixture.publish(patch({ b: 3 }, { takeOver: true }));
		assert.deepEqual(await shown(), [['one', { a: 1, b: 3 }]]);
	});

	it('refuses more metadata than a document may have, with what it has already', async () => {
		start();
		await fixture.publish(document('# A\n\none', { metadata: { a: 'x'.repeat(10_000) } }));
		const error = await refused(patch({ b: 'y'.repeat(10_000) }));
		assert.deepEqual([error.code, error.field], ['invalid', 'metadata']);
		assert.match(error.message, /at most 16384 bytes .* got 200\d\d/);
		assert.equal((await fixture.publish(patch({ a: null, b: 'y'.repeat(10_000) }))).state, 'published');
	});

	it('takes a failed document up again, with its content', async () => {
		start();
		await fixture.publish(document('# A\n\none', { metadata: { a: 1 } }));
		const broken = await fixture.publish({
			...document('', { metadata: { a: 2 } }),
			content: { base64: Buffer.from('not a pdf').toString('base64') },
			mimeType: 'application/pdf',
		});
		assert.equal(broken.state, 'failed');
		const job = await fixture.publish(patch({ b: 3 }));
		assert.equal(job.state, 'failed', 'its content is still what it was');
		const found = await fixture.docStore.document('t', 'a.md');
		assert.match(found?.meta ?? '', /"a":2,"b":3/);
		assert.deepEqual(await shown(), [['one', { a: 1 }]], 'what is published stays');
	});

	it('waits for an index that is away, and is in afterwards', async () => {
		const store = createMemoryVectorStore({ dimensions: 256 });
		let isAway = false;
		const away: VectorStore = {
			...store,
			async put(...given) {
				if (isAway) throw new DocDropError('index_unavailable', 'away');
				return store.put(...given);
			},
		};
		start({ vectorStore: away });
		await fixture.publish(document('# A\n\none', { metadata: { a: 1 } }));
		isAway = true;
		const { jobId } = await fixture.submit(patch({ a: 2 }));
		const waits = (await fixture.docStore.job(jobId))?.state;
		assert.ok(waits !== 'published' && waits !== 'failed');
		isAway = false;
		assert.equal((await fixture.ended(jobId)).state, 'published');
		assert.deepEqual(await shown(), [['one', { a: 2 }]]);
	});

	it('writes every point whole after an attempt that was given up half way', async () => {
		const store = createMemoryVectorStore({ dimensions: 256 });
		let refuses = false;
		const half: VectorStore = {
			...store,
			async put(writes, signal) {
				await store.put(writes, signal);
				if (refuses) throw new DocDropError('index_rejected', 'refused after it did something');
			},
		};
		start({ vectorStore: half });
		await fixture.publish(document('# A\n\none', { metadata: { a: 1 } }));
		refuses = true;
		const failed = await fixture.publish(patch({ left: 'behind' }));
		assert.equal(failed.state, 'failed');
		refuses = false;
		const texts = fixture.embedder.texts.length;
		const { state } = await fixture.publish(patch({ left: null }));
		assert.equal(state, 'published', 'although its metadata is that of what is published');
		assert.deepEqual(await shown(), [['one', { a: 1 }]]);
		assert.equal(fixture.embedder.texts.length, texts);
		assert.equal(await fixture.pipeline.retry(failed.jobId), false, 'it was replaced');
	});

	it('a failed one can be tried again, although nothing of it is stored', async () => {
		const store = createMemoryVectorStore({ dimensions: 256 });
		let refuses = true;
		start({
			vectorStore: {
				...store,
				async put(writes, signal) {
					if (refuses && writes.some(({ fields }) => fields.extra['b'] === 2))
						throw new DocDropError('index_rejected', 'refused');
					return store.put(writes, signal);
				},
			},
		});
		await fixture.publish(document('# A\n\none', { metadata: { a: 1 } }));
		const failed = await fixture.publish(patch({ b: 2 }));
		assert.equal(failed.state, 'failed');
		refuses = false;
		assert.equal(await fixture.pipeline.retry(failed.jobId), true);
		assert.equal((await fixture.ended(failed.jobId)).state, 'published');
		assert.deepEqual(await shown(), [['one', { a: 1, b: 2 }]]);
	});

	it('takes nothing of the room for bodies', async () => {
		start({ worker: null });
		const large = 'word '.repeat(10_000);
		await together(document(large));
		const waiting = await fixture.docStore.pendingBytes();
		assert.equal(waiting, 50_000);
		await together(patch({ a: 1 }));
		assert.equal(await fixture.docStore.pendingBytes(), waiting, 'the body that waits waits still');
	});

	it('names what must not stand in it', async () => {
		start();
		for (const [field, one] of [
			['content', patch({ a: 1 }, { content: { text: 'x' } })],
			['title', patch({ a: 1 }, { title: 'x' })],
			['path', patch({ a: 1 }, { path: 'x' })],
			['metadata', patch({})],
			['metadata', { op: 'patch', tenant: 't', docId: 'a.md' }],
		] as const) {
			const error = await refused(one);
			assert.deepEqual([error.code, error.field], ['invalid', field]);
		}
	});
});

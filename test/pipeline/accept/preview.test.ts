import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createInProcessExtractor } from '../../../api/adapters/extractors/in-process.ts';
import type { PreviewResponse } from '../../../api/contract/preview-schema.ts';
import { until } from '../../support/settled.ts';
import { startPipelineFixture, type PipelineFixture } from '../../support/pipeline-fixture.ts';

/** What preview says is what publishing then does. */
describe('preview', () => {
	let fixture: PipelineFixture;
	beforeEach(() => {
		fixture = startPipelineFixture();
	});
	afterEach(() => fixture.stop());

	const document = (text: string, more: object = {}) => ({
		tenant: 't',
		docId: 'a.md',
		content: { text },
		...more,
	});
	const counts = ({ state, diff, chunks }: PreviewResponse) => [
		state,
		diff.added,
		diff.kept,
		diff.removed,
		chunks.map(({ change }) => change[0]).join(''),
	];
	const sections = (...texts: readonly string[]) =>
		texts.map((text) => `# ${text}\n\nabout ${text}`).join('\n\n');

	it('is worked on in fair turns: one tenant never has all the places', async () => {
		const { extractor } = fixture;
		await fixture.stop();
		const read: string[] = [];
		const gate = Promise.withResolvers<void>();
		fixture = startPipelineFixture({
			extractor: {
				...extractor,
				async extract(input) {
					read.push(Buffer.from(input.content as Uint8Array).toString());
					await gate.promise;
					return extractor.extract(input);
				},
			},
		});
		const preview = (tenant: string, text: string) => fixture.pipeline.preview(document(text, { tenant }));
		const all = [...['1', '2', '3'].map((text) => preview('greedy', text)), preview('other', 'mine')];
		await until(
			async () => read.length,
			(count) => count === 2,
		);
		assert.deepEqual(read, ['1', 'mine']);
		gate.resolve();
		assert.equal((await Promise.all(all)).length, 4);
	});

	it('says how many tokens a chunk has where that is how they are cut', async () => {
		assert.ok(!('tokens' in ((await fixture.pipeline.preview(document('some text'))).chunks[0] ?? {})));
		await fixture.stop();
		const chunking = { maxTokens: 100, overlapTokens: 10 };
		fixture = startPipelineFixture({ extractor: createInProcessExtractor({ chunking }) });
		const { chunks } = await fixture.pipeline.preview(
			document(`# Guide\n\n${'tiktoken is great! '.repeat(40)}`),
		);
		assert.ok(chunks.length > 2);
		const short = await fixture.pipeline.preview(document('tiktoken is great!'));
		assert.equal(short.chunks[0]?.tokens, 6);
	});

	it('says new, changed, unchanged, deleted', async () => {
		assert.deepEqual(counts(await fixture.pipeline.preview(document(sections('a', 'b')))), [
			'new',
			2,
			0,
			0,
			'aa',
		]);
		await fixture.publish(document(sections('a', 'b')));
		assert.deepEqual(counts(await fixture.pipeline.preview(document(sections('a', 'b')))), [
			'unchanged',
			0,
			2,
			0,
			'kk',
		]);
		assert.deepEqual(counts(await fixture.pipeline.preview(document(sections('a', 'c')))), [
			'changed',
			1,
			1,
			1,
			'ka',
		]);
		const titled = await fixture.pipeline.preview(document(sections('a', 'b'), { title: 'T' }));
		// The title is embedded with every chunk.
		assert.deepEqual([...counts(titled), titled.title], ['changed', 2, 0, 2, 'aa', 'T']);
		const described = await fixture.pipeline.preview(document(sections('a', 'b'), { metadata: { a: 1 } }));
		assert.deepEqual(counts(described), ['changed', 0, 2, 0, 'kk']);
		const gone = await fixture.pipeline.preview({ tenant: 't', docId: 'a.md', op: 'delete' });
		assert.deepEqual([...counts(gone), gone.mimeType], ['deleted', 0, 0, 2, '', null]);
		const never = await fixture.pipeline.preview({ tenant: 't', docId: 'b.md', op: 'delete' });
		assert.deepEqual(counts(never), ['unchanged', 0, 0, 0, '']);
	});

	it('names the added one of several equal chunks', async () => {
		await fixture.publish(document(sections('a', 'a')));
		const made = await fixture.pipeline.preview(document(sections('a', 'a', 'a')));
		assert.deepEqual(counts(made), ['changed', 1, 2, 0, 'kka']);
	});

	it('changes nothing and embeds nothing', async () => {
		await fixture.publish(document(sections('a')));
		const before = [
			await fixture.docStore.stats(),
			await fixture.points('t', 'a.md'),
			fixture.embedder.texts.length,
		];
		await fixture.pipeline.preview(document(sections('x', 'y')));
		await fixture.pipeline.preview({ tenant: 't', docId: 'new.md', content: { text: 'x' } });
		assert.deepEqual(
			[await fixture.docStore.stats(), await fixture.points('t', 'a.md'), fixture.embedder.texts.length],
			before,
		);
		assert.equal(await fixture.docStore.document('t', 'new.md'), null);
	});

	it('refuses what publishing would refuse', async () => {
		await assert.rejects(
			async () => fixture.pipeline.preview(document('x', { metadata: { order: 1e300 } })),
			{
				code: 'invalid',
				field: 'metadata/order',
			},
		);
		await assert.rejects(fixture.pipeline.preview(document('PK\u0000\u0003')), { code: 'unreadable' });
	});

	it('for any sequence of edits, the diff is what the job then says it did', async () => {
		const section = fc.constantFrom('a', 'b', 'c', 'd', 'e');
		const version = fc.oneof(
			{ weight: 6, arbitrary: fc.array(section, { maxLength: 6 }) },
			{ weight: 1, arbitrary: fc.constant(null) },
		);
		await fc.assert(
			fc.asyncProperty(
				fc.array(version, { minLength: 1, maxLength: 5 }),
				fc.uuid(),
				async (versions, name) => {
					const docId = `${name}.md`;
					for (const version of versions) {
						const input =
							version === null
								? { tenant: 't', docId, op: 'delete' as const }
								: { tenant: 't', docId, content: { text: sections(...version) } };
						const { state, diff, chunks } = await fixture.pipeline.preview(input);
						const embedded = fixture.embedder.texts.length;
						const { state: done, detail } = await fixture.publish(input);
						assert.equal(fixture.embedder.texts.length - embedded, diff.embeddings);
						assert.equal(chunks.filter(({ change }) => change === 'kept').length, diff.kept);
						assert.equal(chunks.filter(({ change }) => change === 'added').length, diff.added);
						assert.equal(done === 'unchanged', state === 'unchanged');
						if (done === 'unchanged') continue;
						assert.deepEqual(
							[detail?.added, detail?.kept, detail?.removed, detail?.embedded],
							[diff.added, diff.kept, diff.removed, diff.embeddings],
						);
						assert.equal((await fixture.points('t', docId)).length, chunks.length);
					}
				},
			),
			{ numRuns: 25 },
		);
	});
});

import assert from 'node:assert/strict';
import { isDocDropError } from '../../../api/errors.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { countingEmbedder, startPipelineFixture } from '../../support/pipeline-fixture.ts';

/** A caller's texts and a slow embedder: they are many small requests, and their time is their own. */
describe('embeddings', () => {
	const texts = Array.from({ length: 100 }, (_, n) => `text ${n}`);

	it('are small requests in order, one after the other, and others get in between', async () => {
		const embedder = countingEmbedder();
		const sizes: number[] = [];
		const { embed } = embedder;
		embedder.embed = (wanted, signal) => {
			sizes.push(wanted.length);
			return embed(wanted, signal);
		};
		const fixture = startPipelineFixture({ embedder, worker: null });
		const vectors = await fixture.pipeline.embeddings(texts, 't');
		assert.deepEqual(sizes, [32, 32, 32, 4]);
		assert.deepEqual(embedder.texts, texts);
		assert.deepEqual(vectors, await embed(texts));
		await fixture.stop();
	});

	it('end after their time: the embedder is not blamed, and nothing more is asked of it', async () => {
		const clock = fakeClock();
		const embedder = countingEmbedder();
		let calls = 0;
		const { embed } = embedder;
		embedder.embed = async (wanted, signal) => {
			calls += 1;
			await clock.sleep(400, signal);
			return embed(wanted, signal);
		};
		const admission = { waitMs: 100, previews: 1, searches: 1, searchMs: 1_000, embeddingsMs: 1_000 };
		const fixture = startPipelineFixture({ embedder, clock, worker: null, admission });
		const late = fixture.pipeline.embeddings(texts, 't').catch((error: unknown) => error);
		await clock.advance(3_000);
		const error = await late;
		assert.ok(isDocDropError(error) && error.code === 'embedder_unavailable');
		assert.match(error.message, /within 1000 ms/);
		assert.equal(calls, 3);
		assert.equal(fixture.pipeline.breakers.embedder.state(), 'closed');
		await fixture.stop();
	});
});

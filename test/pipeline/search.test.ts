import assert from 'node:assert/strict';
import { DocDropError } from '../../api/errors.ts';
import type { Embedder } from '../../api/ports/embedder.ts';
import { countingEmbedder, startSpine, type Spine } from '../support/spine.ts';

describe('search', () => {
	let spine: Spine;
	let isAway: boolean;
	beforeEach(async () => {
		isAway = false;
		const embedder: Embedder = countingEmbedder();
		const { embed } = embedder;
		embedder.embed = async (texts, signal) => {
			if (isAway) throw new DocDropError('embedder_unavailable', 'the embedder does not answer');
			return embed(texts, signal);
		};
		spine = startSpine({ embedder });
		const texts = {
			'rpath.md': '# Linking\n\nSet CMAKE_INSTALL_RPATH so that the shared library is found.',
			'tests.md': '# Testing\n\nRun every test with ctest before the release.',
			'cake.md': '# Baking\n\nA cake needs flour, eggs and patience.',
		};
		for (const [docId, text] of Object.entries(texts)) {
			await spine.publish({ tenant: 't', docId, content: { text }, metadata: { kind: 'guide' } });
		}
		await spine.publish({
			tenant: 'other',
			docId: 'rpath.md',
			content: { text: 'cmake rpath of another tenant' },
		});
	});
	afterEach(() => spine.stop());
	const ids = async (request: Partial<Parameters<Spine['pipeline']['search']>[0]>) =>
		(await spine.pipeline.search({ tenant: 't', query: 'install rpath', ...request })).results.map(
			({ docId }) => docId,
		);

	it('finds by words, by vector, and by both', async () => {
		for (const mode of ['text', 'dense', 'hybrid'] as const) {
			assert.equal((await ids({ mode }))[0], 'rpath.md', mode);
		}
		assert.deepEqual(await ids({ mode: 'text', query: 'flour' }), ['cake.md']);
		assert.equal((await ids({ mode: 'dense', query: 'patient bakers' }))[0], 'cake.md', 'by parts of words');
		assert.deepEqual(await ids({ mode: 'text', query: 'patient bakers' }), []);
	});

	it('answers with all that a reader needs, of this tenant only', async () => {
		const { results, tookMs } = await spine.pipeline.search({
			tenant: 't',
			query: 'rpath library',
			mode: 'text',
		});
		assert.equal(results.length, 1);
		const [hit] = results;
		assert.deepEqual(
			[hit?.docId, hit?.heading, hit?.metadata, hit?.page],
			['rpath.md', 'Linking', { kind: 'guide' }, null],
		);
		assert.match(hit?.content ?? '', /shared library/);
		assert.ok(tookMs >= 0 && (hit?.score ?? 0) > 0 && (hit?.version ?? 0) > 0);
		assert.deepEqual(await ids({ tenant: 'nobody' }), []);
	});

	it('keeps to one document, and to the limit', async () => {
		assert.deepEqual(new Set(await ids({ docId: 'tests.md', query: 'test release' })), new Set(['tests.md']));
		assert.deepEqual(await ids({ docId: 'none.md' }), []);
		assert.equal((await ids({ limit: 1, query: 'the' })).length, 1);
	});

	it('by words alone it needs no embedder; else its absence is said', async () => {
		isAway = true;
		assert.deepEqual(await ids({ mode: 'text' }), ['rpath.md']);
		for (const mode of ['dense', 'hybrid'] as const) {
			await assert.rejects(ids({ mode }), { code: 'embedder_unavailable' });
		}
	});

	it('a question of signs only finds nothing, and is no error', async () => {
		assert.deepEqual(await ids({ query: '?!…' }), []);
	});

	it('refuses halves of surrogate pairs', async () => {
		await assert.rejects(ids({ query: '\ud800' }), { code: 'invalid', field: 'query' });
		await assert.rejects(ids({ docId: 'a\udc00' }), { code: 'invalid', field: 'docId' });
	});
});

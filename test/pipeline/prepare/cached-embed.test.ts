import assert from 'node:assert/strict';
import { cachedEmbedStep } from '../../../api/pipeline/prepare/cached-embed.ts';
import type { EmbedStep } from '../../../api/pipeline/prepare/embed.ts';
import type { VectorCache } from '../../../api/ports/vector-cache.ts';

function setUp({ fingerprint = 'f', dimensions = 1, vectors = new Map<string, Float32Array>() } = {}) {
	const calls: (readonly string[])[] = [];
	const counted: Record<string, number> = {};
	const inner: EmbedStep = {
		async embed(texts) {
			calls.push(texts);
			if (texts.includes('bad')) throw new Error('refused');
			return texts.map((text) => new Float32Array(dimensions).fill(text.length));
		},
		replace() {},
	};
	const cache: VectorCache = {
		find: async (keys) => keys.map((key) => vectors.get(key)),
		keep: (entries) => entries.forEach(({ key, vector }) => vectors.set(key, vector)),
		close: async () => {},
	};
	const step = cachedEmbedStep(inner, {
		...{ cache, fingerprint, dimensions },
		telemetry: {
			count: (_, labels, by = 1) =>
				void (counted[Object.values(labels).join()] = (counted[Object.values(labels).join()] ?? 0) + by),
			set() {},
			observe() {},
			render: async () => '',
		},
	});
	const embed = async (texts: readonly string[], tenant = 'acme') =>
		(await step.embed(texts, { tenant, class: 0 })).map((vector) => vector[0]);
	return { calls, counted, vectors, embed };
}

describe('the embed step with a cache', () => {
	it('embeds what is new, once, and answers in order', async () => {
		const { calls, counted, embed } = setUp();
		assert.deepEqual(await embed(['a', 'bb', 'a']), [1, 2, 1]);
		assert.deepEqual(await embed(['ccc', 'bb', 'a', 'dddd']), [3, 2, 1, 4]);
		assert.deepEqual(await embed(['a']), [1]);
		assert.deepEqual(await embed([]), []);
		assert.deepEqual(calls, [['a', 'bb'], ['ccc', 'dddd'], []]);
		assert.deepEqual(counted, { embedder: 4, cache: 4 });
	});

	it('shares nothing between tenants, fingerprints and texts that read alike', async () => {
		const { calls, vectors, embed } = setUp();
		await embed(['a']);
		await embed(['a'], 'beta');
		await embed(['ea'], 'acm');
		const other = setUp({ fingerprint: 'g', vectors });
		await other.embed(['a']);
		assert.deepEqual([...calls, ...other.calls], [['a'], ['a'], ['ea'], ['a']]);
	});

	it('does not use a vector of another length', async () => {
		const { vectors, embed } = setUp();
		await embed(['a']);
		const other = setUp({ dimensions: 2, vectors });
		await other.embed(['a']);
		assert.deepEqual(other.calls, [['a']]);
	});

	it('keeps nothing of a text that was refused, and passes its error on', async () => {
		const { vectors, embed } = setUp();
		await assert.rejects(embed(['a', 'bad']), /refused/);
		assert.equal(vectors.size, 0);
	});
});

/** The promises of ports/embedder.ts, run on every adapter. */
import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Embedder } from '../../api/ports/embedder.ts';

export interface EmbedderFixture {
	/** A new embedder; the suite closes it. Called twice with the same result where vectors must be the same. */
	create(): Promise<Embedder>;
	/** Frees what the embedders of one test needed. */
	dispose?(): Promise<void>;
}

const texts = [
	'install the shared library',
	'réglage du chemin',
	'共有ライブラリ',
	'x',
	'install the shared library',
];

export function embedderConformance(name: string, fixture: EmbedderFixture): void {
	describe(`${name} keeps the promises of an embedder`, () => {
		let embedder: Embedder;
		beforeEach(async () => {
			embedder = await fixture.create();
		});
		afterEach(async () => {
			await embedder.close();
			await fixture.dispose?.();
		});

		it('1. gives one unit vector a text, in order', async () => {
			const vectors = await embedder.embed(texts);
			assert.equal(vectors.length, texts.length);
			for (const vector of vectors) {
				assert.ok(vector instanceof Float32Array);
				assert.equal(vector.length, embedder.dimensions);
				assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-5);
			}
			for (const [index, text] of texts.entries())
				assert.deepEqual((await embedder.embed([text]))[0], vectors[index]);
			assert.deepEqual(vectors[0], vectors[4]);
			assert.notDeepEqual(vectors[0], vectors[1]);
		});

		it('1. gives zeros for a text without anything to embed', async () => {
			const [blank, word, empty] = await embedder.embed([' \n', 'word', '']);
			assert.ok(blank?.every((value) => value === 0));
			assert.ok(empty?.every((value) => value === 0));
			assert.ok(word?.some((value) => value !== 0));
		});

		it('2. gives the same vectors again, and under the same fingerprint', async () => {
			const other = await fixture.create();
			try {
				assert.equal(other.fingerprint, embedder.fingerprint);
				assert.deepEqual(await other.embed(texts), await embedder.embed(texts));
			} finally {
				await other.close();
			}
		});

		it('3. takes any number of texts, and keeps their order', async () => {
			assert.deepEqual(await embedder.embed([]), []);
			const many = Array.from({ length: 1000 }, (_, i) => `text number ${i}`);
			const vectors = await embedder.embed(many);
			assert.equal(vectors.length, 1000);
			for (const i of [0, 1, 127, 128, 500, 999]) {
				assert.deepEqual(vectors[i], (await embedder.embed([many[i] ?? '']))[0]);
			}
		});

		it('3. serves calls made at the same time', async () => {
			const alone = await embedder.embed(texts);
			const together = await Promise.all(texts.map((text) => embedder.embed([text])));
			assert.deepEqual(together.flat(), alone);
		});

		it('4. rejects an aborted call with the reason, before and while it runs', async () => {
			const reason = new Error('enough');
			await assert.rejects(embedder.embed(texts, AbortSignal.abort(reason)), reason);
			const abort = new AbortController();
			const many = Array.from({ length: 2000 }, (_, i) => `text ${i} `.repeat(50));
			const call = assert.rejects(embedder.embed(many, abort.signal), reason);
			await nextTurn();
			abort.abort(reason);
			await call;
			assert.equal((await embedder.embed(['still works'])).length, 1);
		});

		it('rejects calls once it is closed', async () => {
			await embedder.close();
			await assert.rejects(embedder.embed(['late']), { code: 'embedder_unavailable' });
		});
	});
}

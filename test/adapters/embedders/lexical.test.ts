import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { lexicalVector } from '../../../api/adapters/embedders/lexical.ts';
import { createLexicalEmbedder } from '../../../api/adapters/embedders/lexical-pool.ts';
import { embedderConformance } from '../../conformance/embedder.ts';

embedderConformance('the lexical embedder', {
	create: () => Promise.resolve(createLexicalEmbedder({ threads: 2 })),
});

const near = (a: string, b: string) => {
	const [left, right] = [lexicalVector(a), lexicalVector(b)];
	return left.reduce((sum, value, i) => sum + value * (right[i] ?? 0), 0);
};

describe('lexicalVector', () => {
	it('never changes under one version of it and of the tokenizer: stored vectors are compared with new ones', () => {
		const text = 'Installing shared libraries: set CMAKE_INSTALL_RPATH. Größe, 共有ライブラリ, the the the.';
		const vector = lexicalVector(text);
		assert.equal(
			createHash('sha256').update(new Uint8Array(vector.buffer)).digest('hex'),
			'dbb09728a3fa9343823b83e631ed4fb154eefdbb283b4ea815cfb77816fffb53',
		);
	});

	it('is nearer for shared words, word forms and parts of identifiers than for other texts', () => {
		const other = near('install shared library', 'bake a chocolate cake');
		assert.ok(Math.abs(other) < 0.25, String(other));
		assert.ok(near('install shared library', 'the shared library is installed') > 0.5);
		assert.ok(near('installing', 'installed') > 0.3);
		assert.ok(near('install rpath', 'CMAKE_INSTALL_RPATH') > 0.4);
		assert.ok(near('共有ライブラリ', '共有ライブラリの設定') > 0.5);
	});

	it('counts stop words little and repetition less and less', () => {
		assert.ok(near('library', 'this is the library that you have') > 0.9);
		assert.ok(near('library path', `${'library '.repeat(50)}path`) > 0.6);
	});

	it('knows the order of words', () => {
		assert.ok(near('link target', 'link target') > near('link target', 'target link') + 0.02);
	});
});

describe('the lexical embedder', () => {
	it('gives in its threads what lexicalVector gives', async () => {
		const embedder = createLexicalEmbedder({ threads: 1 });
		try {
			const texts = Array.from({ length: 150 }, (_, i) => `text ${i}`);
			assert.deepEqual(await embedder.embed(texts), texts.map(lexicalVector));
		} finally {
			await embedder.close();
		}
	});

	it('rejects what is open when it is closed', async () => {
		const embedder = createLexicalEmbedder({ threads: 1 });
		const call = assert.rejects(embedder.embed(['x'.repeat(1000)]), { code: 'embedder_unavailable' });
		await embedder.close();
		await call;
	});
});

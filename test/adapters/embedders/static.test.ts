import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { createStaticEmbedder } from '../../../api/adapters/embedders/static.ts';
import { createPieces } from '../../../api/adapters/embedders/static-pieces.ts';
import { builtInTable, readStaticTable, tableFile } from '../../../api/adapters/embedders/static-table.ts';
import { createStaticVector } from '../../../api/adapters/embedders/static-vector.ts';
import { eachWord } from '../../../api/adapters/embedders/static-words.ts';
import { embedderConformance } from '../../conformance/embedder.ts';

embedderConformance('the built-in embedder', {
	create: async () => createStaticEmbedder(await builtInTable()),
});

const table = await builtInTable();
const vectorOf = createStaticVector(table);
const pieces = createPieces(table.pieces);

function idsOf(text: string): number[] {
	const ids: number[] = [];
	eachWord(text, (word) => pieces(word, (id) => ids.push(id)));
	return ids;
}

function wordsOf(text: string): string[] {
	const words: string[] = [];
	eachWord(text, ({ units, length }) => words.push(String.fromCharCode(...units.subarray(0, length))));
	return words;
}

const cosine = (a: string, b: string) => {
	const [left, right] = [vectorOf(a), vectorOf(b)];
	return left.reduce((sum, value, at) => sum + value * (right[at] ?? 0), 0);
};

const anyString = fc.string({ unit: 'binary', maxLength: 60 });

/** Written by tools/embedder/parity.py, with the original tokenizer. */
const parity = JSON.parse(readFileSync(new URL('static-parity.json', import.meta.url), 'utf8')) as readonly {
	readonly text: string;
	readonly ids: string;
	/** Base64 of 32-bit floats. */
	readonly vector: string;
}[];

describe('the static table', () => {
	it('has the token ids of the original', () => {
		for (const { text, ids } of parity) assert.equal(idsOf(text).join(' '), ids, JSON.stringify(text));
	});

	it('gives the vectors of the original to 1e-5', () => {
		for (const { text, vector } of parity) {
			const bytes = Uint8Array.from(Buffer.from(vector, 'base64'));
			const wanted = new Float32Array(bytes.buffer);
			for (const [at, value] of vectorOf(text).entries())
				assert.ok(Math.abs(value - (wanted[at] ?? 9)) < 1e-5, JSON.stringify(text));
		}
	});

	it('is nearer for texts that mean the same than for others that share more words', () => {
		const question = 'how do I repair my automobile';
		assert.ok(cosine(question, 'fixing a car') > cosine(question, 'how do I bake my bread') + 0.2);
		assert.ok(cosine('delete a file', 'remove documents') > cosine('delete a file', 'a file of soldiers'));
	});
});

describe('the words of a text', () => {
	it('are small letters without accents, marks and ideographs alone', () => {
		assert.deepEqual(wordsOf('Grüße, ÉCOLE! 共有x'), [
			'grüße'.replace('ü', 'u'),
			',',
			'ecole',
			'!',
			'共',
			'有',
			'x',
		]);
	});

	it('take half a surrogate pair for nothing', () => {
		assert.deepEqual(wordsOf('le\ud83dft \udc4d right\ud83d'), ['left', 'right']);
		assert.deepEqual(vectorOf('le\ud83dft \udc4d right\ud83d'), vectorOf('left right'));
	});

	it('of any string are well-formed and hold no space', () => {
		fc.assert(
			fc.property(anyString, anyString, (one, other) => {
				const words = wordsOf(one);
				assert.ok(words.every((word) => word.isWellFormed() && !/\s/u.test(word)));
				assert.deepEqual(wordsOf(`${one} ${other}`), [...words, ...wordsOf(other)]);
			}),
		);
	});
});

describe('a vector of the static table', () => {
	it('is all zeros where the vocabulary knows nothing of the text', () => {
		for (const text of ['', ' \n', '\u{1f47d}\u{1f47e}', 'x'.repeat(101), '\ud83d'])
			assert.ok(
				vectorOf(text).every((value) => value === 0),
				JSON.stringify(text),
			);
		assert.deepEqual(vectorOf('\u{1f47d} known'), vectorOf('known'), 'what is unknown adds nothing');
	});

	it('has unit length for any text of which something is known, and is finite for all', () => {
		fc.assert(
			fc.property(anyString, (text) => {
				const vector = vectorOf(text);
				const length = Math.hypot(...vector);
				assert.ok(length === 0 || Math.abs(length - 1) < 1e-5);
				const isKnown = idsOf(text).some((id) => id !== table.pieces.unknown);
				assert.equal(length !== 0, isKnown);
			}),
		);
	});

	it('of a megabyte without a space is that of one unknown word', () => {
		const [megabyte, before] = ['ab'.repeat(524_288), 'some words before'];
		assert.deepEqual(idsOf(megabyte), [table.pieces.unknown]);
		assert.deepEqual(vectorOf(`${before} ${megabyte}`), vectorOf(before));
	});

	it('of a long text counts all of it', () => {
		const filler = 'and then some more words, '.repeat(20_000);
		assert.ok(
			cosine(`${filler}${'elephant '.repeat(20_000)}`, 'elephant') > cosine(filler, 'elephant') + 0.3,
		);
	});
});

describe('the built-in embedder', () => {
	it('gives in its thread what it gives in place', async () => {
		const embedder = createStaticEmbedder(await builtInTable());
		try {
			const texts = Array.from({ length: 300 }, (_, at) => `text number ${at} of a document`);
			assert.deepEqual(await embedder.embed(texts), texts.map(vectorOf));
			assert.deepEqual(await embedder.embed(texts.slice(0, 1)), [vectorOf(texts[0] ?? '')]);
		} finally {
			await embedder.close();
		}
	});

	it('rejects what is open when it is closed', async () => {
		const embedder = createStaticEmbedder(await builtInTable());
		const call = assert.rejects(embedder.embed(['x'.repeat(10_000)]), { code: 'embedder_unavailable' });
		await embedder.close();
		await call;
	});

	it('takes no table that is damaged, cut off or not there, and says so', async () => {
		const dir = mkdtempSync(join(tmpdir(), 'docdrop-table-'));
		const file = join(dir, 'table.bin');
		const opens = (message: RegExp) =>
			assert.rejects(readStaticTable(pathToFileURL(file)), { code: 'installation_damaged', message });
		try {
			await opens(/cannot be read/);
			copyFileSync(tableFile(), file);
			const bytes = readFileSync(file);
			bytes[3_000_000] = (bytes[3_000_000] ?? 0) ^ 1;
			writeFileSync(file, bytes);
			await opens(/must have the SHA-256 [0-9a-f]{64}, it has/);
			truncateSync(file, 100);
			await opens(/must have the SHA-256/);
		} finally {
			rmSync(dir, { recursive: true });
		}
	});
});

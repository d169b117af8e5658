import { createHash } from 'node:crypto';
import { chunkHash } from '../../api/chunking/piece.ts';
import { tokenize } from '../../api/chunking/tokenize.ts';
import type { Chunk } from '../../api/ports/extractor.ts';
import { createRandom, type Random } from '../crash/random.ts';

/** What is published: documents whose chunks and vectors are ready, the same ones in every run. */
export const dimensions = 384;
const chunksPerDocument = 8;
const wordsPerChunk = 100;

export interface ReadyDocument {
	readonly name: string;
	readonly sha256: string;
	readonly text: string;
	readonly chunks: readonly (Chunk & { readonly vector: Float32Array })[];
}

export function readyDocuments(count: number): ReadyDocument[] {
	const random = createRandom(384, 8);
	const words = Array.from({ length: 20_000 }, () => wordOf(random));
	// The n-th word about n times as rare as the first: full-text indexes cost what their terms cost.
	const word = () => words[Math.floor(words.length ** random.next()) - 1] ?? 'the';
	return Array.from({ length: count }, (_, at) => {
		const texts = Array.from({ length: chunksPerDocument }, () =>
			Array.from({ length: wordsPerChunk }, word).join(' '),
		);
		const text = texts.join('\n\n');
		return {
			name: `library/${at % 50}/document-${at}.md`,
			sha256: createHash('sha256').update(text).digest('hex'),
			text,
			chunks: texts.map((one) => ({
				hash: chunkHash({ text: one, heading: null, page: null }),
				text: one,
				heading: null,
				page: null,
				terms: tokenize(one).join(' '),
				vector: unitVector(random),
			})),
		};
	});
}

function wordOf(random: Random): string {
	return Array.from({ length: random.int(2, 9) }, () =>
		String.fromCharCode(97 + Math.floor(26 * random.next() ** 1.5)),
	).join('');
}

function unitVector(random: Random): Float32Array {
	const vector = Float32Array.from({ length: dimensions }, () => random.next() + random.next() - 1);
	const length = Math.hypot(...vector);
	return vector.map((value) => value / length);
}

/** A thread of the lexical embedder: texts in, their vectors in one transferred buffer out. */
import { parentPort } from 'node:worker_threads';
import { goBehind } from '../thread/index.ts';
import { LEXICAL_DIMENSIONS, lexicalVector } from './lexical.ts';

export interface LexicalRequest {
	readonly id: number;
	readonly texts: readonly string[];
}

export interface LexicalReply {
	readonly id: number;
	/** All vectors, one after the other. */
	readonly vectors: Float32Array;
}

goBehind(10);
parentPort?.on('message', ({ id, texts }: LexicalRequest) => {
	const vectors = new Float32Array(texts.length * LEXICAL_DIMENSIONS);
	for (const [index, text] of texts.entries()) vectors.set(lexicalVector(text), index * LEXICAL_DIMENSIONS);
	parentPort?.postMessage({ id, vectors } satisfies LexicalReply, [vectors.buffer]);
});

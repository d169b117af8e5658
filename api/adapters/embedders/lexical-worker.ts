/** A thread of the lexical embedder: texts in, their vectors out. */
import { goBehind, serveThread } from '../thread/index.ts';
import { LEXICAL_DIMENSIONS, lexicalVector } from './lexical.ts';

export type LexicalMethods = typeof methods;

const methods = {
	/** All vectors, one after the other. */
	vectors(texts: readonly string[]): Float32Array {
		const vectors = new Float32Array(texts.length * LEXICAL_DIMENSIONS);
		for (const [index, text] of texts.entries()) vectors.set(lexicalVector(text), index * LEXICAL_DIMENSIONS);
		return vectors;
	},
};

goBehind(10);
serveThread({ open: () => ({ methods }) });

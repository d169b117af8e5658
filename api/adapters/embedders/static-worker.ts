/** The thread of the built-in embedder: texts in, their vectors out. */
import { workerData } from 'node:worker_threads';
import { goBehind, serveThread } from '../thread/index.ts';
import type { StaticTable } from './static-table.ts';
import { createStaticVector } from './static-vector.ts';

const table = workerData as StaticTable;
const vectorOf = createStaticVector(table);

export type StaticMethods = typeof methods;

const methods = {
	/** All vectors, one after the other. */
	vectors(texts: readonly string[]): Float32Array {
		const vectors = new Float32Array(texts.length * table.dimensions);
		for (const [index, text] of texts.entries()) vectors.set(vectorOf(text), index * table.dimensions);
		return vectors;
	},
};

goBehind(10);
serveThread({ open: () => ({ methods }) });

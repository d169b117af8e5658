/** Texts to vectors by the static table. */
import { createPieces } from './static-pieces.ts';
import type { StaticTable } from './static-table.ts';
import { eachWord } from './static-words.ts';

/** Grows whenever the same text may give another vector by the same table. */
export const STATIC_VERSION = 1;

/**
 * The sum of the rows of a text's tokens, at unit length. All zeros for a text of which the vocabulary knows nothing: it
 * has no direction, is found by its words alone, and as a question finds nothing by meaning.
 */
export function createStaticVector(table: StaticTable): (text: string) => Float32Array {
	const { dimensions, rows, scales } = table;
	const pieces = createPieces(table.pieces);
	const sum = new Float64Array(dimensions);
	const addRow = (id: number) => {
		const scale = scales[id] ?? 0;
		const row = id * dimensions;
		for (let at = 0; at < dimensions; at += 1) sum[at] = (sum[at] ?? 0) + (rows[row + at] ?? 0) * scale;
	};
	return (text) => {
		sum.fill(0);
		eachWord(text, (word) => pieces(word, addRow));
		return unit(sum);
	};
}

/** Scaled to length 1; zeros stay zeros. */
export function unit(sum: Float64Array): Float32Array {
	let square = 0;
	for (const value of sum) square += value * value;
	const vector = new Float32Array(sum.length);
	if (square === 0) return vector;
	const factor = 1 / Math.sqrt(square);
	for (let at = 0; at < vector.length; at += 1) vector[at] = (sum[at] ?? 0) * factor;
	return vector;
}

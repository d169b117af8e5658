/**
 * Terms to sparse vectors, as Qdrant's own `bm25` makes them: the document side holds the saturated term
 * frequency, the query side ones, and the server multiplies by the inverse document frequency (modifier
 * `idf`), which it knows and we do not. Pure.
 */
import type { Schemas } from '@qdrant/js-client-rest';

/** Saturation and length normalisation of BM25, at their usual values. */
const k1 = 1.2;
const b = 0.75;
/** Terms of an average chunk. Fixed, as in Qdrant's own bm25: a running mean would give equal chunks unequal vectors. */
const averageLength = 256;

/**
 * FNV-1a over the UTF-16 code units with murmur3's finaliser, unsigned 32 bits: the same in every process.
 * Two terms may share an index and then count as one term: about n² / 2^33 pairs among n different terms
 * (one at 100,000 terms, 116 at a million), which costs a little precision and never a match.
 */
export function termIndex(term: string): number {
	let h = 0x811c9dc5;
	for (let at = 0; at < term.length; at += 1) {
		const unit = term.charCodeAt(at);
		h = Math.imul(h ^ (unit & 0xff), 0x01000193);
		h = Math.imul(h ^ (unit >>> 8), 0x01000193);
	}
	h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
	h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
	return (h ^ (h >>> 16)) >>> 0;
}

function countByIndex(terms: readonly string[]): Map<number, number> {
	const counts = new Map<number, number>();
	for (const term of terms) {
		const index = termIndex(term);
		counts.set(index, (counts.get(index) ?? 0) + 1);
	}
	return counts;
}

/** Null where there are no terms: such a point has no sparse vector. */
export function documentVector(terms: string): Schemas['SparseVector'] | null {
	const words = terms.split(' ').filter((term) => term !== '');
	if (words.length === 0) return null;
	const counts = countByIndex(words);
	const norm = k1 * (1 - b + (b * words.length) / averageLength);
	const values = [...counts.values()].map((count) => round((count * (k1 + 1)) / (count + norm)));
	return { indices: [...counts.keys()], values };
}

/** Null where there are no terms. */
export function queryVector(terms: readonly string[]): Schemas['SparseVector'] | null {
	const indices = [...countByIndex(terms.filter((term) => term !== '')).keys()];
	return indices.length === 0 ? null : { indices, values: indices.map(() => 1) };
}

/** Seven decimals keep what a 32-bit float of this size holds (error at most 5e-8) in half the bytes. */
export function round(value: number): number {
	return Math.round(value * 1e7) / 1e7;
}

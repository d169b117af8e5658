/**
 * Terms to sparse vectors, as Qdrant's own `bm25` makes them: the document side holds the saturated term
 * frequency, the query side ones, and the server multiplies by the inverse document frequency (modifier
 * `idf`), which it knows and we do not. Pure.
 */
import type { Schemas } from '@qdrant/js-client-rest';
import { k1 } from '../../chunking/index.ts';
import { round } from './body.ts';

/** Normalisation of BM25 by length, at its usual value. */
const b = 0.75;
/** Terms of an average chunk. Fixed, as in Qdrant's own bm25: a running mean would give equal chunks unequal vectors. */
const averageLength = 256;

const fnvBasis = 0x811c9dc5;

function hashUnit(hash: number, unit: number): number {
	return Math.imul(Math.imul(hash ^ (unit & 0xff), 0x01000193) ^ (unit >>> 8), 0x01000193);
}

/** As a signed number. */
function finish(hash: number): number {
	let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
	h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
	return h ^ (h >>> 16);
}

/**
 * FNV-1a over the UTF-16 code units with murmur3's finaliser, unsigned 32 bits: the same in every process.
 * Two terms may share an index and then count as one term: about n² / 2^33 pairs among n different terms
 * (one at 100,000 terms, 116 at a million), which costs a little precision and never a match.
 */
export function termIndex(term: string): number {
	let hash = fnvBasis;
	for (let at = 0; at < term.length; at += 1) hash = hashUnit(hash, term.charCodeAt(at));
	return finish(hash) >>> 0;
}

const space = 0x20;

/** Null where there are no terms: such a point has no sparse vector. */
export function documentVector(terms: string): Schemas['SparseVector'] | null {
	// Hashed where they stand, counted by sorting: no string and no entry of a map is made for a term.
	const found = new Int32Array((terms.length + 1) >> 1);
	let words = 0;
	let hash = fnvBasis;
	let isEmpty = true;
	for (let at = 0; at <= terms.length; at += 1) {
		const unit = at < terms.length ? terms.charCodeAt(at) : space;
		if (unit !== space) {
			hash = hashUnit(hash, unit);
			isEmpty = false;
		} else if (!isEmpty) {
			found[words] = finish(hash);
			words += 1;
			hash = fnvBasis;
			isEmpty = true;
		}
	}
	if (words === 0) return null;
	const sorted = found.subarray(0, words).sort();
	const norm = k1 * (1 - b + (b * words) / averageLength);
	const indices: number[] = [];
	const values: number[] = [];
	for (let at = 0; at < words;) {
		const first = at;
		while (at < words && sorted[at] === sorted[first]) at += 1;
		const count = at - first;
		indices.push((sorted[first] as number) >>> 0);
		values.push(round((count * (k1 + 1)) / (count + norm)));
	}
	return { indices, values };
}

/** Null where there are no terms. */
export function queryVector(terms: readonly string[]): Schemas['SparseVector'] | null {
	const indices = [...new Set(terms.filter((term) => term !== '').map(termIndex))];
	return indices.length === 0 ? null : { indices, values: indices.map(() => 1) };
}

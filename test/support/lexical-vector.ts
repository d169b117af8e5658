/**
 * Vectors for tests, quick and without a file: LEXICAL, not semantic. Two texts are near when they share words, parts of
 * identifiers, or pieces of words; synonyms are as far apart as any other words. It was the built-in embedder once, and
 * benches measure it beside the one of today.
 *
 * Each distinct word of the text (by the pipeline's tokenizer), each pair of neighbouring words and each run of
 * 3 to 5 characters within a word is hashed to one of 256 numbers, with a sign that lets collisions cancel
 * out. Weights: 1 + ln(count) for a word, so that repetition counts less and less; stop words a tenth; the
 * pieces of a word together as much as the word itself; pairs half as much.
 */
import { unit } from '../../api/adapters/embedders/static-vector.ts';
import { tokenize } from '../../api/chunking/index.ts';

const LEXICAL_DIMENSIONS = 256;

/** Unit length; all zeros for a text without a letter or digit. */
export function lexicalVector(text: string): Float32Array {
	const vector = new Float64Array(LEXICAL_DIMENSIONS);
	const counts = new Map<string, number>();
	const pairs = new Map<number, number>();
	let before = 0;
	for (const term of tokenize(text)) {
		counts.set(term, (counts.get(term) ?? 0) + 1);
		if (STOP_WORDS.has(term)) continue;
		const hash = hashOf(term, 0, term.length, WORD_SEED);
		if (before !== 0) {
			const pair = Math.imul(before, 0x9e3779b1) ^ hash;
			pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
		}
		before = hash;
	}
	for (const [term, count] of counts) addTerm(vector, term, 1 + Math.log(count));
	for (const [pair, count] of pairs) add(vector, mix(pair), PAIR_WEIGHT * (1 + Math.log(count)));
	return unit(vector);
}

const WORD_SEED = 0x811c9dc5;
const PIECE_SEED = 0x3c6ef372;
const PAIR_WEIGHT = 0.5;
const STOP_WEIGHT = 0.1;
/** Pieces of a longer word are those of its beginning. */
const LONGEST_WORD = 24;

const STOP_WORDS = new Set(
	(
		'a an and are as at be but by can do doe for from has have how if in into is it its may more no not of on ' +
		'or other than that the their then there these they thi this to was were what when where which who will ' +
		'with you your'
	).split(' '),
);

function addTerm(vector: Float64Array, term: string, weight: number): void {
	if (STOP_WORDS.has(term)) {
		add(vector, mix(hashOf(term, 0, term.length, WORD_SEED)), weight * STOP_WEIGHT);
		return;
	}
	add(vector, mix(hashOf(term, 0, term.length, WORD_SEED)), weight);
	if (term.length < 3) return;
	// Its ends count as characters of their own, so that beginnings and endings differ from middles.
	const padded = `<${term.slice(0, LONGEST_WORD)}>`;
	const n = padded.length;
	const pieces = n - 2 + (n - 3) + Math.max(0, n - 4);
	const each = weight / Math.sqrt(pieces);
	for (let start = 0; start + 3 <= n; start += 1) {
		let hash = PIECE_SEED;
		const last = Math.min(start + 5, n);
		for (let i = start; i < last; i += 1) {
			hash = Math.imul(hash ^ padded.charCodeAt(i), 0x01000193);
			if (i - start >= 2) add(vector, mix(hash), each);
		}
	}
}

/** One feature: the hash's low bits say where, its highest bit the sign. */
function add(vector: Float64Array, hash: number, weight: number): void {
	const index = hash & (LEXICAL_DIMENSIONS - 1);
	vector[index] = (vector[index] ?? 0) + (hash < 0 ? -weight : weight);
}

/** FNV-1a over UTF-16 code units. */
function hashOf(text: string, start: number, end: number, seed: number): number {
	let hash = seed;
	for (let i = start; i < end; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
	return hash;
}

/** Spreads every bit of a 32-bit number over all of them. */
function mix(value: number): number {
	let z = value;
	z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
	z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
	return z ^ (z >>> 15);
}

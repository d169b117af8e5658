/**
 * The vocabulary of the static table, and how a word is cut into tokens of it: the longest piece that the vocabulary
 * has first, as BERT's WordPiece does. The vocabulary is looked up in place, by the hash of a stretch of the word: no
 * string is cut out. All of it is in shared memory, so that a thread has it without reading it again.
 */
import type { Word } from './static-words.ts';

export interface PieceIndex {
	/** By hash, with open addressing: the token's id + 1; 0 where there is none. */
	readonly slots: Int32Array<SharedArrayBuffer>;
	/** The UTF-16 of all tokens, without the mark of inner pieces. Token `id` is from `starts[id]` to `starts[id + 1]`. */
	readonly units: Uint16Array<SharedArrayBuffer>;
	readonly starts: Int32Array<SharedArrayBuffer>;
	/** 1 for pieces that stand behind another one. */
	readonly inner: Uint8Array<SharedArrayBuffer>;
	readonly longest: number;
	/** Id of the token that stands for words of which the vocabulary lacks a part. */
	readonly unknown: number;
}

/** In the vocabulary, inner pieces begin with it. */
const INNER = '##';
const UNKNOWN = '[UNK]';

/** A longer word is unknown, whatever the vocabulary has of it. In code points. */
const LONGEST_WORD = 100;

export function indexPieces(vocabulary: readonly string[]): PieceIndex {
	const texts = vocabulary.map((token) => (isInner(token) ? token.slice(INNER.length) : token));
	const total = texts.reduce((sum, text) => sum + text.length, 0);
	// A third full at most, or looks would meet one another's neighbours.
	const places = 2 ** Math.ceil(Math.log2(vocabulary.length * 3));
	const index: PieceIndex = {
		slots: new Int32Array(new SharedArrayBuffer(4 * places)),
		units: new Uint16Array(new SharedArrayBuffer(2 * total)),
		starts: new Int32Array(new SharedArrayBuffer(4 * (texts.length + 1))),
		inner: new Uint8Array(new SharedArrayBuffer(texts.length)),
		longest: texts.reduce((most, text) => Math.max(most, text.length), 0),
		unknown: vocabulary.indexOf(UNKNOWN),
	};
	let end = 0;
	for (const [id, text] of texts.entries()) {
		index.inner[id] = isInner(vocabulary[id] ?? '') ? 1 : 0;
		let hash = seedOf(index.inner[id] ?? 0);
		for (let at = 0; at < text.length; at += 1) {
			const unit = text.charCodeAt(at);
			index.units[end + at] = unit;
			hash = extended(hash, unit);
		}
		end += text.length;
		index.starts[id + 1] = end;
		let slot = slotOf(index, hash);
		while (index.slots[slot] !== 0) slot = (slot + 1) & (places - 1);
		index.slots[slot] = id + 1;
	}
	return index;
}

/** The tokens of a word, in order; one unknown token where a part of it is not in the vocabulary. */
export function createPieces(index: PieceIndex): (word: Word, take: (id: number) => void) => void {
	/** Of the word in hand: a word that turns out to be unknown has given none. */
	const ids = new Int32Array(LONGEST_WORD * 2);
	/** `hashes[at]`: of what stands between the piece's begin and there. */
	const hashes = new Int32Array(index.longest + 1);

	/** Where the longest piece from `from` on ends, and in `ids` which one it is; -1: there is none. */
	function longestPiece({ units, length }: Word, from: number, count: number): number {
		const most = Math.min(index.longest, length - from);
		const inner = from === 0 ? 0 : 1;
		let hash = seedOf(inner);
		for (let at = 0; at < most; at += 1) {
			hash = extended(hash, units[from + at] ?? 0);
			hashes[at + 1] = hash;
		}
		for (let size = most; size > 0; size -= 1) {
			const id = find(index, units, from, from + size, hashes[size] ?? 0, inner);
			if (id === -1) continue;
			ids[count] = id;
			return from + size;
		}
		return -1;
	}

	return (word, take) => {
		if (isTooLong(word)) return take(index.unknown);
		let count = 0;
		for (let from = 0; from < word.length; count += 1) {
			from = longestPiece(word, from, count);
			if (from === -1) return take(index.unknown);
		}
		for (let at = 0; at < count; at += 1) take(ids[at] ?? 0);
	};
}

const isInner = (token: string): boolean => token.startsWith(INNER) && token.length > INNER.length;

/** FNV-1a over UTF-16 units; whole words and inner pieces begin apart. */
const seedOf = (inner: number): number => (inner === 0 ? 0x811c9dc5 | 0 : 0x3c6ef372);
const extended = (hash: number, unit: number): number => Math.imul(hash ^ unit, 0x01000193);
const slotOf = ({ slots }: PieceIndex, hash: number): number => (hash ^ (hash >>> 15)) & (slots.length - 1);

/** The token that is `word` between two places, or -1. */
function find(
	index: PieceIndex,
	word: Uint16Array,
	from: number,
	to: number,
	hash: number,
	inner: number,
): number {
	const { slots, units, starts } = index;
	for (let slot = slotOf(index, hash); ; slot = (slot + 1) & (slots.length - 1)) {
		const id = (slots[slot] ?? 0) - 1;
		if (id === -1) return -1;
		const start = starts[id] ?? 0;
		if ((starts[id + 1] ?? 0) - start !== to - from || index.inner[id] !== inner) continue;
		let at = from;
		while (at < to && word[at] === units[start + at - from]) at += 1;
		if (at === to) return id;
	}
}

function isTooLong({ units, length }: Word): boolean {
	if (length <= LONGEST_WORD) return false;
	if (length > LONGEST_WORD * 2) return true;
	let points = 0;
	// The second unit of a pair begins no code point.
	for (let at = 0; at < length; at += 1) if (((units[at] ?? 0) & 0xfc00) !== 0xdc00) points += 1;
	return points > LONGEST_WORD;
}

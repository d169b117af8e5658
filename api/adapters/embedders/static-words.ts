/**
 * A text's words as BERT's uncased models see them: small letters without accents; what stands between spaces, with
 * each punctuation mark and each ideograph a word of its own. What becomes of a character is frozen in
 * static-characters.ts: asked of the running Node, stored vectors would not compare with new ones once its Unicode
 * is another one.
 */
import { CHARACTER_FOLDS, CHARACTER_KINDS } from './static-characters.ts';

/** One object for all words of all texts: whoever keeps one copies it. */
export interface Word {
	/** UTF-16, as far as there is room. */
	readonly units: Uint16Array;
	/** Of the whole word. */
	length: number;
}

/** Room for 100 code points; a longer word is unknown, whatever it holds. */
const word: Word = { units: new Uint16Array(200), length: 0 };

/** Calls `take` with each word. */
export function eachWord(text: string, take: (word: Word) => void): void {
	word.length = 0;
	for (let at = 0; at < text.length; at += 1) {
		let point = text.charCodeAt(at);
		if ((point & 0xfc00) === 0xd800) {
			point = text.codePointAt(at) ?? point;
			if (point > 0xffff) at += 1;
		}
		takeCharacter(point, take);
	}
	endWord(take);
}

/** What becomes of a character. All that the table does not name are a part of their word, as they are. */
const PART = 0;
const SPACE = 1;
/** A word of its own. */
const ALONE = 2;
const DROPPED = 3;
/** Another one of the first 65,536 stands in its place, and is a part of its word. */
const FOLDED = 4;
/** Any others stand in its place. */
const REPLACED = 5;

function takeCharacter(point: number, take: (word: Word) => void): void {
	switch (kinds[point]) {
		case PART:
			return append(point);
		case FOLDED:
			return append(folded[point] ?? 0);
		case SPACE:
			return endWord(take);
		case ALONE:
			endWord(take);
			append(point);
			return endWord(take);
		case REPLACED:
			for (const other of inPlaceOf(point)) takeCharacter(other, take);
			return;
		default: // Dropped.
	}
}

function append(point: number): void {
	if (point > 0xffff) {
		append(0xd800 + ((point - 0x10000) >> 10));
		append(0xdc00 + ((point - 0x10000) & 0x3ff));
		return;
	}
	if (word.length < word.units.length) word.units[word.length] = point;
	word.length += 1;
}

function endWord(take: (word: Word) => void): void {
	if (word.length > 0) take(word);
	word.length = 0;
}

const kinds = new Uint8Array(0x11_0000);
const folded = new Uint16Array(0x1_0000);
const replaced = new Map<number, readonly number[]>();

const inPlaceOf = (point: number): readonly number[] => replaced.get(point) ?? jamoOf(point);

/** A syllable of Korean is the two or three letters that it is composed of, by the rule of the Unicode standard. */
function jamoOf(point: number): number[] {
	const index = point - FIRST_SYLLABLE;
	const letters = [0x1100 + Math.floor(index / 588), 0x1161 + Math.floor((index % 588) / 28)];
	return index % 28 === 0 ? letters : [...letters, 0x11a7 + (index % 28)];
}
const FIRST_SYLLABLE = 0xac00;
const SYLLABLES = 11_172;

/** Both tables are entries that stand in order and say how far each is from the end of the one before. */
function readTables(): void {
	const kindOf = { s: SPACE, a: ALONE, d: DROPPED } as const;
	let end = 0;
	for (const entry of CHARACTER_KINDS.split(' ')) {
		const [gap = 0, length = 0] = entry.slice(1).split('.').map(fromBase36);
		kinds.fill(kindOf[entry[0] as keyof typeof kindOf], end + gap, end + gap + length);
		end += gap + length;
	}
	let point = -1;
	for (const entry of CHARACTER_FOLDS.split(' ')) {
		const [gap = 0, ...others] = entry.split('.').map(fromBase36);
		point += gap + 1;
		const [only = 0] = others;
		const isOnePart = others.length === 1 && point <= 0xffff && only <= 0xffff && kinds[only] === PART;
		kinds[point] = isOnePart ? FOLDED : REPLACED;
		if (isOnePart) folded[point] = only;
		else replaced.set(point, others);
	}
	kinds.fill(REPLACED, FIRST_SYLLABLE, FIRST_SYLLABLE + SYLLABLES);
}
const fromBase36 = (digits: string): number => Number.parseInt(digits, 36);

readTables();

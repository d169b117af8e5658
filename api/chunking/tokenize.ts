/**
 * The one tokenizer of full-text search: both vector stores index what it returns, and queries go through it
 * too, so that they agree on what a term is. Pure, the same on every machine (no locale is asked).
 *
 * - Text is folded by NFKC and lower case. A word is a run of letters, marks, digits and underscores.
 * - Identifiers stay whole and are split as well: `CMAKE_INSTALL_RPATH` gives cmake_install_rpath, cmake,
 *   install, rpath; `createHttpServer` gives createhttpserver, create, http, server. Underscores at the ends
 *   are dropped, and so are parts of one character.
 * - English plurals of plain words and parts (ASCII letters, four or more) lose their ending: libraries ->
 *   library, files -> file, indexes -> index, URLs -> url; class and status stay.
 * - What nobody sees within a word (soft hyphens, zero-width characters, marks of direction) is no part of it. A
 *   zero-width non-joiner, which Persian writes between the parts of a word, gives the whole and its parts.
 * - A word with accents, points or letters that many keyboards lack gives itself and what people type instead:
 *   café gives café and cafe, Straße straße and strasse. So the exact word scores twice, and the plain one is found.
 * - Han, Hiragana, Katakana, Hangul, Thai, Lao, Khmer and Burmese, which put no spaces between words or
 *   endings on them, give single characters and pairs of neighbours.
 * - A term is cut after 64 code units and never holds a space.
 */
export function tokenize(text: string): string[] {
	const terms: string[] = [];
	if (!BEYOND_ASCII.test(text)) {
		for (const word of text.match(ASCII_WORDS) ?? []) addWord(word, terms);
		return terms;
	}
	for (const word of text.normalize('NFKC').replace(UNSEEN, '').match(WORDS) ?? []) {
		if (!UNSPACED.test(word)) {
			if (word.includes(NON_JOINER)) addJoined(word, terms);
			else addWord(word, terms);
			continue;
		}
		for (const part of word.replaceAll(NON_JOINER, '').match(UNSPACED_OR_NOT) ?? []) {
			if (UNSPACED.test(part)) addPairs(part, terms);
			else addWord(part, terms);
		}
	}
	return terms;
}

/**
 * A run of letters as it stands in a text, in parts: those that are written without spaces, and the words between them.
 * For whoever shows where terms stand; `tokenize` folds the text first.
 */
export function partsOf(
	run: string,
): { readonly text: string; readonly index: number; readonly isUnspaced: boolean }[] {
	if (!BEYOND_ASCII.test(run)) return [{ text: run, index: 0, isUnspaced: false }];
	return Array.from(run.matchAll(UNSPACED_OR_NOT), ({ 0: text, index }) => ({
		...{ text, index, isUnspaced: UNSPACED.test(text) },
	}));
}

/** Whether a term is of a text that is written without spaces: one character, or two neighbours. */
export const isUnspacedTerm = (term: string): boolean => UNSPACED.test(term);

const LONGEST = 64;

const BEYOND_ASCII = /[^\x00-\x7f]/;
const ASCII_WORDS = /[0-9A-Za-z_]+/g;
const NON_JOINER = '\u200c';
const WORDS = /[\p{L}\p{M}\p{N}_\u200c]+/gu;
const UNSEEN =
	/[\xad\u034f\u061c\u200b\u200d-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe0e\ufe0f\ufeff]/g;
const UNSPACED_CLASS =
	'[[\\p{scx=Han}\\p{scx=Hira}\\p{scx=Kana}\\p{scx=Hang}]&&[\\p{L}\\p{N}]]\\p{sc=Thai}\\p{sc=Laoo}\\p{sc=Khmr}\\p{sc=Mymr}';
const UNSPACED = new RegExp(`[${UNSPACED_CLASS}]`, 'v');
const UNSPACED_OR_NOT = new RegExp(`[${UNSPACED_CLASS}]+|[^${UNSPACED_CLASS}]+`, 'gv');

const SIMPLE = /^[A-Za-z]?[a-z0-9]*$/;
const ENDS = /^_+|_+$/g;
/** An inner underscore, or a capital that begins a part; `URLs` is a plural and no identifier. */
const COMPOUND = /_|[\p{Ll}\p{N}]\p{Lu}|\p{Lu}\p{Lu}\p{Ll}(?!(?<=^\p{Lu}+s)$)/u;
/** Capitals up to the one that begins the next part; a part with or without a capital; a lone capital. */
const PARTS = /\p{Lu}+(?!\p{Ll})|\p{Lu}?[^\p{Lu}_]+|\p{Lu}/gu;

function addWord(word: string, terms: string[]): void {
	if (SIMPLE.test(word)) {
		terms.push(cut(singular(word.toLowerCase())));
		return;
	}
	const inner = word.startsWith('_') || word.endsWith('_') ? word.replace(ENDS, '') : word;
	if (inner === '') return;
	const lower = inner.toLowerCase();
	if (!COMPOUND.test(inner)) {
		addTerm(singular(lower), terms);
		return;
	}
	addTerm(lower, terms);
	for (const part of inner.match(PARTS) ?? []) {
		if (part.length > 1) addTerm(singular(part.toLowerCase()), terms);
	}
}

function addJoined(word: string, terms: string[]): void {
	const parts = word.split(NON_JOINER).filter((part) => part !== '');
	if (parts.length > 0) addWord(parts.join(''), terms);
	if (parts.length > 1) for (const part of parts) addWord(part, terms);
}

function addTerm(term: string, terms: string[]): void {
	terms.push(cut(term));
	if (!BEYOND_ASCII.test(term)) return;
	const plain = singular(plainOf(term));
	if (plain !== term && plain !== '') terms.push(cut(plain));
}

/** As it is typed where the marks are left out, or not at hand. */
const plainOf = (term: string): string =>
	term
		.normalize('NFD')
		.replace(MARKS, '')
		.normalize('NFC')
		.replace(OTHER_LETTERS, (letter) => LETTERS[letter] ?? letter);

/**
 * Accents (but that of й, which is a letter of its own), Hebrew points, Arabic vowel signs and stretching. The
 * signs of Indian scripts are not among them: there they are the vowels.
 */
const MARKS =
	/(?<!и)\u0306|[\u0300-\u0305\u0307-\u036f\u0591-\u05bd\u05bf-\u05c7\u0640\u064b-\u065f\u0670\u06d6-\u06ed]/g;
const LETTERS: Readonly<Record<string, string>> = {
	ß: 'ss',
	æ: 'ae',
	œ: 'oe',
	ø: 'o',
	ł: 'l',
	đ: 'd',
	ð: 'd',
	þ: 'th',
	ı: 'i',
	ħ: 'h',
	ς: 'σ',
};
const OTHER_LETTERS = new RegExp(`[${Object.keys(LETTERS).join('')}]`, 'g');

/** Each character, and each with its right neighbour. */
function addPairs(text: string, terms: string[]): void {
	let before = '';
	for (const character of text) {
		if (before !== '') terms.push(before + character);
		terms.push(character);
		before = character;
	}
}

/** Harman's s-stemmer with one rule more (sses, xes, shes): the first rule whose ending fits decides. */
function singular(word: string): string {
	if (word.length < 4 || word.charCodeAt(word.length - 1) !== 115 || !PLAIN.test(word)) return word;
	if (word.endsWith('ies')) return /[ea]ies$/.test(word) ? word.slice(0, -1) : `${word.slice(0, -3)}y`;
	if (/(?:ss|x|sh)es$/.test(word)) return word.slice(0, -2);
	if (word.endsWith('us') || word.endsWith('ss')) return word;
	return word.slice(0, -1);
}
const PLAIN = /^[a-z]+$/;

function cut(term: string): string {
	if (term.length <= LONGEST) return term;
	const kept = term.slice(0, LONGEST);
	return /[\uD800-\uDBFF]$/.test(kept) ? kept.slice(0, -1) : kept;
}

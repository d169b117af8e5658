/**
 * Where a character, as a reader sees it, or a word of a script without spaces begins; for chunk-cuts.ts and
 * cut-scan.ts, which must answer alike. What is looked at is bounded on both sides of the position, so that the
 * answer neither depends on far text nor costs more in a long one.
 */
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
const words = new Intl.Segmenter('en', { granularity: 'word' });

/** A character of more code units is cut all the same. */
const LONGEST_GRAPHEME = 64;
const WORD_CONTEXT = 24;

/** What both questions look at behind a position, itself included. */
export const LOOKAHEAD = WORD_CONTEXT;

/**
 * Not within a surrogate pair, a letter and its accents, or an emoji of several. `end`: of the position's block;
 * `longest`: a character of more code units than this is cut.
 */
export function isGraphemeStart(text: string, i: number, end: number, longest: number): boolean {
	const code = text.charCodeAt(i);
	const before = text.charCodeAt(i - 1);
	if (code < 0x300 && before < 0x300) return true;
	if (isIdeograph(code)) return true;
	const from = Math.max(0, i - Math.min(LONGEST_GRAPHEME, longest));
	const found = graphemes.segment(text.slice(from, Math.min(end, i + 2))).containing(i - from);
	if (found === undefined || found.index === i - from) return true;
	return found.index === 0 && from > 0 && !isWithinPair(before, code);
}

/** Between two words of a script that puts no spaces there, as its dictionary has them. */
export function isUnspacedWordStart(text: string, i: number, end: number): boolean {
	if (!isUnspaced(text.charCodeAt(i)) || !isUnspaced(text.charCodeAt(i - 1))) return false;
	const from = Math.max(0, i - WORD_CONTEXT);
	const found = words.segment(text.slice(from, Math.min(end, i + WORD_CONTEXT))).containing(i - from);
	return found?.index === i - from;
}

const isWithinPair = (before: number, code: number) =>
	(code & 0xfc00) === 0xdc00 && (before & 0xfc00) === 0xd800;

const isIdeograph = (code: number) => code >= 0x4e00 && code <= 0x9fff;

/** Thai, Lao, Burmese, Khmer, kana and Han. */
function isUnspaced(code: number): boolean {
	if (code < 0xe00) return false;
	return (
		code < 0xf00 ||
		(code >= 0x1000 && code < 0x10a0) ||
		(code >= 0x1780 && code < 0x1800) ||
		(code >= 0x3041 && code < 0x3100) ||
		(code >= 0x3400 && code < 0xa000)
	);
}

/**
 * The words of RTF that officeparser passes over, as others that it knows: what stands on both sides of a dash or of the
 * end of a page would be one word. Pure; bytes are characters here.
 */

/** In a group of its own, so that it has the one character behind it that readers without Unicode show. */
const sign = (code: number) => `{\\uc1\\u${code} ?}`;

const words: Readonly<Record<string, string>> = {
	...{ '\\emdash': sign(0x2014), '\\endash': sign(0x2013), '\\bullet': sign(0x2022) },
	...{ '\\emspace': sign(0x2003), '\\enspace': sign(0x2002), '\\qmspace': sign(0x2005) },
	...{ '\\~': sign(0xa0), '\\_': sign(0x2011) },
	...{ '\\page': '\\par ', '\\column': '\\par ', '\\sect': '\\par\\sect ', '\\softline': '\\line ' },
};

/** A sign that is escaped is no beginning of a word; a blank behind a word ends it, and is no text. */
const WORDS =
	/\\[\\{}]|\\[~_]|\\(?:emdash|endash|bullet|emspace|enspace|qmspace|page|column|sect|softline)(?![A-Za-z\d-]) ?/g;

export function shownRtf(text: string): string {
	// Bytes as they are, of which the length is said.
	if (/\\bin\d/.test(text)) return text;
	return text.replace(WORDS, (word) => words[word.trimEnd()] ?? word);
}

/**
 * PDFium marks a hyphen at the end of a line. Most of them divide a word and go; where the document has the word with
 * its hyphen elsewhere, it belongs to the word and stays.
 */
export const DIVISION = '\ufffe';

export function createHyphens() {
	/** Words with a hyphen of their own, in lower case, of the pages until now. */
	const known = new Set<string>();
	let page = '';
	return {
		/** The text of the page at hand, before its paragraphs are joined. */
		see(text: string): void {
			page = text;
			if (known.size >= MOST_KNOWN) return;
			for (const [word] of text.matchAll(HYPHENATED)) known.add(word.toLowerCase());
		},
		join(text: string): string {
			if (!text.includes(DIVISION)) return text;
			return text.replace(DIVIDED, (_all, before: string, after: string) => {
				const [divided, whole] = [`${before}-${after}`, before + after];
				if (known.has(divided.toLowerCase())) return divided;
				// Before a capital or a number it is no division, but for names that have capitals within.
				return /^\p{Ll}/u.test(after) || page.includes(whole) ? whole : divided;
			});
		},
	};
}

const MOST_KNOWN = 50_000;
const HYPHENATED = /[\p{L}\p{N}]{1,40}-[\p{L}\p{N}]{1,40}/gu;
const DIVIDED = new RegExp(`([\\p{L}\\p{N}]{0,60})${DIVISION}\\s*([\\p{L}\\p{N}]{0,60})`, 'gu');

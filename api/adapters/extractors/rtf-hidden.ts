/**
 * RTF without what its reader does not see: text that somebody has deleted while changes were noted, and hidden text.
 * officeparser knows neither. Pure; bytes are characters here.
 */
const MARKS = /\\(?:deleted|v)1?(?![A-Za-z\d-])/;
const TOKENS = /(?:\\'[\dA-Fa-f]{2})+|\\(?:([A-Za-z]+)(-?\d+)? ?|[^])|[{}]|[^\\{}]+/g;
/** Words that stand for characters; all others say how text is set, or end a paragraph, which stays. */
const SIGNS = new Set(
	'u tab line emdash endash bullet lquote rquote ldblquote rdblquote emspace enspace qmspace'.split(' '),
);

/** What is said of the text of a group. */
interface Look {
	readonly deleted: boolean;
	readonly v: boolean;
}

const SEEN: Look = { deleted: false, v: false };

export function seenRtf(text: string): string {
	// Behind this, bytes are as they are, of which the length is said.
	if (!MARKS.test(text) || /\\bin\d/.test(text)) return text;
	const seen: string[] = [];
	const around: Look[] = [];
	let look = SEEN;
	for (const [token, word, number] of text.matchAll(TOKENS)) {
		if (token === '{') around.push(look);
		else if (token === '}') look = around.pop() ?? SEEN;
		else if (word === 'plain') look = SEEN;
		else if (word === 'deleted' || word === 'v') look = { ...look, [word]: number !== '0' };
		const isText = word === undefined ? !/^(?:[{}]$|\\\*)/.test(token) : SIGNS.has(word);
		if (!isText || !(look.deleted || look.v)) seen.push(token);
	}
	return seen.join('');
}

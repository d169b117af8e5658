/**
 * Looks at XML before a library makes a tree of it. A tree takes half a kilobyte for each element, and the libraries
 * walk down in it by recursion: a small file can ask for more elements, and for deeper ones, than a process holds.
 */
import { DocDropError } from '../../errors.ts';

export const MOST_ELEMENTS = 1_000_000;

/** Documents nest some dozens deep. */
const DEEPEST = 256;

const [LESS, GREATER, SLASH, BANG, QUESTION, QUOTE, APOSTROPHE] = [0x3c, 0x3e, 0x2f, 0x21, 0x3f, 0x22, 0x27];

/** For all XML parts of one file: throws `unreadable` once they are more, or deeper, than a reader can take. */
export function createXmlCheck(mimeType: string): (content: Buffer) => void {
	let left = MOST_ELEMENTS;
	return (content) => {
		let depth = 0;
		for (let at = textEnd(content, 0); at < content.length; at = textEnd(content, at)) {
			const first = content[at + 1];
			const end = tagEnd(content, at);
			left -= 1;
			if (first === SLASH) depth -= 1;
			else if (first !== BANG && first !== QUESTION && content[end - 2] !== SLASH) depth += 1;
			if (left < 0) throw tooMany(mimeType, `has more than ${MOST_ELEMENTS} tags`);
			if (depth > DEEPEST) throw tooMany(mimeType, `has elements within elements more than ${DEEPEST} deep`);
			at = end;
		}
	};
}

const tooMany = (mimeType: string, what: string) =>
	new DocDropError('unreadable', `the file, read as ${mimeType}, ${what}`);

/** A loop over bytes, because a search that is called for each tag takes ten times as long. */
function textEnd(content: Buffer, from: number): number {
	let at = from;
	while (at < content.length && content[at] !== LESS) at += 1;
	return at;
}

/** Behind the tag, comment or whatever else begins here. */
function tagEnd(content: Buffer, from: number): number {
	const first = content[from + 1];
	if (first === BANG || first === QUESTION) return markEnd(content, from, first);
	let quote = 0;
	for (let at = from + 1; at < content.length; at += 1) {
		const byte = content[at];
		if (quote !== 0) quote = byte === quote ? 0 : quote;
		else if (byte === QUOTE || byte === APOSTROPHE) quote = byte;
		else if (byte === GREATER) return at + 1;
	}
	return content.length;
}

function markEnd(content: Buffer, from: number, first: number): number {
	const start = content.toString('latin1', from + 2, from + 9);
	const mark = first === QUESTION ? '?>' : start.startsWith('--') ? '-->' : start === '[CDATA[' ? ']]>' : '>';
	const at = content.indexOf(mark, from, 'latin1');
	return at < 0 ? content.length : at + mark.length;
}

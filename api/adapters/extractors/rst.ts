/** What of reStructuredText is told from plain text: marks within titles, and lines that only name a place. Pure. */

export const RST = 'text/x-rst';

/** `.. _name:`, to which links lead; one with an address behind it says something. */
const TARGET = /^\s*\.\. _(?:`[^`\n]{1,200}`|(?:[^:\\\n]|\\.){1,200}):\s*$/;

/** Whether a line stands between paragraphs. */
export const isBorder = (line: string, mimeType: string): boolean =>
	line.trim() === '' || (mimeType === RST && TARGET.test(line));

/** A title without its marks: links, references and roles give their text. */
export const plainTitle = (text: string): string => withoutMarks(text).trim() || text;

const withoutMarks = (text: string): string =>
	text
		.replace(/``([^`]{1,300})``/g, '$1')
		.replace(
			/(?::[\w:.+-]{1,60}:|_)?`[~!]?([^`<>]{1,300}?)(?:\s*<[^`<>]{1,500}>)?`(?:__?(?!\w))?/g,
			(_all, shown: string) => shown,
		)
		.replace(/(?<![\w*])(\*{1,2})(?![\s*])([^*]{1,300}?)(?<!\s)\1(?![\w*])/g, '$2')
		.replace(
			/(?<=^|[\s([{"'])([\p{L}\p{N}](?:[\w.+-]{0,100}[\p{L}\p{N}])?)__?(?=$|[\s.,:;!?)\]}"'])/gu,
			'$1',
		);

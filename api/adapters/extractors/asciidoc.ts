/** AsciiDoc to blocks: headings, paragraphs, items, rows of tables, and what stands between delimiters as code. */
import type { Block } from '../../chunking/index.ts';
import { decode } from './decode.ts';
import type { Document } from './extracted.ts';
import { linesIn } from './lines.ts';
import { createMarkup } from './markup.ts';

/** Of code and literal text; the comment's is `////`. */
const DELIMITER = /^(?:-{4,}|\.{4,}|`{3,})[\w-]*\s*$/;

/** Rejects with `unreadable` what is binary. */
export function extractAsciidoc(bytes: Uint8Array, mimeType = 'text/asciidoc'): Document {
	const blocks: Block[] = [];
	const markup = createMarkup((block) => blocks.push(block));
	/** The line that ends what is open. */
	let closing: string | null = null;
	let inTable = false;
	for (const line of linesIn(decode(bytes, mimeType))) {
		const text = line.trimEnd();
		if (closing !== null) {
			if (text === closing) {
				markup.endCode();
				closing = null;
			} else if (!closing.startsWith('/')) markup.code(line);
			continue;
		}
		const heading = /^(={1,6}|#{1,6})\s+(\S.*)$/.exec(text);
		const item = /^\s*(\*{1,5}|-|\.{1,5}|\d+\.)\s+(\S.*)$/.exec(text);
		if (DELIMITER.test(text) || /^\/{4,}$/.test(text)) {
			closing = text.startsWith('`') ? text.replace(/[^`]+$/, '') : text;
			markup.endText();
		} else if (/^[|!,:]={3,}$/.test(text)) inTable = !inTable;
		else if (inTable) {
			const cells = text.split(/(?:\d*[.+*]?\d*[<^>]?[.]?[aehlms]?)\|/).map((cell) => cell.trim());
			markup.row(
				cells
					.map(clean)
					.filter((cell) => cell !== '')
					.join(' | '),
			);
		} else if (heading !== null) markup.heading(heading[1]?.length ?? 1, clean(heading[2] ?? ''));
		else if (isHidden(text)) markup.endText();
		else if (item !== null)
			markup.item(/^[.*]+$/.test(item[1] ?? '') ? (item[1]?.length ?? 1) : 1, clean(item[2] ?? ''));
		else markup.text(clean(text.replace(/^\.(?=\w)/, '').replace(/ \+$/, '')));
	}
	markup.endCode();
	markup.endText();
	return { title: blocks.find((block) => block.kind === 'heading')?.text ?? null, blocks };
}

/** Comments, attributes, anchors, and the borders of other blocks. */
const isHidden = (text: string) =>
	/^(?:\/\/.*|:!?[\w-]+!?:.*|\[.{0,300}\]|={4,}|\*{4,}|_{4,}|\+{1,4}|--|'{3,}|<{3}|(?:include|image|ifdef|ifndef|ifeval|endif|toc)::.*)$/.test(
		text,
	);

/** Links and references give their text, or what they lead to; anchors and roles go. */
const clean = (text: string) =>
	text
		.replace(ANCHOR, '')
		.replace(/\[[#.][\w.#%-]{1,100}\](#{1,2})([^#\n]{1,300})\1/g, '$2')
		.replace(/\[[#.][\w.#%-]{1,100}\](?=[*_`#])/g, '')
		.replace(/\b(?:link|xref|image|mailto|https?|ftp):[^\s[\]]{1,500}\[([^\]]{0,300})\]/g, '$1')
		.replace(/<<[^<>,]{1,100},([^<>]{1,300})>>/g, '$1')
		.replace(/<<([\w#:./-]{1,100})>>/g, '$1')
		.trim();

/** `[[name]]`, `[[name,text]]`, `[[[name]]]` of a bibliography, `anchor:name[]`; not where it is quoted as code. */
const ANCHOR =
	/(?<![`+\w])(?:\[{2,3}[\p{L}_:][\p{L}\p{N}_:.-]{0,100}(?:,[^[\]\n]{0,200})?\]{2,3}|anchor:[\w:.-]{1,100}\[[^\]\n]{0,200}\])(?!`)/gu;

/**
 * TeX and LaTeX to blocks: sections as headings, items, verbatim text as code, and the words of all else. Commands
 * lose their names and keep their arguments, but for those that no reader sees; formulas stay as they are written.
 * No macro is expanded and no file is included.
 */
import type { Block } from '../../chunking/index.ts';
import { decode } from './decode.ts';
import { LONGEST_TITLE, type Document } from './extracted.ts';

const LEVELS: Readonly<Record<string, number>> = {
	part: 1,
	chapter: 1,
	section: 2,
	subsection: 3,
	subsubsection: 4,
	paragraph: 5,
	subparagraph: 6,
};
/** An argument of more characters is not taken for one: its brace was never closed. */
const LONGEST_ARGUMENT = 2_000;

const VERBATIM = /\\begin\{(verbatim\*?|Verbatim|lstlisting|minted|alltt)\}/g;
/** Where a block begins or ends. */
const BORDER =
	/\\(part|chapter|(?:sub){0,2}section|(?:sub)?paragraph)\*?\s*(?:\[[^\]]{0,300}\])?\s*\{|\\item\b\s*(?:\[([^\]]{0,300})\])?|\n[^\S\n]*\n\s*|\\par\b/g;

/** Rejects with `unreadable` what is binary. */
export function extractTex(bytes: Uint8Array, mimeType = 'application/x-tex'): Document {
	const source = decode(bytes, mimeType);
	const begin = source.indexOf('\\begin{document}');
	const end = source.indexOf('\\end{document}', Math.max(begin, 0));
	const preamble = begin < 0 ? source : source.slice(0, begin);
	const body = source.slice(begin < 0 ? 0 : begin + '\\begin{document}'.length, end < 0 ? undefined : end);
	const blocks: Block[] = [];
	const push = (block: Block) => {
		if (block.text.trim() !== '') blocks.push(block);
	};
	const title = commandArgument(preamble, '\\title') ?? commandArgument(body, '\\title');
	for (const part of partsOf(body)) {
		if (part.isCode) push({ kind: 'code', text: part.text.replace(/^(?:[^\S\n]*\n)+/, '').trimEnd() });
		else proseBlocks(withoutComments(part.text), push);
	}
	const heading = blocks.find((block) => block.kind === 'heading');
	const found =
		title === null ? '' : plain(withoutComments(title)).replace(/\s+/g, ' ').slice(0, LONGEST_TITLE);
	return { title: found || (heading?.text ?? null), blocks };
}

/** Verbatim text and what lies between. */
function* partsOf(text: string): Generator<{ readonly text: string; readonly isCode: boolean }> {
	let from = 0;
	VERBATIM.lastIndex = 0;
	for (let found = VERBATIM.exec(text); found !== null; found = VERBATIM.exec(text)) {
		const start = VERBATIM.lastIndex;
		const end = text.indexOf(`\\end{${found[1]}}`, start);
		if (end < 0) break;
		yield { text: text.slice(from, found.index), isCode: false };
		// What stands on the line of the environment are its options.
		const options =
			/^(?:\[[^\]\n]{0,300}\]|\{[^}\n]{0,100}\})*/.exec(text.slice(start, start + 600))?.[0] ?? '';
		yield { text: text.slice(start + options.length, end), isCode: true };
		from = text.indexOf('}', end) + 1;
		VERBATIM.lastIndex = from;
	}
	yield { text: text.slice(from), isCode: false };
}

const COMMENT_OR_VERB = /\\verb\*?([^A-Za-z\s*])([^\n]{0,500}?)\1|(^|[^\\])%[^\n]*(?:\n[^\S\n]*(?=\S))?/g;

/** What `\verb` quotes may hold the sign of a comment; its own signs are text from here on. */
const withoutComments = (text: string) =>
	text.replace(COMMENT_OR_VERB, (_, mark: string | undefined, quoted: string, before: string) =>
		mark === undefined
			? before
			: quoted.replace(/[\\%&_#${}]/g, (sign) => (sign === '\\' ? '\\textbackslash{}' : `\\${sign}`)),
	);

function proseBlocks(text: string, push: (block: Block) => void): void {
	let from = 0;
	let label = '';
	let isItem = false;
	const flush = (to: number) => {
		const words = plain(text.slice(from, to));
		if (isItem) push({ kind: 'item', level: 1, text: label === '' ? words : `${label} ${words}`.trim() });
		else push({ kind: 'paragraph', text: words });
		isItem = false;
	};
	BORDER.lastIndex = 0;
	for (let found = BORDER.exec(text); found !== null; found = BORDER.exec(text)) {
		const next = BORDER.lastIndex;
		flush(found.index);
		from = next;
		if (found[1] !== undefined) {
			const end = argumentEnd(text, next);
			push({ kind: 'heading', level: LEVELS[found[1]] ?? 2, text: plain(text.slice(next, end)) });
			from = Math.min(end + 1, text.length);
		} else if (found[0].startsWith('\\item')) {
			isItem = true;
			label = plain(found[2] ?? '');
		}
		BORDER.lastIndex = from;
	}
	flush(text.length);
}

/** Of a command's first argument in braces; null where the command does not occur. */
function commandArgument(text: string, command: string): string | null {
	const found = text.indexOf(`${command}{`);
	if (found < 0) return null;
	const start = found + command.length + 1;
	return text.slice(start, argumentEnd(text, start));
}

/** The brace that closes; the end of the line where there is none. */
function argumentEnd(text: string, start: number): number {
	let open = 1;
	const last = Math.min(text.length, start + LONGEST_ARGUMENT);
	for (let at = start; at < last; at += 1) {
		const char = text.charAt(at);
		if (char === '\\') at += 1;
		else if (char === '{') open += 1;
		else if (char === '}' && (open -= 1) === 0) return at;
	}
	const line = text.indexOf('\n', start);
	return line < 0 ? last : Math.min(line, last);
}

/** What only the typesetter reads, with its arguments. */
const HIDDEN =
	/\\(?:label|ref|eqref|pageref|autoref|cref|Cref|cite[a-z]*|nocite|index|glsadd|includegraphics|input|include|usepackage|documentclass|bibliographystyle|bibliography|vspace|hspace|setlength|addtolength|setcounter|pagestyle|thispagestyle|newcommand|renewcommand|providecommand|hypersetup|graphicspath|maketitle|tableofcontents|title|author|date)\b\*?(?:\s*(?:\[[^\]]{0,500}\]|\{[^{}]{0,500}\})){0,4}/g;
const ENVIRONMENT =
	/\\(?:begin|end)\s*\{[^{}]{0,60}\}(?:\[[^\]\n]{0,200}\])?(?:(?<=\\begin\{(?:tabular[x*]?|longtable|array|minipage|multicols)\}(?:\[[^\]\n]{0,200}\])?)(?:\{[^{}\n]{0,200}\}){1,2})?/g;
/** Where a link leads, or what it is found by; its words follow. */
const LINK_TARGET = /\\(?:href|hyperlink|hypertarget)\s*\{[^{}]{0,1000}\}/g;
/** What is set, and the same once more for a PDF's outline. */
const FOR_OUTLINE = /\\texorpdfstring\s*\{((?:[^{}]|\{[^{}]{0,500}\}){0,1000})\}\s*\{[^{}]{0,500}\}/g;
const ACCENTS: Readonly<Record<string, string>> = {
	...{ '"': '\u0308', "'": '\u0301', '`': '\u0300', '^': '\u0302', '~': '\u0303', '=': '\u0304' },
	...{ '.': '\u0307', c: '\u0327', v: '\u030c', u: '\u0306', H: '\u030b', k: '\u0328', r: '\u030a' },
};
const LETTERS: Readonly<Record<string, string>> = {
	...{
		ss: 'ß',
		ae: 'æ',
		AE: 'Æ',
		oe: 'œ',
		OE: 'Œ',
		o: 'ø',
		O: 'Ø',
		aa: 'å',
		AA: 'Å',
		l: 'ł',
		L: 'Ł',
		i: 'i',
	},
	...{ textless: '<', textgreater: '>', textbar: '|', textasciitilde: '~', textasciicircum: '^' },
	...{ textquotesingle: "'", textquotedbl: '"', textunderscore: '_' },
	...{ ldots: '…', dots: '…', LaTeX: 'LaTeX', TeX: 'TeX', textbackslash: '\\', S: '§', copyright: '©' },
};

/** The words of a stretch of TeX. */
function plain(text: string): string {
	return text
		.replace(HIDDEN, '')
		.replace(ENVIRONMENT, '\n')
		.replace(/\\(["'`^~=.])\s*\{?\\?([A-Za-z])\}?/g, accented)
		.replace(/\\([cvuHkr])\{([A-Za-z])\}/g, accented)
		.replace(LINK_TARGET, '')
		.replace(FOR_OUTLINE, '$1')
		.replace(/\\\\(?:\[[^\]\n]{0,50}\])?/g, '\n')
		.replace(
			/\\([A-Za-z]+)\*?(?:\[[^\]\n]{0,200}\])?(?:\{\}|[^\S\n]+)?/g,
			(_, name: string) => LETTERS[name] ?? '',
		)
		.replace(/(?<!\\)[{}]/g, '')
		.replace(/(?<!\\)&/g, ' | ')
		.replace(/(?<!\\)~/g, ' ')
		.replace(/---/g, '—')
		.replace(/--/g, '–')
		.replace(/``|''/g, '"')
		.replace(/\\([&%_#${}])/g, '$1')
		.replace(/\\[,;:! /-]/g, ' ')
		.replace(/[^\S\n]+/g, ' ')
		.replace(/ ?\n[\s]*/g, '\n')
		.trim();
}

function accented(_: string, mark: string, letter: string): string {
	return `${letter}${ACCENTS[mark] ?? ''}`.normalize('NFC');
}

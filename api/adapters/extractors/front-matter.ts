/**
 * What stands in front of a Markdown text about the document: YAML between lines of `---`, or TOML between lines of
 * `+++`. Lines of `---` around anything else (a list, a paragraph, a blank line) are rules, and all of it is text. Pure.
 */
import { parse as parseToml } from 'smol-toml';
import { parse as parseYaml } from 'yaml';
import { oneLine } from './one-line.ts';

export interface FrontMatter {
	readonly title: string | null;
	readonly description: string | null;
	readonly keywords: readonly string[];
	/** What stands behind it; the whole text where there is none. */
	readonly body: string;
}

const FENCES = [
	{ opening: /^---[ \t]*\n(?![ \t]*\n)/, closing: /^(?:---|\.\.\.)[ \t]*$/gm, read: readYaml },
	{ opening: /^\+\+\+[ \t]*\n(?![ \t]*\n)/, closing: /^\+\+\+[ \t]*$/gm, read: readToml },
];
const NAME = /^[\w.:@$-]{1,64}$/;
/** More is not parsed. */
const LONGEST = 64 * 1024;

export function frontMatter(text: string): FrontMatter {
	for (const { opening, closing, read } of FENCES) {
		const start = opening.exec(text)?.[0].length ?? 0;
		if (start === 0) continue;
		closing.lastIndex = start;
		const end = closing.exec(text)?.index ?? -1;
		if (end < 0 || end - start > LONGEST) break;
		const fields = read(text.slice(start, end));
		if (fields === null) break;
		const next = text.indexOf('\n', end);
		return { ...known(fields), body: next < 0 ? '' : text.slice(next) };
	}
	return { title: null, description: null, keywords: [], body: text };
}

type Fields = Readonly<Record<string, unknown>>;

/** Null where the text is no front matter. */
function readYaml(text: string): Fields | null {
	if (text.trim() === '') return {};
	try {
		const value: unknown = parseYaml(text, { schema: 'core', logLevel: 'error', maxAliasCount: 10 });
		if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
		// `Dear all: we have moved` is a sentence between rules.
		return Object.keys(value).every((name) => NAME.test(name)) ? (value as Fields) : null;
	} catch {
		return readLines(text);
	}
}

function readToml(text: string): Fields | null {
	try {
		return parseToml(text);
	} catch {
		return null;
	}
}

/** People write `title: Part 2: the end`, which is no YAML. */
function readLines(text: string): Fields | null {
	const lines = text.split('\n').flatMap((line) => {
		const [, name, value = ''] = /^([A-Za-z][\w-]{0,63}):(?:[ \t]+(.*))?$/.exec(line) ?? [];
		return name === undefined ? [] : ([[name, value.trim().replace(/^(["'])(.*)\1$/, '$2')]] as const);
	});
	return lines.length === 0 ? null : Object.fromEntries(lines);
}

function known(fields: Fields): Omit<FrontMatter, 'body'> {
	const { title, description, summary, tags, keywords, categories } = fields;
	return {
		title: lineOf(title),
		description: lineOf(description) ?? lineOf(summary),
		keywords: [...new Set([tags, keywords, categories].flatMap(listOf))],
	};
}

const LONGEST_LINE = 1000;

function lineOf(value: unknown): string | null {
	if (typeof value !== 'string' && typeof value !== 'number') return null;
	const line = oneLine(String(value)).slice(0, LONGEST_LINE).toWellFormed();
	return line === '' ? null : line;
}

const listOf = (value: unknown): string[] =>
	(Array.isArray(value) ? value : typeof value === 'string' ? value.split(',') : []).flatMap(
		(one: unknown) => lineOf(one) ?? [],
	);

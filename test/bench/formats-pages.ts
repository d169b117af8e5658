import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { Parser } from 'htmlparser2';
import type { Bench } from './bench.ts';
import { copyOfCorpus, documentsOf } from './corpus.ts';
import { wordsOf } from './formats-score.ts';

/** A page of the corpus: what it says, as it is known without any reader of ours. */
export interface Page {
	/** Named by its content: what was converted from it once needs no second time. */
	readonly name: string;
	/** As the corpus has it, with all that stands around its content. */
	readonly whole: string;
	/** Its content alone, as a page of its own. */
	readonly html: string;
	/** The words of its content, in order. */
	readonly words: readonly string[];
	readonly headings: readonly string[];
	/** Its outermost headings, each of which begins a slide: those further down are no titles of slides. */
	readonly titles: readonly string[];
	/** Its words as a table below a line of names, with a number and a day in each row. */
	readonly table: readonly (readonly string[])[];
}

/** Enough to have headings, lists and code, and no book. */
const [smallest, largest] = [12_000, 80_000];
const wordsOfRow = 4;

/** So many pages, always the same ones, the first of them of any number of them. */
export async function pagesOfCorpus(bench: Bench, count: number): Promise<readonly Page[]> {
	const files = await documentsOf(await copyOfCorpus(bench));
	const ranked = files
		.filter(({ mimeType }) => mimeType === 'text/html')
		.map(({ docId, path }) => ({ path, rank: hashOf(docId) }))
		.toSorted((a, b) => (a.rank < b.rank ? -1 : 1));
	const pages: Page[] = [];
	for (const { path } of ranked) {
		if (pages.length === count) break;
		const { size } = await stat(path);
		if (size < smallest || size > largest) continue;
		const page = pageOf(await readFile(path, 'utf8'));
		if (page !== null) pages.push(page);
	}
	return pages;
}

/** Sphinx says where its content begins, and what comes behind it. */
const content = /<div class="body" role="main">(?<body>[^]*?)<div class="clearer">/;
const headerLinks = /<a class="headerlink"[^]*?<\/a>/g;
/** Around a heading they keep pandoc from beginning a slide with it. */
const wrappers = /<\/?(?:section|div)\b[^>]*>/g;

/** Null where it has no content of its own. */
function pageOf(whole: string): Page | null {
	const body = content.exec(whole)?.groups?.['body']?.replace(headerLinks, '').replace(wrappers, '\n');
	if (body === undefined) return null;
	const title = /<title>[^]*?<\/title>/.exec(whole)?.[0] ?? '';
	const html = `<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">${title}</head><body>\n${body}</body></html>\n`;
	const { text, headings, titles } = readPlainly(body);
	const words = wordsOf(text);
	const name = hashOf(html).slice(0, 16);
	return { name, whole, html, words, headings, titles, table: tableOf(words) };
}

const inline = new Set(['a', 'abbr', 'b', 'code', 'em', 'i', 'span', 'strong', 'sub', 'sup', 'tt', 'cite']);

/** All text between the tags, apart where a tag ends a line; no rule of our own HTML reader has a part in it. */
function readPlainly(html: string): { text: string; headings: string[]; titles: string[] } {
	let text = '';
	const headings: string[] = [];
	const titles: string[] = [];
	let begin = 0;
	const border = (tag: string) => {
		if (!inline.has(tag)) text += '\n';
	};
	const parser = new Parser({
		ontext: (part) => void (text += part),
		onopentag(tag) {
			border(tag);
			begin = /^h[1-6]$/.test(tag) ? text.length : begin;
		},
		onclosetag(tag) {
			if (/^h[1-6]$/.test(tag)) headings.push(text.slice(begin));
			if (tag === 'h1') titles.push(text.slice(begin));
			border(tag);
		},
	});
	parser.end(html);
	return { text, headings, titles };
}

/** Words that begin with a letter, since a program of sheets takes 007 for a number and another one for its name. */
function tableOf(words: readonly string[]): string[][] {
	const cells = words.filter((word) => /^\p{L}/u.test(word));
	const rows = Array.from({ length: Math.ceil(cells.length / wordsOfRow) }, (_, at) => [
		String(at * 37.5),
		new Date(firstDay + at * 86_400_000).toISOString().slice(0, 10),
		...cells.slice(at * wordsOfRow, (at + 1) * wordsOfRow),
	]);
	return [
		['amount', 'day', ...Array.from({ length: wordsOfRow }, (_, at) => `column${'abcd'[at]}`)],
		...rows,
	];
}

const firstDay = Date.UTC(2026, 0, 1);

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Bench } from './bench.ts';
import type { Page } from './formats-pages.ts';
import { delimited, formOf, jsonLines, mailOf, subtitlesOf } from './formats-texts.ts';
import { createPrograms, type Program, type Programs } from './formats-programs.ts';

/** Pages as files of a format, as one program writes them. */
export interface Recipe {
	/** Of the files' names. */
	readonly format: string;
	readonly by: Program | 'bench';
	/**
	 * Of what of a page it is made: its content, its words as a table or filled into fields of a form, or what another
	 * recipe has made.
	 */
	readonly from: 'html' | 'csv' | 'form' | Recipe;
	/** For `soffice`: its filters for writing and reading. */
	readonly to?: string;
	readonly infilter?: string;
	/** For `bench`. */
	readonly write?: (page: Page) => string;
}

const writer = { by: 'soffice', from: 'html', infilter: 'HTML (StarWriter)' } as const;
/** Comma, double quote, UTF-8, from the first line. */
const calc = { by: 'soffice', from: 'csv', infilter: 'CSV:44,34,76,1' } as const;
const pandoc = { by: 'pandoc', from: 'html' } as const;
const bench = { by: 'bench', from: 'html' } as const;
const slides: Recipe = { ...pandoc, format: 'pptx' };

export const recipes: readonly Recipe[] = [
	{ ...writer, format: 'pdf', to: 'pdf:writer_pdf_Export' },
	{ format: 'pdf', by: 'chromium', from: 'html' },
	{ ...writer, format: 'pdf', from: 'form', to: 'pdf:writer_pdf_Export' },
	{ ...writer, format: 'docx', to: 'docx:MS Word 2007 XML' },
	{ ...pandoc, format: 'docx' },
	{ ...writer, format: 'doc', to: 'doc:MS Word 97' },
	{ ...writer, format: 'odt', to: 'odt:writer8' },
	{ ...pandoc, format: 'odt' },
	{ ...writer, format: 'rtf', to: 'rtf:Rich Text Format' },
	{ ...pandoc, format: 'rtf' },
	{ ...pandoc, format: 'epub' },
	slides,
	{ format: 'odp', by: 'soffice', from: slides, to: 'odp:impress8' },
	{ ...calc, format: 'xlsx', to: 'xlsx:Calc MS Excel 2007 XML' },
	{ ...calc, format: 'xls', to: 'xls:MS Excel 97' },
	{ ...calc, format: 'ods', to: 'ods:calc8' },
	{ ...bench, format: 'html', write: ({ whole }) => whole },
	...['md', 'rst', 'adoc', 'org', 'tex', 'ipynb'].map((format) => ({ ...pandoc, format })),
	{ ...bench, format: 'eml', write: mailOf },
	{ ...bench, format: 'csv', from: 'csv', write: ({ table }) => delimited(table, ',') },
	{ ...bench, format: 'tsv', from: 'csv', write: ({ table }) => delimited(table, '\t') },
	{ ...bench, format: 'jsonl', from: 'csv', write: ({ table }) => jsonLines(table) },
	{ ...bench, format: 'json', from: 'csv', write: ({ table }) => JSON.stringify(table, null, 1) },
	{ ...bench, format: 'srt', write: subtitlesOf },
];

/** pandoc's own name of a format. Identifiers of headings would be words that no page has. */
const pandocNames: Readonly<Record<string, string>> = {
	md: 'gfm',
	adoc: 'asciidoc',
	tex: 'latex-auto_identifiers',
};

/** What is kept from one run to the next; a name of its own for each change of what is asked of the programs. */
const cacheDir = join(homedir(), '.cache', 'docdrop', 'formats', '1');

export interface Files {
	/** The paths of the pages' files, in their order; written where they are not there yet. */
	of(recipe: Recipe): Promise<readonly string[]>;
	/** What poppler reads of a PDF, page by page. */
	pdfText(file: string): Promise<readonly string[]>;
}

export function createFiles(bench: Bench, pages: readonly Page[]): Files {
	const programs = createPrograms(bench);
	return {
		of: (recipe) => filesOf(bench, programs, pages, recipe),
		async pdfText(file) {
			const text = `${file}.txt`;
			if (!existsSync(text)) {
				const part = `${text}.part`;
				await programs.run('pdftotext', ['-enc', 'UTF-8', file, part]);
				await rename(part, text);
			}
			// Each page ends with a form feed.
			return (await readFile(text, 'utf8')).split('\f').slice(0, -1);
		},
	};
}

async function filesOf(
	bench: Bench,
	programs: Programs,
	pages: readonly Page[],
	recipe: Recipe,
): Promise<readonly string[]> {
	const dir = join(cacheDir, `${recipe.format}-${recipe.by}${recipe.from === 'form' ? '-form' : ''}`);
	await mkdir(dir, { recursive: true });
	const fileOf = ({ name }: Page) => join(dir, `${name}.${recipe.format}`);
	const missing = pages.filter((page) => !existsSync(fileOf(page)));
	if (missing.length > 0 && recipe.by !== 'bench')
		console.log(`  ${recipe.by} writes ${missing.length} files: ${recipe.format}`);
	if (recipe.by === 'bench') {
		for (const page of missing) await writeFile(fileOf(page), recipe.write?.(page) ?? '');
	} else if (missing.length > 0) {
		const sources = await sourcesOf(bench, programs, missing, recipe.from);
		const made = await convert(bench, programs, recipe, sources);
		// Renamed last, so that an interrupted run leaves no half of a file.
		for (const [at, page] of missing.entries()) await keep(made[at] ?? '', fileOf(page));
	}
	return pages.map(fileOf);
}

async function keep(made: string, file: string): Promise<void> {
	const part = `${file}.part`;
	await copyFile(made, part);
	await rename(part, file);
}

async function sourcesOf(
	bench: Bench,
	programs: Programs,
	pages: readonly Page[],
	from: Recipe['from'],
): Promise<readonly string[]> {
	if (typeof from === 'object') return filesOf(bench, programs, pages, from);
	const dir = await bench.temp();
	const sources = pages.map((page) => ({
		file: join(dir, `${page.name}.${from === 'csv' ? 'csv' : 'html'}`),
		...{ html: page.html, csv: delimited(page.table, ','), form: formOf(page) },
	}));
	for (const source of sources) await writeFile(source.file, source[from]);
	return sources.map(({ file }) => file);
}

/** Gives the files that were made of `sources`, in their order. */
async function convert(
	bench: Bench,
	programs: Programs,
	{ format, by, to = format, infilter }: Recipe,
	sources: readonly string[],
): Promise<readonly string[]> {
	const dir = await bench.temp();
	const made = sources.map((source) => join(dir, basename(source).replace(/\.[^.]+$/, `.${format}`)));
	const profile = pathToFileURL(await bench.temp()).href;
	if (by === 'soffice') {
		const filter = infilter === undefined ? [] : [`--infilter=${infilter}`];
		const args = ['--headless', `-env:UserInstallation=${profile}`, ...filter];
		await programs.run('soffice', [...args, '--convert-to', to, '--outdir', dir, ...sources]);
		return made;
	}
	for (const [at, source] of sources.entries()) {
		const target = made[at] ?? '';
		if (by === 'pandoc') {
			const options = ['-f', 'html', '-t', pandocNames[format] ?? format, '-s', '--wrap=none'];
			await programs.run('pandoc', [...options, '-o', target, source]);
		} else {
			const options = ['--headless', '--no-sandbox', '--disable-gpu', '--no-pdf-header-footer'];
			const own = [`--user-data-dir=${new URL(profile).pathname}`, `--print-to-pdf=${target}`];
			await programs.run('chromium', [...options, ...own, pathToFileURL(source).href]);
		}
	}
	return made;
}

import { createExtractorPool } from '../../api/adapters/extractors/pool.ts';
import { mimeTypeOf } from '../../api/contract/file-types.ts';
import { isDocDropError } from '../../api/errors.ts';
import type { Extracted, Extractor } from '../../api/ports/index.ts';
import { systemClock } from '../../nodes/watch/clock.ts';
import type { Bench, Result } from './bench.ts';
import { type CharsetRow, charsetsSummary, printCharset, readCharsets } from './formats-charsets.ts';
import { createFiles, type Files, type Recipe, recipes } from './formats-files.ts';
import { type LargeRow, readLarge } from './formats-large.ts';
import { type Page, pagesOfCorpus } from './formats-pages.ts';
import {
	headingsFound,
	orderOf,
	precisionOf,
	recallOf,
	type Score,
	score,
	share,
	sumOf,
	wordsOf,
} from './formats-score.ts';
import { missedGates, missedGrowth, printLarge, printRow, type Row } from './formats-rows.ts';
import { watchPeakMemory } from './peak-memory.ts';
import { round } from './table.ts';

/**
 * What is read of files that other programs have written: pages of real documentation, converted to each format and
 * read through the extractor pool by one child for each row. The words of a page are known from its HTML; those of a
 * PDF are what poppler reads, since it is the converter that decides what is on a page of it. A figure of a row is over
 * all of its files together: recall, order and precision as formats-score.ts defines them.
 */
const filesPerFormat = 40;

/** No overlap: it would give words twice. */
const chunking = { maxChars: 8_000, overlapChars: 0 };

export async function run(bench: Bench): Promise<Result> {
	const pages = await pagesOfCorpus(bench, filesPerFormat);
	const files = createFiles(bench, pages);
	const faults: string[] = [];
	const rows: Row[] = [];
	for (const recipe of recipes) {
		if (mimeTypeOf(`a.${recipe.format}`) === null) {
			console.log(`  ${recipe.format}: nothing reads it, left out`);
			continue;
		}
		const row = await readRow(bench, recipe, { pages, files }, faults);
		rows.push(row);
		printRow(row);
	}
	const large: LargeRow[] = [];
	for await (const row of readLarge(bench, await pdfsOf(files), pages, faults)) {
		large.push(row);
		printLarge(row);
	}
	const charsets: CharsetRow[] = [];
	for await (const row of readCharsets(bench)) {
		charsets.push(row);
		printCharset(row);
	}
	const { missed: missedCharsets, ...inCharsets } = charsetsSummary(charsets);
	console.log(`  ${inCharsets.texts} texts in ${charsets.length} charsets, ${inCharsets.right} right`);
	const missed = [...rows.flatMap(missedGates), ...large.flatMap(missedGrowth), ...missedCharsets];
	for (const gate of missed) console.log(`  below its gate: ${gate}`);
	return { figures: { rows, large, charsets: inCharsets, belowGate: missed.length }, faults };
}

const pdfsOf = async (files: Files): Promise<readonly string[]> =>
	(
		await Promise.all(recipes.filter((recipe) => rowName(recipe) === 'pdf').map((recipe) => files.of(recipe)))
	).flat();

async function readRow(
	bench: Bench,
	recipe: Recipe,
	{ pages, files }: { readonly pages: readonly Page[]; readonly files: Files },
	faults: string[],
): Promise<Row> {
	const { format, by } = recipe;
	const paths = await files.of(recipe);
	const { answers, seconds, peakRssMb } = await readAll(bench, paths, `a.${format}`);
	const scores: Score[] = [];
	const headings = { of: 0, found: 0 };
	const onPages = { of: 0, found: 0 };
	let failed = 0;
	for (const [at, page] of pages.entries()) {
		const answer = answers[at];
		if (answer === undefined || answer instanceof Error) {
			failed += 1;
			const reason = reasonOf(answer);
			console.log(`  ${format} by ${by}, page ${page.name}: ${reason}`);
			if (isFault(reason)) faults.push(`${format} by ${by}: ${reason}`);
			scores.push(score(page.words, []));
			continue;
		}
		const sheets = format === 'pdf' ? await files.pdfText(paths[at] ?? '') : null;
		scores.push(score(referenceOf(recipe, page, sheets), wordsOf(textOf(answer))));
		const titles = isSlides(recipe) ? page.titles : page.headings;
		add(headings, headingsFound(titles, headingsOf(answer)));
		if (sheets !== null) add(onPages, pagesRead(sheets, answer));
	}
	const sum = sumOf(scores);
	return {
		...{ format: rowName(recipe), by, files: paths.length, seconds, peakRssMb, failed },
		recall: round(recallOf(sum), 4),
		order: round(orderOf(sum), 4),
		precision: round(precisionOf(sum), 4),
		pages: onPages.of === 0 ? null : round(share(onPages.found, onPages.of), 4),
		headings: hasHeadings(recipe) ? round(share(headings.found, headings.of), 4) : null,
	};
}

type Counts = { of: number; found: number };

function add(sum: Counts, more: Readonly<Counts>): void {
	sum.of += more.of;
	sum.found += more.found;
}

/** One after the other, by one child of a pool of their own. */
async function readAll(bench: Bench, paths: readonly string[], name: string) {
	const pool = createExtractorPool({ workers: 1, chunking, clock: systemClock });
	bench.onEnd(() => pool.close());
	const memory = watchPeakMemory(process.pid);
	bench.onEnd(() => memory.stop());
	const start = performance.now();
	const answers: (Extracted | Error)[] = [];
	for (const file of paths) answers.push(await read(pool, file, name, bench.signal));
	const seconds = round((performance.now() - start) / 1000);
	const peakRssMb = round(memory.total() - memory.own(), 1);
	memory.stop();
	await pool.close();
	return { answers, seconds, peakRssMb };
}

/** Longer than the pool gives any of these files. */
const longestMs = 120_000;

async function read(
	pool: Extractor,
	file: string,
	name: string,
	signal: AbortSignal,
): Promise<Extracted | Error> {
	const mimeType = mimeTypeOf(name) ?? '';
	const patience = AbortSignal.any([signal, AbortSignal.timeout(longestMs)]);
	try {
		return await pool.extract({ content: { file }, mimeType }, patience);
	} catch (error) {
		return error as Error;
	}
}

const reasonOf = (error: Error | undefined): string =>
	isDocDropError(error) ? `${error.code}: ${error.message}` : `no answer: ${String(error)}`;

/** A file may be refused; what reads it may neither die of it nor be silent. */
const isFault = (reason: string): boolean =>
	/^no answer|ended the process|took longer|took more than|could not be started/.test(reason);

function referenceOf({ from }: Recipe, page: Page, sheets: readonly string[] | null): readonly string[] {
	if (sheets !== null) return wordsOf(sheets.join('\n'));
	return from === 'csv' ? wordsOf(page.table.flat().join(' ')) : page.words;
}

const textOf = ({ chunks }: Extracted): string => chunks.map(({ text }) => text).join('\n');

const headingsOf = ({ chunks }: Extracted): ReadonlySet<string> =>
	new Set(chunks.flatMap(({ heading }) => heading?.split(' > ') ?? []));

/** A PDF with fields is a row of its own. */
const rowName = ({ format, from }: Recipe): string => (from === 'form' ? 'form' : format);

const isSlides = ({ format }: Recipe): boolean => format === 'pptx' || format === 'odp';

const hasHeadings = ({ from, format }: Recipe): boolean =>
	from !== 'csv' && from !== 'form' && format !== 'srt';

/**
 * Pages of which at least 95 % of the words that poppler reads on them stand in the chunks that begin on them, or in
 * the last chunk before, which may reach into them. Pages without words are left out.
 */
function pagesRead(sheets: readonly string[], { chunks }: Extracted): Counts {
	const counts: Counts = { of: 0, found: 0 };
	for (const [at, sheet] of sheets.entries()) {
		const reference = wordsOf(sheet);
		if (reference.length === 0) continue;
		const before = chunks.findLastIndex(({ page }) => page !== null && page <= at);
		const near = chunks.filter(({ page }, index) => index === before || page === at + 1);
		const found = score(reference, wordsOf(near.map(({ text }) => text).join('\n')));
		add(counts, { of: 1, found: recallOf(found) >= 0.95 ? 1 : 0 });
	}
	return counts;
}

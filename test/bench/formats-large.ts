import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createExtractorPool } from '../../api/adapters/extractors/pool.ts';
import { residentMb } from '../../api/adapters/extractors/resident-memory.ts';
import { defaultChunkSettings } from '../../api/chunking/index.ts';
import { mimeTypeOf } from '../../api/contract/file-types.ts';
import type { Extractor } from '../../api/ports/index.ts';
import { systemClock } from '../../nodes/watch/clock.ts';
import { pdfFile, wrapped } from '../support/pdf-file.ts';
import type { Bench } from './bench.ts';
import type { Page } from './formats-pages.ts';
import { childrenOf } from './peak-memory.ts';
import { median, round } from './table.ts';

/** Many files through one child, and single large ones: what its memory grows by. */
export interface LargeRow {
	readonly what: string;
	readonly seconds: number;
	readonly growthMb: number;
	readonly peakRssMb: number;
	readonly gateMb: number;
	readonly chunks: number;
}

const manyPdfs = 1_000;
/** Files over which the memory at the beginning and at the end is looked at; those before are the warm-up. */
const looks = 100;
/** "No growth" is less than what one look differs from the next by. */
const noGrowthMb = 20;
const largeGrowthMb = 200;
const largeBytes = 200_000_000;
const largePages = 20_000;

/** Each row as soon as it is measured. */
export async function* readLarge(
	bench: Bench,
	pdfs: readonly string[],
	pages: readonly Page[],
	faults: string[],
): AsyncGenerator<LargeRow> {
	const dir = await bench.temp();
	yield await readMany(bench, pdfs);
	const makers = [
		{ name: 'a.pdf', what: `a PDF of ${largePages} pages`, write: writeLargePdf },
		{ name: 'a.csv', what: '200 MB of CSV', write: writeLargeTable },
		{ name: 'a.jsonl', what: '200 MB of JSONL', write: writeLargeLines },
		{ name: 'a.txt', what: '200 MB of plain text', write: writeLargeText },
	];
	for (const { name, what, write } of makers) {
		if (mimeTypeOf(name) === null) continue;
		const file = join(dir, name);
		await write(file, pages);
		try {
			yield await readOne(bench, file, what);
		} catch (error) {
			bench.signal.throwIfAborted();
			faults.push(`${what}: ${(error as Error).message}`);
		}
	}
}

/** Growth is the median of the last 100 looks, one after each file, over the median of the second 100. */
async function readMany(bench: Bench, pdfs: readonly string[]): Promise<LargeRow> {
	const pool = openPool(bench);
	const start = performance.now();
	const seen: number[] = [];
	let chunks = 0;
	for (let at = 0; at < manyPdfs; at += 1) {
		const file = pdfs[at % pdfs.length] ?? '';
		const read = await pool.extract({ content: { file }, mimeType: 'application/pdf' }, bench.signal);
		chunks += read.chunks.length;
		seen.push(childMb());
	}
	const seconds = round((performance.now() - start) / 1000);
	await pool.close();
	const growth = median(seen.slice(-looks)) - median(seen.slice(looks, 2 * looks));
	return {
		...{ what: `${manyPdfs} PDFs, one after the other`, seconds, chunks, gateMb: noGrowthMb },
		growthMb: round(growth, 1),
		peakRssMb: round(Math.max(...seen), 1),
	};
}

const lookEveryMs = 100;

/** Growth is the highest look while the file is read over what the child had after a small file of the same type. */
async function readOne(bench: Bench, file: string, what: string): Promise<LargeRow> {
	const pool = openPool(bench);
	const mimeType = mimeTypeOf(file) ?? '';
	const small =
		mimeType === 'application/pdf' ? pdfFile({ pages: [{ lines: ['A line.'] }] }) : Buffer.from('"a"\n');
	await pool.extract({ content: small, mimeType }, bench.signal);
	const before = childMb();
	let peak = before;
	const timer = setInterval(() => (peak = Math.max(peak, childMb())), lookEveryMs);
	bench.onEnd(() => clearInterval(timer));
	const start = performance.now();
	let chunks = 0;
	const sink = {
		begin: async () => void (chunks = 0),
		page: async (page: readonly unknown[]) => void (chunks += page.length),
	};
	try {
		await pool.stream({ content: { file }, mimeType }, sink, bench.signal);
	} finally {
		clearInterval(timer);
		await pool.close();
	}
	return {
		...{ what, chunks, gateMb: largeGrowthMb, seconds: round((performance.now() - start) / 1000) },
		growthMb: round(peak - before, 1),
		peakRssMb: round(peak, 1),
	};
}

function openPool(bench: Bench): Extractor {
	const pool = createExtractorPool({ workers: 1, chunking: defaultChunkSettings, clock: systemClock });
	bench.onEnd(() => pool.close());
	return pool;
}

/** The pool's one child is the only one that this process has while it reads. */
const childMb = (): number => residentMb(childrenOf(process.pid)[0]);

/** Each page is a paragraph below its number, taken from the pages' words in turn. */
async function writeLargePdf(file: string, pages: readonly Page[]): Promise<void> {
	const words = pages.flatMap((page) => page.words);
	const perPage = 150;
	const made = Array.from({ length: largePages }, (_, at) => {
		const begin = (at * perPage) % Math.max(1, words.length - perPage);
		const text = words.slice(begin, begin + perPage).join(' ');
		return { lines: [`Page ${at + 1}`, null, ...wrapped(text)] };
	});
	await writeFile(file, pdfFile({ pages: made }));
}

const writeLargeTable = (file: string, pages: readonly Page[]) =>
	writeRepeated(file, pages, (row) => `${row.join(',')}\n`);

const writeLargeLines = (file: string, pages: readonly Page[]) =>
	writeRepeated(
		file,
		pages,
		(row) => `${JSON.stringify(Object.fromEntries(row.map((cell, at) => [`column${at}`, cell])))}\n`,
	);

const writeLargeText = (file: string, pages: readonly Page[]) =>
	writeRepeated(file, pages, (row, at) => `${row.join(' ')}${at % 12 === 11 ? '.\n\n' : '\n'}`);

/** The rows of all pages again and again, each with its number, until there are enough bytes. */
async function writeRepeated(
	file: string,
	pages: readonly Page[],
	lineOf: (row: readonly string[], at: number) => string,
): Promise<void> {
	const rows = pages.flatMap(({ table: [, ...rest] }) => rest);
	const out = createWriteStream(file);
	let written = 0;
	let at = 0;
	while (written < largeBytes) {
		let part = '';
		for (const row of rows) part += lineOf([`n${at}`, ...row], at++);
		written += part.length;
		if (!out.write(part)) await once(out, 'drain');
	}
	out.end();
	await once(out, 'finish');
}

import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import type { Bench } from './bench.ts';
import { projectDir } from './child-script.ts';
import { documentsOf } from './corpus.ts';
import { edits, shuffled } from './folder-edits.ts';
import { createFiles, recipes } from './formats-files.ts';
import { pagesOfCorpus } from './formats-pages.ts';

/**
 * A folder of files in many formats, each written by a program that people write it with, and source code; and a working
 * day of it, as folder-edits.ts has one of texts.
 */
export interface MixedFolder {
	readonly folder: string;
	readonly formats: readonly string[];
	edit(seed: number): Promise<void>;
	/** A whole folder, and single files out of others; gives how many files have another name then. */
	rename(seed: number): Promise<number>;
}

const kinds = [
	...['pdf soffice', 'pdf chromium', 'docx soffice', 'docx pandoc', 'xlsx soffice', 'pptx pandoc'],
	...['odt soffice', 'odt pandoc', 'eml bench', 'csv bench', 'json bench', 'html bench', 'md pandoc'],
];
const filesOfKind = 20;
const sourceFiles = 40;
const folders = 8;
const renamedAlone = 10;

/** Formats in which people write at the end of a file; in the others a program writes all of it anew. */
const texts: Readonly<Record<string, (note: string) => string>> = {
	csv: (note) => `${note},1,2,3\n`,
	html: (note) => `<p>${note}</p>\n`,
	md: (note) => `\n${note}\n`,
	ts: (note) => `\n// ${note}\n`,
};

export async function createMixedFolder(bench: Bench): Promise<MixedFolder> {
	const folder = await bench.temp();
	/** Files of each format that are not in the folder yet: later versions of those that are, and new ones. */
	const spare = new Map<string, string[]>();
	let count = 0;
	for (const [format, paths] of await originals(bench)) {
		const inFolder = paths.splice(0, format === 'ts' ? sourceFiles : filesOfKind);
		for (const path of inFolder) {
			const to = join(folder, `team ${count % folders}`, `${format} ${count}.${format}`);
			count += 1;
			await mkdir(dirname(to), { recursive: true });
			await copyFile(path, to);
		}
		spare.set(format, [...(spare.get(format) ?? []), ...paths]);
	}
	const next = (format: string): string => {
		const path = spare.get(format)?.shift();
		if (path === undefined) throw new Error(`no further file of the format ${format}`);
		return path;
	};
	return {
		folder,
		formats: [...spare.keys()],
		edit: (seed) => editMixed(folder, next, seed),
		rename: (seed) => renameMixed(folder, seed),
	};
}

/** As many again as go into the folder; several of a format, by the programs that write it. */
async function originals(bench: Bench): Promise<(readonly [format: string, paths: string[]])[]> {
	const files = createFiles(bench, await pagesOfCorpus(bench, filesOfKind * 2));
	const made: (readonly [string, string[]])[] = [];
	for (const recipe of recipes) {
		if (!kinds.includes(`${recipe.format} ${recipe.by}`) || recipe.from === 'form') continue;
		made.push([recipe.format, [...(await files.of(recipe))]]);
	}
	const source = (await documentsOf(join(projectDir, 'api'))).map(({ path }) => path);
	return [...made, ['ts', source.filter((path) => extname(path) === '.ts').slice(0, sourceFiles * 2)]];
}

const formatOf = (path: string): string => extname(path).slice(1);

async function editMixed(folder: string, next: (format: string) => string, seed: number): Promise<void> {
	const files = shuffled(await documentsOf(folder), seed).map(({ path }) => path);
	const take = (count: number) => files.splice(0, count);
	for (const [at, path] of take(edits.edited).entries()) await edit(path, next, at, seed);
	for (const path of take(edits.deleted)) await rm(path);
	for (const [at, path] of take(edits.added).entries()) {
		const dir = join(folder, `added ${seed}`, String(at % 3));
		await mkdir(dir, { recursive: true });
		await copyFile(next(formatOf(path)), join(dir, `${at}${extname(path)}`));
	}
	for (const [at, path] of take(edits.renamed).entries())
		await moveTo(path, join(folder, `moved ${seed}`), at);
}

/** In place, and by a file that replaces the other one. */
async function edit(path: string, next: (format: string) => string, at: number, seed: number): Promise<void> {
	const addition = texts[formatOf(path)]?.(`A further line, number ${at} of round ${seed}, about zebras.`);
	const content =
		addition === undefined
			? await readFile(next(formatOf(path)))
			: Buffer.concat([await readFile(path), Buffer.from(addition)]);
	if (at % 2 === 0) return writeFile(path, content);
	const temporary = join(dirname(path), `.~${basename(path)}`);
	await writeFile(temporary, content);
	return rename(temporary, path);
}

async function moveTo(path: string, dir: string, at: number): Promise<void> {
	await mkdir(dir, { recursive: true });
	await rename(path, join(dir, `renamed ${at}${extname(path)}`));
}

async function renameMixed(folder: string, seed: number): Promise<number> {
	const inFolder = (await documentsOf(folder)).map(({ path }) => path);
	const moving = join(folder, 'team 0');
	const together = inFolder.filter((path) => path.startsWith(moving + '/'));
	const alone = shuffled(inFolder, seed)
		.filter((path) => !together.includes(path))
		.slice(0, renamedAlone);
	await rename(moving, join(folder, `team of round ${seed}`));
	for (const [at, path] of alone.entries()) await moveTo(path, join(folder, `moved ${seed}`), at);
	return together.length + alone.length;
}

import { appendFile, copyFile, mkdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { documentsOf, type DocumentFile } from './corpus.ts';

/**
 * A working day of a folder: 50 files edited, 20 deleted, 30 added, 10 renamed, none of them twice. The seed
 * picks the files. Edits are made as programs make them: in place, appended, and by a file that replaces
 * another; one file becomes empty, one empty file is added, and one is added with the content of another.
 */
export const edits = { edited: 50, deleted: 20, added: 30, renamed: 10 } as const;

export async function editFolder(folder: string, seed: number): Promise<void> {
	const files = shuffled(await documentsOf(folder), seed);
	const take = (count: number) => files.splice(0, count);
	const sources = take(edits.added);
	for (const [index, file] of take(edits.edited).entries()) await edit(file, index, seed);
	for (const { path } of take(edits.deleted)) await rm(path);
	for (const [index, file] of sources.entries()) await add(folder, file, index, seed);
	for (const [index, { path }] of take(edits.renamed).entries()) {
		const to = index % 2 === 0 ? dirname(path) : join(dirname(path), `moved-${seed}`);
		await mkdir(to, { recursive: true });
		await rename(path, join(to, `renamed-${seed}-${index}${extname(path)}`));
	}
}

async function edit({ path }: DocumentFile, index: number, seed: number): Promise<void> {
	const note = `\n\nA further paragraph, number ${index} of round ${seed}, about zebras and rpath.\n`;
	if (index === 0) return truncate(path);
	switch (index % 4) {
		case 0:
			return appendFile(path, note);
		case 1: {
			// The middle goes, with whatever structure it had.
			const text = await readFile(path, 'utf8');
			return writeFile(path, text.slice(0, text.length * 0.4) + note + text.slice(text.length * 0.6));
		}
		case 2:
			return writeFile(path, `Rewritten from scratch in round ${seed}: ${index}.${note}`);
		default: {
			const text = await readFile(path, 'utf8');
			const temporary = join(dirname(path), `.${basename(path)}.swp`);
			await writeFile(temporary, note + text);
			return rename(temporary, path);
		}
	}
}

async function add(folder: string, { path }: DocumentFile, index: number, seed: number): Promise<void> {
	const dir = join(folder, `added-${seed}`, String(index % 3));
	await mkdir(dir, { recursive: true });
	const to = join(dir, `${index}${extname(path)}`);
	if (index === 0) return writeFile(to, '');
	if (index === 1) return copyFile(path, to);
	return writeFile(to, `${await readFile(path, 'utf8')}\nAdded as ${index} in round ${seed}.\n`);
}

/** The same order for the same seed. */
export function shuffled<T>(items: readonly T[], seed: number): T[] {
	const left = [...items];
	let state = seed;
	const next = (below: number) => {
		// Numerical Recipes' linear congruential generator: the same files for the same seed.
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return Math.floor((state / 2 ** 32) * below);
	};
	for (let at = left.length - 1; at > 0; at -= 1) {
		const other = next(at + 1);
		[left[at], left[other]] = [left[other] as T, left[at] as T];
	}
	return left;
}

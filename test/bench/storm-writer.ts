import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The loads of the storm. As a program, `node storm-writer.ts LOAD LAYOUT DIR FILES`: one load as fast as the
 * disk takes it, in a process of its own. Prints `done WALL_MS` after the last write.
 */
export type Load = 'create' | 'edit' | 'rename' | 'remove';
export type Layout = 'flat' | 'folders';

export const renamed = 5000;
const folders = 300;

/** Relative path of file `at`. */
export function pathOf(layout: Layout, at: number): string {
	const name = `file-${String(at).padStart(6, '0')}.txt`;
	return layout === 'flat' ? name : join(`folder-${String(at % folders).padStart(3, '0')}`, name);
}

export function renamedPathOf(layout: Layout, at: number): string {
	return pathOf(layout, at).replace('file-', 'moved-');
}

const contentOf = (load: Load, at: number) => `${load} ${at}\n`.repeat(load === 'create' ? 10 : 12);

const loads: Readonly<Record<Load, (dir: string, layout: Layout, files: number) => void>> = {
	create(dir, layout, files) {
		for (let at = 0; at < files; at += 1)
			writeFileSync(join(dir, pathOf(layout, at)), contentOf('create', at));
	},
	edit(dir, layout, files) {
		for (let at = 0; at < files; at += 1) writeFileSync(join(dir, pathOf(layout, at)), contentOf('edit', at));
	},
	rename(dir, layout) {
		for (let at = 0; at < renamed; at += 1) {
			renameSync(join(dir, pathOf(layout, at)), join(dir, renamedPathOf(layout, at)));
		}
	},
	/** Every other folder, or file. */
	remove(dir) {
		for (const [at, name] of readdirSync(dir).toSorted().entries()) {
			if (at % 2 === 0) rmSync(join(dir, name), { recursive: true });
		}
	},
};

/** Folders that are there, and watched, before the storm: of new ones every watcher lists what is in them. */
export function makeFolders(dir: string, layout: Layout): void {
	for (let at = 0; at < folders; at += 1) mkdirSync(join(dir, pathOf(layout, at), '..'), { recursive: true });
}

/** SHA-256 of every file below `dir`, by relative path. */
export function hashTree(dir: string): Map<string, string> {
	const found = new Map<string, string>();
	for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
		if (!entry.isFile()) continue;
		const path = join(entry.parentPath, entry.name);
		found.set(path.slice(dir.length + 1), createHash('sha256').update(readFileSync(path)).digest('hex'));
	}
	return found;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const [load, layout, dir = '', files] = process.argv.slice(2);
	loads[load as Load](dir, layout as Layout, Number(files));
	console.log(`done ${Date.now()}`);
}

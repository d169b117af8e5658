import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../../nodes/watch/clock.ts';
import { isGone } from '../../../../nodes/watch/disk.ts';
import type { Hint, HintsFactory } from '../../../../nodes/watch/hints/hints-port.ts';
import { until } from '../harness.ts';

export interface Follower {
	readonly hints: ReturnType<HintsFactory>;
	/** Every hint so far, and every error's code. */
	readonly seen: Hint[];
	readonly errors: string[];
	readonly scans: () => number;
	scan(): Promise<void>;
	/** Resolves when no hint has come for a while and what was scanned last is what is there. */
	quiet(): Promise<void>;
	/** Makes a change when all is quiet, and resolves when a hint at `relPath`, or at a directory above it, has come since. */
	hintedBy(change: () => unknown, ...relPaths: string[]): Promise<Hint[]>;
	close(): Promise<void>;
}

export interface FollowerOptions {
	readonly dir: string;
	readonly excludes?: (relPath: string) => boolean;
	readonly includes?: (relPath: string) => boolean;
	readonly followLinks?: boolean;
	/** Told to `scanned` in place of what was counted. */
	readonly files?: (() => number) | undefined;
}

/** Does with hints what the engine does, and nothing else: every hint brings a scan, every scan covers what it meets. */
export function follow(factory: HintsFactory, options: FollowerOptions): Follower {
	const { dir, excludes = () => false, includes = () => true, followLinks = false, files } = options;
	const seen: Hint[] = [];
	const errors: string[] = [];
	let known = '';
	let scans = 0;
	let wanted = false;
	let scanning: Promise<void> | null = null;
	let closed = false;

	const hints = factory({ dir, excludes, includes, followLinks, clock: systemClock });
	async function scanOnce(): Promise<void> {
		wanted = false;
		const directories: string[] = [];
		const tree = await treeOf(dir, { excludes, includes, followLinks }, (relPath) => {
			directories.push(relPath);
			hints.cover(relPath);
		});
		known = tree.join('\n');
		scans += 1;
		const count = tree.length - directories.length;
		const found = directories.length === 0 ? 0 : (files?.() ?? count);
		if (!closed) hints.scanned({ files: found, directories: directories.length });
	}
	function scan(): Promise<void> {
		scanning ??= scanOnce().finally(() => {
			scanning = null;
			if (wanted && !closed) void scan();
		});
		return scanning;
	}
	function want(): void {
		if (closed) return;
		wanted = true;
		void scan();
	}
	hints.start(
		(hint) => {
			seen.push(hint);
			want();
		},
		(error) => {
			errors.push((error as { code?: string }).code ?? String(error));
			want();
		},
	);
	hints.cover('');
	void scan();

	const follower: Follower = {
		hints,
		seen,
		errors,
		scans: () => scans,
		scan,
		async quiet() {
			for (;;) {
				const before = seen.length + errors.length;
				const at = performance.now();
				await until(() => scanning === null && performance.now() - at > 30);
				const isQuiet = before === seen.length + errors.length && !wanted;
				if (
					isQuiet &&
					known === (await treeOf(dir, { excludes, includes, followLinks }, () => {})).join('\n')
				)
					return;
			}
		},
		async hintedBy(change, ...relPaths) {
			await follower.quiet();
			const before = seen.length;
			await change();
			const isHinted = (relPath: string) => seen.slice(before).some((hint) => leadsTo(hint, relPath));
			await until(() => relPaths.every(isHinted));
			return seen.slice(before);
		},
		async close() {
			closed = true;
			await hints.close();
			await scanning;
		},
	};
	return follower;
}

export function leadsTo({ relPath: hinted, kind }: Hint, relPath: string): boolean {
	if (hinted === relPath) return true;
	return kind === 'directory' && (hinted === '' || relPath.startsWith(`${hinted}/`));
}

/** One line for each entry below `dir`; nothing where it is not there. */
async function treeOf(
	dir: string,
	{
		excludes,
		includes,
		followLinks,
	}: Required<Pick<FollowerOptions, 'excludes' | 'includes' | 'followLinks'>>,
	onDirectory: (relPath: string) => void,
): Promise<string[]> {
	const tree: string[] = [];
	const left = [''];
	for (let parent = left.pop(); parent !== undefined; parent = left.pop()) {
		try {
			const entries = await readdir(join(dir, parent), { withFileTypes: true });
			onDirectory(parent);
			tree.push(`${parent}/`);
			for (const entry of entries) {
				const relPath = parent === '' ? entry.name : `${parent}/${entry.name}`;
				if (excludes(relPath) || relPath.includes('\uFFFD')) continue;
				if (entry.isSymbolicLink() && !followLinks) continue;
				const found = await stat(join(dir, relPath), { bigint: true });
				if (found.isDirectory()) left.push(relPath);
				else if (includes(relPath)) tree.push(`${relPath} ${found.ino} ${found.size} ${found.ctimeNs}`);
			}
		} catch (error) {
			if (!isGone(error)) throw error;
		}
	}
	return tree.sort();
}

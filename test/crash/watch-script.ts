import type { Random } from './random.ts';
import { edited, manySections, newSections, type Sections } from './text.ts';

/**
 * What people and programs do to a folder, one operation after the other, chosen by random numbers and by what is
 * there. Pure: the same numbers give the same operations.
 *
 * Files go away (deleted, renamed, moved with their folder) only within a budget, because the brake would rightly
 * hold a mass deletion.
 */
export type Operation =
	| {
			readonly do: 'write';
			readonly path: string;
			readonly text: string;
			/**
			 * Over the old content; beside it and renamed over it; in pieces, as slow writers do; or in many small ones,
			 * for longer than anybody waits.
			 */
			readonly how: 'plain' | 'atomic' | 'pieces' | 'drops';
	  }
	/**
	 * Files are written, and, when somebody may be about to read them, or does, something else stands at their paths for
	 * a while: another text, a link to what lies outside, a pipe, a folder; or they are logs that go on under another
	 * name, moved or copied and cut to nothing. In the end each holds its last text.
	 */
	| {
			readonly do: 'trick';
			readonly trick: Trick;
			readonly files: readonly TrickedFile[];
			/** Until it is played, and for how long it lasts, ms. */
			readonly after: number;
			readonly lasts: number;
	  }
	| { readonly do: 'remove' | 'touch' | 'remove folder'; readonly path: string }
	| { readonly do: 'rename' | 'swap' | 'copy' | 'rename folder'; readonly path: string; readonly to: string };

export const tricks = ['another text', 'link', 'pipe', 'folder', 'rename', 'truncate'] as const;
export type Trick = (typeof tricks)[number];
export interface TrickedFile {
	readonly path: string;
	readonly text: string;
	readonly other: string;
	readonly last: string;
	/** Where a log goes on; null of what is none. */
	readonly to: string | null;
}

/** `calm`: nothing goes away. `tricky`: tricks alone, on one file after the other, which nothing makes up for later. */
export type Mood = 'calm' | 'wild' | 'tricky';

export interface WatchScript {
	/** The files to begin with, by path. */
	readonly first: ReadonlyMap<string, string>;
	/** The next operation, and the paths whose content it may change. */
	next(mood: Mood): { readonly operation: Operation; readonly touched: readonly string[] };
}

/** Files that nobody ever touches: what is sent of them a second time is sent for nothing. */
const stillCount = 200;
const movingCount = 30;
/** More than a fifth of all files at once is braked; this many go in the whole of a run. */
const budget = 36;

const folders = ['', 'notes', 'notes/2026', 'Büro', 'a b/c'];
/** Of names that nobody can read, or nobody should. */
const oddNames = ['.#.md', '#.md~', '~$#.txt', '#.md.part', '#.bin'];
const largeBytes = 1_100_000;
/** Until a trick is played, ms: before, in and after the settling and the reading. It lasts as long at most. */
const longestAfterMs = 250;
const longestLastsMs = 120;
const trickedFiles = 8;

/** Stands outside of the folder, behind the links that take a file's place: none of it may ever be published. */
export const secret = 'TOPSECRET: a text that lies outside of the folder, about a xylophone.';

export function writeWatchScript(random: Random): WatchScript {
	const files = new Map<string, Sections>();
	const recent: string[] = [];
	/** While the mood was tricky. */
	const tricked = new Set<string>();
	let number = 0;
	let left = budget;

	const formatOf = (path: string) => (path.endsWith('.md') ? 'md' : 'txt');
	const inFolder = (folder: string, name: string) => (folder === '' ? name : `${folder}/${name}`);
	function newPath(): string {
		number += 1;
		if (random.chance(0.06))
			return inFolder(random.pick(folders), random.pick(oddNames).replace('#', String(number)));
		return inFolder(
			random.pick(folders),
			`${number} ${random.pick(['plan', 'Übersicht', '索引'])}.${random.pick(['md', 'txt'])}`,
		);
	}
	const newContent = (path: string): Sections => {
		if (random.chance(0.05)) return [];
		if (random.chance(0.01)) return manySections(random, formatOf(path), largeBytes);
		return newSections(random, formatOf(path));
	};
	const textOf = (sections: Sections) => sections.join('\n\n');
	const below = (folder: string) => [...files.keys()].filter((path) => path.startsWith(`${folder}/`));
	/** Folders of moving files, that can go or get another name. */
	const foldersNow = () => [
		...new Set(
			[...files.keys()].flatMap((path) => (path.includes('/') ? [path.slice(0, path.indexOf('/'))] : [])),
		),
	];

	function write(path: string, sections: Sections): Extract<Operation, { do: 'write' }> {
		files.set(path, sections);
		const how = random.pick(['plain', 'plain', 'atomic', 'atomic', 'pieces', 'drops'] as const);
		return { do: 'write', path, text: textOf(sections), how };
	}
	/** Writers that nobody may read at the wrong time. */
	function playTrick(paths: readonly string[]): { operation: Operation; touched: readonly string[] } {
		const trick = random.pick([...tricks, 'another text', 'another text', 'link'] as const);
		const tricked = paths.map((path): TrickedFile => {
			const edit = (before: Sections) => edited(random, formatOf(path), before);
			const text = edit(files.get(path) ?? []);
			const last = random.chance(0.6) ? text : edit(text);
			const isLog = trick === 'rename' || trick === 'truncate';
			const to = isLog ? newPath() : null;
			files.set(path, last);
			if (to !== null) files.set(to, text);
			return { path, text: textOf(text), other: textOf(edit(text)), last: textOf(last), to };
		});
		const after = random.int(0, longestAfterMs);
		const lasts = random.int(0, longestLastsMs);
		const touched = tricked.flatMap(({ path, to }) => [path, to ?? `${path}/inside.md`]);
		return { operation: { do: 'trick', trick, files: tricked, after, lasts }, touched };
	}
	function choose(mood: Mood): { operation: Operation; touched: readonly string[] } {
		const one = (operation: Exclude<Operation, { do: 'trick' }>) => ({
			operation,
			touched: 'to' in operation ? [operation.path, operation.to] : [operation.path],
		});
		const dice = random.next();
		const fit = [...files.keys()].filter(
			(one) =>
				textOf(files.get(one) ?? []).length < largeBytes / 2 && !(mood === 'tricky' && tricked.has(one)),
		);
		if ((mood === 'tricky' || dice > 0.8) && fit.length > 0) {
			const chosen = Array.from({ length: random.int(1, trickedFiles) }, () => random.pick(fit));
			if (mood === 'tricky') for (const one of chosen) tricked.add(one);
			return playTrick([...new Set(chosen)]);
		}
		// Many are changed again while the last change is on its way: a kill then cuts off what nobody wants any more.
		const again = random.chance(0.4)
			? recent.filter((one) => files.has(one)).at(-random.int(1, 6))
			: undefined;
		const path = again ?? random.pick([...files.keys()]);
		const sections = files.get(path) ?? [];
		const mayGo = (count: number) => mood === 'wild' && count <= left && files.size - count >= 8;
		if (dice < 0.18) {
			const to = newPath();
			return one(write(to, newContent(to)));
		}
		if (dice < 0.25) {
			const to = newPath();
			files.set(to, sections);
			return one({ do: 'copy', path, to });
		}
		// Other times, the same content: nothing that anybody should hear of.
		if (dice < 0.3) return { operation: { do: 'touch', path }, touched: [] };
		if (dice < 0.33) return one(write(path, sections));
		if (dice < 0.42 && mayGo(1)) {
			left -= 1;
			files.delete(path);
			return one({ do: 'remove', path });
		}
		if (dice < 0.6 && mayGo(1)) {
			left -= 1;
			const to = random.chance(0.2) ? random.pick([...files.keys()]) : newPath();
			files.delete(path);
			files.set(to, sections);
			return one({ do: 'rename', path, to });
		}
		if (dice < 0.66 && mood === 'wild') {
			const to = random.pick([...files.keys()]);
			files.set(path, files.get(to) ?? []);
			files.set(to, sections);
			return one({ do: 'swap', path, to });
		}
		if (dice < 0.72 && foldersNow().length > 0) {
			const folder = random.pick(foldersNow());
			const paths = below(folder);
			if (mayGo(paths.length)) {
				left -= paths.length;
				number += 1;
				const to = random.chance(0.3) ? null : `folder ${number}`;
				const moved = paths.map(
					(from) => [from, files.get(from) ?? [], `${to}${from.slice(folder.length)}`] as const,
				);
				for (const from of paths) files.delete(from);
				if (to === null) return { operation: { do: 'remove folder', path: folder }, touched: paths };
				for (const [, own, at] of moved) files.set(at, own);
				const touched = [...paths, ...moved.map(([, , at]) => at)];
				return { operation: { do: 'rename folder', path: folder, to }, touched };
			}
		}
		return one(write(path, edited(random, formatOf(path), sections)));
	}

	for (let count = 0; count < movingCount; count += 1) {
		const path = newPath();
		files.set(path, newContent(path));
	}
	const first = new Map(Array.from(files, ([path, sections]) => [path, textOf(sections)]));
	for (let count = 0; count < stillCount; count += 1)
		first.set(`still/${count % 7}/${count}.md`, textOf(newSections(random, 'md').slice(0, 2)));
	return {
		first,
		next(mood) {
			const chosen = choose(mood);
			recent.push(...chosen.touched);
			return chosen;
		},
	};
}

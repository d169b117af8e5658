import picomatch from 'picomatch';
import { LITTER } from './settings.ts';

/** Which entries below a root belong to the watched set, by name alone. Pure. */
export interface Filter {
	/** Whether an entry is left out, itself, be it a file or a directory; what is below is never asked about. */
	excludes(relPath: string): boolean;
	/** Whether a file that is not excluded is wanted. */
	includes(relPath: string): boolean;
	/** Whether a file is in the watched set, asked from nothing but its path. */
	wants(relPath: string): boolean;
}

export function createFilter(globs: { include: readonly string[]; exclude: readonly string[] }): Filter {
	const isLitter = (glob: string) => LITTER.includes(glob);
	const excluded = compile(globs.exclude.filter((glob) => !isLitter(glob)));
	const left = compile(globs.exclude.filter(isLitter));
	const included = globs.include.length === 0 ? () => true : compile(globs.include);
	const includes = (relPath: string) => !left(relPath) && included(relPath);
	return {
		excludes: excluded,
		includes,
		wants(relPath) {
			for (let slash = relPath.indexOf('/'); slash !== -1; slash = relPath.indexOf('/', slash + 1)) {
				if (excluded(relPath.slice(0, slash))) return false;
			}
			return !excluded(relPath) && includes(relPath);
		},
	};
}

/** A glob without a slash is about names at any depth, one with a slash about paths from the root. */
function compile(globs: readonly string[]): (relPath: string) => boolean {
	const byName = anyOf(globs.filter((glob) => !glob.includes('/')));
	const byPath = anyOf(globs.filter((glob) => glob.includes('/')));
	return (relPath) => byName(relPath.slice(relPath.lastIndexOf('/') + 1)) || byPath(relPath);
}

/** One expression for all globs: asked one after the other they would take a sixth of a scan's time. */
function anyOf(globs: readonly string[]): (text: string) => boolean {
	if (globs.length === 0) return () => false;
	// As picomatch has it, a glob always matches its own text.
	const texts = new Set(globs);
	const sources = globs.map((glob) => picomatch.makeRe(glob, { dot: true, windows: false }).source);
	const expression = new RegExp(sources.map((source) => `(?:${source})`).join('|'));
	return (text) => expression.test(text) || texts.has(text);
}

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createFilter } from '../../../nodes/watch/filter.ts';
import { globFault, globsOf } from '../../../nodes/watch/globs.ts';
import { DEFAULT_EXCLUDES } from '../../../nodes/watch/settings.ts';

/** Globs that match no file as they are meant, and what is said of them. */
const faulty: Readonly<Record<string, RegExp>> = {
	'[': /\[ is not closed/,
	'a/[b': /\[ is not closed/,
	'[]': /\[ is not closed/,
	'{a,b': /\{ is not closed/,
	'{a,(b}': /\{ is not closed/,
	'+(a|b': /\( is not closed/,
	'[z-a]': /no range/,
	'/data/inbox/*': /full path/,
	'~/inbox/*': /full path/,
	'C:\\inbox\\*': /full path/,
	'c:/inbox/*': /full path/,
	'drafts\\*.md': /backslash/,
	'drafts\\': /backslash/,
	'../x': /out of the folder/,
	'a/../b': /out of the folder/,
	'..': /out of the folder/,
	'a/./b': /"\."/,
	'.': /"\."/,
	'a//b': /two slashes/,
	'drafts/': /write "drafts" for a folder and "drafts\/\*\*"/,
};

/** Globs, each with a path that it matches. */
const sound: Readonly<Record<string, string>> = {
	'*.md': 'x/a.md',
	'./a': 'a',
	'.*': '.git',
	'..*': '..a',
	'{a,b}/*.{md,txt}': 'b/x.txt',
	'+(x|y).txt': 'xy.txt',
	'[^a]b': 'cb',
	'[]]b': ']b',
	'\\[x\\]': '[x]',
	'a (1).md': 'a (1).md',
	'a).md': 'a).md',
	'docs/**': 'docs/a/b',
	'~$*': '~$a.docx',
	'a:b': 'a:b',
};

describe('globs', () => {
	for (const [glob, reason] of Object.entries(faulty)) {
		it(`${glob} can match no file`, () => assert.match(globFault(glob) ?? '', reason));
	}

	for (const [glob, path] of Object.entries(sound)) {
		it(`${glob} matches ${path}`, () => {
			assert.equal(globFault(glob), null);
			assert.ok(createFilter({ include: [glob], exclude: [] }).wants(path));
		});
	}

	it('finds no fault with what is left out by default', () => {
		for (const glob of DEFAULT_EXCLUDES) assert.equal(globFault(glob), null, glob);
	});

	it('finds fault with no name of a file that has no sign of a glob', () => {
		const name = fc
			.stringMatching(/^[\p{L}\p{N} _~$#&=,;'+@%^.-]{1,20}$/u)
			.filter((it) => !/^\.{1,2}$/.test(it));
		fc.assert(fc.property(name, (it) => globFault(it) === null));
	});

	it('splits a list between commas and line breaks, but not in braces', () => {
		assert.deepEqual(globsOf(' *.md, {a,b}/*.pdf,\n+(x|y).txt ,'), ['*.md', '{a,b}/*.pdf', '+(x|y).txt']);
	});
});

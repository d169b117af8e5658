import assert from 'node:assert/strict';
import { createFilter } from '../../../nodes/watch/filter.ts';
import { DEFAULT_EXCLUDES } from '../../../nodes/watch/settings.ts';

describe('filter', () => {
	it('leaves out hidden files and editor litter by default, at any depth', () => {
		const { wants } = createFilter({ include: [], exclude: DEFAULT_EXCLUDES });
		const litter = [
			'.env',
			'a.txt~',
			'.a.txt.swp',
			'a.swp',
			'.~lock.a.odt#',
			'~$a.docx',
			'a.part',
			'a.crdownload',
			'a.tmp',
			'4913',
		];
		for (const name of litter) for (const path of [name, `d/${name}`]) assert.equal(wants(path), false, path);
		assert.equal(wants('.git/config'), false);
		assert.equal(wants('a/.cache/b/c.txt'), false);
		for (const path of [
			'a.txt',
			'd/~a',
			'a.swp.txt',
			'49130',
			'part',
			'tmp/a',
			'$a.docx',
			'a b (1) [x].txt',
		]) {
			assert.equal(wants(path), true, path);
		}
	});

	it('leaves out no directory for being called like litter', () => {
		const { wants, excludes } = createFilter({ include: [], exclude: DEFAULT_EXCLUDES });
		for (const name of ['x.tmp', '4913', 'a~', '~$b', 'c.part']) {
			assert.equal(excludes(name), false, name);
			assert.equal(wants(`${name}/a.txt`), true, name);
			assert.equal(wants(`${name}/${name}`), false, name);
		}
		assert.equal(
			createFilter({ include: [], exclude: ['tmp*'] }).excludes('tmp1'),
			true,
			'what a person names is',
		);
	});

	it('takes globs without a slash as names and with a slash as paths', () => {
		const { wants } = createFilter({
			include: ['*.md', 'docs/**/*.txt'],
			exclude: ['node_modules', 'docs/old/**'],
		});
		for (const path of ['a.md', 'x/y/a.md', 'docs/a.txt', 'docs/x/a.txt'])
			assert.equal(wants(path), true, path);
		for (const path of [
			'a.txt',
			'x/docs/a.txt',
			'x/node_modules/y/a.md',
			'docs/old/a.md',
			'docs/old/x/a.txt',
		]) {
			assert.equal(wants(path), false, path);
		}
	});

	it('says of a directory that nothing below it is needed', () => {
		const { excludes } = createFilter({ include: ['*.md'], exclude: ['docs/old/**', '.*'] });
		assert.equal(excludes('docs/old'), true);
		assert.equal(excludes('.git'), true);
		assert.equal(excludes('docs'), false);
	});
});

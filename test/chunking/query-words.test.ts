import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseQuery, holdsWords } from '../../api/chunking/query-words.ts';
import { termsOf } from '../../api/chunking/stems.ts';
import { limits } from '../../api/contract/limits.ts';

const shown = (query: string) => {
	const { text, terms, phrases, without, beginning } = parseQuery(query);
	const lists = [...phrases, [], ...without].map((words) => words.join(' ') || '/');
	return `${text}|${terms.join(' ')}|${lists.join(' ')}|${beginning ?? ''}`;
};

const cases: Record<string, readonly [query: string, read: string]> = {
	'words, the last of which may be unfinished': [
		'shared library inst',
		'shared library inst|share librari inst|/|inst',
	],
	'a last word that is finished, or short': ['install it ', 'install it|instal it|/|'],
	'a phrase': ['find "shared library"', 'find shared library|find share librari|share librari /|'],
	'quotes of a word processor': ['“shared library” x', 'shared library x|share librari x|share librari /|'],
	'a quote that nobody closes, or within a word': [
		'"shared li 5" disk 3"',
		'shared li 5 disk 3"|share li 5 disk 3|share li 5 /|',
	],
	'what must not be there': ['cake -flour -"baking soda"', 'cake|cake|/ flour bake soda|'],
	'the options of a command, and the marks of a list': [
		'docker run -it\n-vacation\n - sick',
		'docker run -it\n-vacation\n - sick|docker run it vacat sick|/|sick',
	],
	'a minus before a digit, within a word, alone, doubled': [
		'-5 auto-save - --flag x',
		'-5 auto-save - --flag x|5 auto save flag x|/|',
	],
	'nothing but exclusions': ['-Wall', '-Wall|wall|/|'],
	'no words at all': ['?! "…" -', '?! … -||/|'],
	'characters of Chinese': ['共享库', '共享库|共 共享 享 享库 库|/|'],
};

describe('parseQuery', () => {
	for (const [name, [query, read]] of Object.entries(cases)) {
		it(`reads ${name}`, () => assert.equal(shown(query), read));
	}

	it('says what words were before there were stems, where that is another form', () => {
		assert.deepEqual(parseQuery('installed libraries of café -flies').earlier, ['installed', 'library']);
	});

	it('reads any text, and asks for no more than a search can bear', () => {
		const piece = fc.oneof(
			fc.string({ unit: 'grapheme' }),
			fc.string({ unit: 'binary' }),
			fc.constantFrom('"', '-', ' ', '-"', '" ', ' -x', 'NOT', 'NEAR(', '*', '“'),
		);
		fc.assert(
			fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
				const query = pieces.join('');
				const { terms, phrases, without, beginning } = parseQuery(query);
				for (const words of [terms, phrases.flat(), without.flat()])
					assert.ok(words.length <= limits.searchTerms);
				assert.ok([...phrases, ...without].every((words) => words.length > 0));
				assert.ok(beginning === null || terms.length === limits.searchTerms || terms.includes(beginning));
				// Whatever has words asks for something.
				if (termsOf(query).length > 0) assert.ok(terms.length > 0);
			}),
		);
		const many = Array.from({ length: 500 }, (_, n) => `"a${n} b" -word${n}`).join(' ');
		assert.equal(parseQuery(many).phrases.length, limits.searchTerms / 2);
		assert.equal(parseQuery(many).without.length, limits.searchTerms);
	});

	it('takes time in proportion to hostile texts', () => {
		const started = process.cpuUsage();
		for (const unit of ['"', '-', '-"', ' -"', '" ', '-a', 'a"', '“'])
			parseQuery(unit.repeat(8_192 / unit.length));
		assert.ok(process.cpuUsage(started).user < 1_000_000);
	});
});

describe('holdsWords', () => {
	const terms = ['a', 'b', 'c', 'a', 'c'];
	it('wants every phrase in a row, and nothing that must not be', () => {
		const holds = (phrases: string[][], without: string[][] = []) => holdsWords(terms, { phrases, without });
		assert.deepEqual(
			[holds([]), holds([['a', 'c']]), holds([['b', 'a']]), holds([['a'], ['d']])],
			[true, true, false, false],
		);
		assert.deepEqual(
			[holds([], [['c', 'b']]), holds([], [['b', 'c']]), holds([['c', 'x']])],
			[true, false, false],
		);
	});
});

import assert from 'node:assert/strict';
import { greatestScore, shareOf } from '../../api/chunking/term-weights.ts';
import { termsOf } from '../../api/chunking/stems.ts';
import { looksOf, nearTerms } from '../../api/chunking/near-terms.ts';

describe('termsOf', () => {
	it('gives the forms of an English word one term', () => {
		for (const word of ['connect', 'connects', 'connected', 'connecting', 'connection', 'Connections'])
			assert.deepEqual(termsOf(word), ['connect']);
		assert.deepEqual(termsOf('libraries generically'), ['librari', 'generic']);
	});

	it('leaves other words and identifiers as the tokenizer gives them, and stems the parts', () => {
		assert.equal(
			termsOf('CMAKE_INSTALLED x86_64 at größere 2nd').join(' '),
			'cmake_installed cmake instal x86_64 x86 64 at größere grosser 2nd',
		);
	});

	it('knows any number of words', () => {
		const text = Array.from({ length: 60_000 }, (_, n) => `${n.toString(26).replace(/\d/g, 'z')}ing`).join(
			' ',
		);
		assert.deepEqual(termsOf(text).slice(-100), termsOf(text).slice(-100));
		assert.deepEqual(termsOf('connection'), ['connect']);
	});
});

describe('nearTerms', () => {
	const vocabulary = Object.entries({
		instal: 9,
		install_prefix: 4,
		instanc: 7,
		instant: 2,
		insert: 5,
		intens: 1,
	}).map(([term, chunks]) => ({ term, chunks }));
	const near = (term: string, isUnfinished = false) => nearTerms(term, isUnfinished, vocabulary).join(' ');

	it('completes the unfinished word, the most frequent first', () => {
		assert.equal(near('inst', true), 'instal instanc install_prefix instant');
		assert.equal(near('inst'), '');
	});

	it('goes back to the stem that an unfinished word is beyond', () => {
		assert.equal(near('installat', true), 'instal');
		assert.equal(near('installations', true), '');
	});

	it('mends one slip of the finger in words of five letters and more', () => {
		assert.equal(near('isntal'), 'instal');
		assert.equal(near('instantt'), 'instant');
		assert.equal(near('instnt'), 'instant');
		assert.equal(near('inzert'), 'insert');
		assert.equal(near('unsertt'), '');
		assert.equal(near('inse'), '');
		assert.equal(near('insert1'), '');
	});
});

describe('looksOf', () => {
	it('bounds what a query costs: the unfinished word first, then those that may be mistyped, in their order', () => {
		assert.deepEqual([...looksOf(['wrod', 'wordss', '12345', 'x'], null)], [['wordss', 2_000]]);
		assert.deepEqual([...looksOf(['wordss', 'ins'], 'ins').keys()], ['ins', 'wordss']);
		const many = Array.from(
			{ length: 64 },
			(_, n) => `word${String.fromCodePoint(97 + (n % 26)).repeat(n + 1)}`,
		);
		const looks = looksOf(many, many.at(-1) ?? null);
		assert.deepEqual([...looks.keys()], [many.at(-1), ...many.slice(0, 7)]);
		assert.ok([...looks.values()].reduce((sum, one) => sum + one, 0) <= 6_000);
	});
});

describe('greatestScore', () => {
	it('is what all terms give together; those that nobody has weigh like the rarest', () => {
		assert.ok(Math.abs(greatestScore([1, 3, null]) - 2.2 * 7) < 1e-9);
		assert.deepEqual([greatestScore([]), greatestScore([null])], [0, 0]);
		assert.deepEqual([shareOf(1, 4), shareOf(5, 4), shareOf(0, 0), shareOf(-1, 4)], [0.25, 1, 0, 0]);
	});
});

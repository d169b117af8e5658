import assert from 'node:assert/strict';
import fc from 'fast-check';
import { headingsFound, orderOf, precisionOf, recallOf, score, wordsOf } from '../bench/formats-score.ts';

const word = fc.constantFrom('a', 'b', 'c', 'd', 'e');

/** As every textbook has it. */
function longest(left: readonly string[], right: readonly string[]): number {
	let above = new Array<number>(right.length + 1).fill(0);
	for (const one of left) {
		const row = [0];
		for (const [at, other] of right.entries()) {
			row.push(one === other ? (above[at] ?? 0) + 1 : Math.max(above[at + 1] ?? 0, row[at] ?? 0));
		}
		above = row;
	}
	return above.at(-1) ?? 0;
}

describe('how near a text comes to another', () => {
	it('counts a word as often as both have it', () => {
		const sum = score(wordsOf('To be, or not to be'), wordsOf('be BE be x'));
		assert.equal(recallOf(sum), 2 / 6);
		assert.equal(precisionOf(sum), 2 / 4);
	});

	it('finds the order of words that stand elsewhere less than whole', () => {
		assert.equal(orderOf(score(wordsOf('one two three four'), wordsOf('two x three four one'))), 3 / 4);
	});

	it('finds the longest common subsequence, however long both are', () => {
		const words = fc.array(word, { maxLength: 150 });
		fc.assert(
			fc.property(words, words, (left, right) => {
				assert.equal(score(left, right).ordered, longest(left, right));
			}),
		);
	});

	it('knows a heading by its words', () => {
		const found = headingsFound(['Run  Tests', 'Options', 'Missing'], new Set(['run tests', 'Options:']));
		assert.deepEqual(found, { of: 3, found: 2 });
	});
});

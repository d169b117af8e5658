import assert from 'node:assert/strict';
import { indexedTerms } from '../../api/chunking/name-terms.ts';

describe('indexedTerms', () => {
	it('adds the words of the file name', () => {
		const cases: [string, string][] = [
			['Finance/invoice-2024_0042.final.pdf', 'a b invoice 2024_0042 2024 0042 final'],
			['C:\\docs\\Café.md', 'a b café cafe'],
			['README', 'a b readme'],
			['.gitignore', 'a b gitignore'],
			['https://example.com/', 'a b'],
			['a/a a.txt', 'a b a'],
		];
		for (const [docId, expected] of cases) assert.equal(indexedTerms('a b', docId), expected, docId);
		assert.equal(indexedTerms('', 'x.txt'), 'x');
		assert.ok(indexedTerms('', 'word '.repeat(10_000)).length < 300);
	});
});

import assert from 'node:assert/strict';
import { indexedTerms, isNamedAlike, storedTerms } from '../../api/chunking/name-terms.ts';

const naming = (docId: string, metadata: Record<string, unknown> = {}, path: string | null = null) => ({
	docId,
	path,
	metadata,
});

describe('indexedTerms', () => {
	it('adds the words of the file name twice, and of its folders', () => {
		const cases: [string, string][] = [
			['Finance/plan-0042.pdf', 'a b plan 0042 plan 0042 financ'],
			['C:\\docs\\Café.md', 'a b café cafe café cafe c doc'],
			['README', 'a b readm readm'],
			['.gitignore', 'a b gitignor gitignor'],
			['12/34/x.txt', 'a b x x'],
			['https://example.com/', 'a b http exampl com'],
		];
		for (const [docId, expected] of cases) assert.equal(indexedTerms('a b', naming(docId)), expected, docId);
		assert.equal(indexedTerms('', naming('x.txt')), 'x x');
		assert.equal(indexedTerms('a', naming('drive:17', {}, 'plans/x.txt')), 'a x x plan');
		assert.ok(indexedTerms('', naming('word '.repeat(10_000))).length < 600);
	});

	it('adds a description, tags and keywords, whatever they are', () => {
		const metadata = { description: 'Quokka care', tags: ['zoo', { no: 1 }, ['island']], keywords: 'fur' };
		assert.equal(indexedTerms('', naming('x', metadata)), 'x x quokka care zoo island fur');
		assert.equal(indexedTerms('', naming('x', { description: 7, tags: null, other: 'y' })), 'x x');
		assert.ok(indexedTerms('', naming('x', { description: 'word '.repeat(10_000) })).length < 2_100);
	});

	it('tells whether a change of metadata changes them', () => {
		const sent = (metadata: Record<string, unknown>) => ({ path: null, metadata });
		assert.equal(isNamedAlike('x', sent({ tags: ['a'], by: 1 }), sent({ tags: 'a', by: 2 })), true);
		assert.equal(isNamedAlike('x', sent({ tags: ['a'] }), sent({ tags: ['b'] })), false);
		assert.equal(isNamedAlike('x', { ...sent({}), path: 'a/x' }, sent({})), false);
	});

	it('are made again from what an index shows', () => {
		const fields = { path: null, extra: { tags: 'zoo' } };
		const shown = { docId: 'd.md', heading: 'Guide > Linking', content: 'Linking\n\nlibraries', fields };
		assert.equal(storedTerms(shown).join(' '), 'guid link librari d d zoo');
	});
});

import assert from 'node:assert/strict';
import { searchedBlocks } from '../../../api/adapters/extractors/extracted.ts';
import type { Block } from '../../../api/chunking/chunk.ts';

describe('searchedBlocks', () => {
	const heading: Block = { kind: 'heading', level: 1, text: 'Head' };
	const text: Block = { kind: 'paragraph', text: 'Text' };
	const textsOf = (blocks: Block[], description?: string, keywords?: string[]) =>
		searchedBlocks({
			...{ title: null, blocks },
			...(description !== undefined && { description }),
			...(keywords && { keywords }),
		}).map((block) => block.text);

	it('puts what a document says of itself before its text, below its first headings', () => {
		assert.deepEqual(textsOf([heading, text], 'About', ['a', 'b']), [
			'Head',
			'About',
			'Keywords: a, b',
			'Text',
		]);
		assert.deepEqual(textsOf([text, heading], 'About'), ['About', 'Text', 'Head']);
		assert.deepEqual(textsOf([heading], undefined, ['a']), ['Head', 'Keywords: a']);
		assert.deepEqual(textsOf([], 'About'), ['About']);
		assert.deepEqual(textsOf([text], undefined, []), ['Text']);
	});
});

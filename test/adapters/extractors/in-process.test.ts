import assert from 'node:assert/strict';
import { createInProcessExtractor } from '../../../api/adapters/extractors/in-process.ts';
import { extractorConformance } from '../../conformance/extractor.ts';

extractorConformance('the in-process extractor', (chunking) => createInProcessExtractor({ chunking }));

describe('the in-process extractor', () => {
	it('refuses sizes that cannot work', () => {
		assert.throws(() => createInProcessExtractor({ chunking: { maxChars: 10, overlapChars: 0 } }), {
			code: 'config_invalid',
		});
	});

	it('gives full-text search each heading once', async () => {
		const content = new TextEncoder().encode('# Guide\n\n## Start\n\nRead on.\n\n## End\n\nThat was all.');
		const { chunks } = await createInProcessExtractor().extract({ content, mimeType: 'text/markdown' });
		assert.deepEqual(
			chunks.map(({ terms }) => terms),
			['guid start read on', 'guid end that was all'],
		);
	});

	it('names the limit that a file of too many chunks breaks', async () => {
		const content = new TextEncoder().encode('# a\nb\n'.repeat(200_001));
		await assert.rejects(createInProcessExtractor().extract({ content, mimeType: 'text/markdown' }), {
			code: 'unreadable',
			message: /text\/markdown.*200001.*200000/,
		});
	});
});

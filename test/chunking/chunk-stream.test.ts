import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Block, chunk } from '../../api/chunking/chunk.ts';
import { createChunkStream } from '../../api/chunking/chunk-stream.ts';
import { anyBlock, streamed } from '../support/chunk-blocks.ts';

const anySizes = fc
	.integer({ min: 200, max: 1_500 })
	.chain((maxChars) =>
		fc.record({ maxChars: fc.constant(maxChars), overlapChars: fc.nat(Math.ceil(maxChars / 2) - 1) }),
	);

describe('chunk stream', () => {
	it('puts what the document calls itself above its headings, unless it was sent with a title', () => {
		const sizes = { maxChars: 1_200, overlapChars: 150 };
		const blocks: Block[] = [{ kind: 'paragraph', text: 'Some text.' }];
		for (const sent of [null, 'Sent']) {
			const stream = createChunkStream(sizes, sent);
			stream.title('Own');
			for (const block of blocks) stream.block(block);
			stream.end();
			assert.deepEqual(stream.take(), chunk(blocks, sizes, sent ?? 'Own'));
		}
	});

	it('gives the chunks of the unstreamed chunker, whatever the window and the pieces', () => {
		fc.assert(
			fc.property(
				fc.array(anyBlock, { maxLength: 12 }),
				anySizes,
				fc.integer({ min: 1, max: 6_000 }),
				fc.option(fc.integer({ min: 1, max: 700 }), { nil: null }),
				fc.constantFrom(null, 'A title', ''),
				(blocks, sizes, window, pieceChars, title) => {
					assert.deepEqual(streamed(blocks, sizes, window, pieceChars, title), chunk(blocks, sizes, title));
				},
			),
			{ numRuns: 400 },
		);
	});

	it('does not cut a section that fits into one chunk, though a cut in it is certain before its end', () => {
		const sizes = { maxChars: 1_183, overlapChars: 549 };
		for (const length of [900, 1_183, 1_184]) {
			const blocks: Block[] = [{ kind: 'paragraph', text: 'x'.repeat(length) }];
			const whole = chunk(blocks, sizes);
			assert.equal(whole.length > 1, length > sizes.maxChars);
			for (const pieceChars of [null, 1, 300, 900]) {
				for (const window of [1, 850, 1_000]) {
					assert.deepEqual(streamed(blocks, sizes, window, pieceChars), whole);
				}
			}
		}
	});

	it('lets chunks go long before the end, and keeps a few windows of text', () => {
		const sizes = { maxChars: 1_200, overlapChars: 150 };
		const stream = createChunkStream(sizes, null, 16_384);
		let done = 0;
		let chars = 0;
		stream.open();
		for (let line = 0; line < 40_000; line += 1) {
			const text = `${line === 0 ? '' : '\n'}${line},${line * 7919},value-${line % 97}`;
			stream.more(text);
			chars += text.length;
			done += stream.take().reduce((sum, piece) => sum + piece.text.length, 0);
			assert.ok(chars - done < 100_000, `after ${chars} characters ${done} have left`);
		}
		stream.close();
		stream.end();
		assert.ok(stream.take().length > 0);
	});
});

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { chunk, type Block, type Piece } from '../../api/chunking/chunk.ts';
import { createChunkStream } from '../../api/chunking/chunk-stream.ts';

/** Texts in which every kind of cut is made: sentences, words, single characters, and hardly any difference between them. */
const anyText = fc.oneof(
	fc.lorem({ maxCount: 200, mode: 'sentences' }),
	fc.lorem({ maxCount: 400 }),
	fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }).map((text) => `a${text}`),
	fc.nat(4_000).map((n) => 'x'.repeat(n + 1)),
	fc.nat(3_000).map((n) => `a${' '.repeat(n)}b`),
	fc.nat(2_000).map((n) => `a${'😀'.repeat(n)}`),
	fc.nat(400).map((n) => `a${'👩‍👩‍👧‍👦🏳️‍🌈👍🏽🇩🇪'.repeat(n)}`),
	fc.nat(900).map((n) => `e\u0301\u0302\u0303\u0304`.repeat(n + 1)),
	fc.nat(4_000).map((n) => `a${'\u0301'.repeat(n)}`),
	fc.nat(60).map((n) => 'การติดตั้งโปรแกรมคอมพิวเตอร์เพื่อใช้งานในสำนักงาน'.repeat(n + 1)),
	fc.nat(60).map((n) => '会議の議事録を作成します次回の打ち合わせは金曜日です'.repeat(n + 1)),
	fc.nat(800).map((n) => `v${' 12.5, yes'.repeat(n)}`),
	fc
		.array(fc.constantFrom(' ', 'b', '. ', '\n', '。', '漢', '😀', '     ', '"', 'word '), {
			maxLength: 2_500,
		})
		.map((parts) => `a${parts.join('')}`),
);
const anyPage = fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined });
const anyBlock: fc.Arbitrary<Block> = fc.oneof(
	{ weight: 5, arbitrary: fc.record({ kind: fc.constant('paragraph' as const), text: anyText }) },
	{
		weight: 3,
		arbitrary: fc
			.tuple(
				fc.constantFrom('paragraph' as const, 'item' as const, 'row' as const),
				anyText,
				anyPage,
				fc.constantFrom(undefined, undefined, 'Name | Value', 'Other | '.repeat(9)),
			)
			.map(([kind, text, page, header]) => ({
				...{ kind, text },
				...(page !== undefined && { page }),
				...(header !== undefined && kind === 'row' && { header }),
			})),
	},
	{
		weight: 1,
		arbitrary: fc.record({
			kind: fc.constant('heading' as const),
			level: fc.integer({ min: 1, max: 4 }),
			text: fc.lorem({ maxCount: 4 }),
		}),
	},
);
const anySizes = fc
	.integer({ min: 200, max: 1_500 })
	.chain((maxChars) =>
		fc.record({ maxChars: fc.constant(maxChars), overlapChars: fc.nat(Math.ceil(maxChars / 2) - 1) }),
	);

/** Feeds every block whole, or paragraphs without pages in pieces, and takes the chunks as they come. */
function streamed(
	blocks: readonly Block[],
	sizes: { maxChars: number; overlapChars: number },
	window: number,
	pieceChars: number | null,
	title: string | null = null,
): Piece[] {
	const stream = createChunkStream(sizes, title, window);
	const pieces: Piece[] = [];
	for (const block of blocks) {
		const isPlain = block.kind === 'paragraph' && block.page === undefined && block.text.trim() !== '';
		if (pieceChars === null || !isPlain) stream.block(block);
		else {
			stream.open();
			for (let at = 0; at < block.text.length; at += pieceChars)
				stream.more(block.text.slice(at, at + pieceChars));
			stream.close();
		}
		pieces.push(...stream.take());
	}
	stream.end();
	return [...pieces, ...stream.take()];
}

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

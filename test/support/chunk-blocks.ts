/** Blocks of any kind for tests of the chunker, and the way of them through the one that streams. */
import fc from 'fast-check';
import type { Block } from '../../api/chunking/chunk.ts';
import type { ChunkSizes } from '../../api/chunking/chunk-sizes.ts';
import { createChunkStream } from '../../api/chunking/chunk-stream.ts';
import type { Piece } from '../../api/chunking/piece.ts';

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
export const anyBlock: fc.Arbitrary<Block> = fc.oneof(
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
/** Feeds every block whole, or paragraphs without pages in pieces, and takes the chunks as they come. */
export function streamed(
	blocks: readonly Block[],
	sizes: ChunkSizes,
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

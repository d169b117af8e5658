import assert from 'node:assert/strict';
import fc from 'fast-check';
import { countTokens } from 'gpt-tokenizer/encoding/cl100k_base';
import { countedSizes } from '../../api/adapters/extractors/count-tokens.ts';
import { type Block, chunk } from '../../api/chunking/chunk.ts';
import type { ChunkSizes, CountTokens, TokenSizes } from '../../api/chunking/chunk-sizes.ts';
import { chunkHash, embeddedText, type Piece } from '../../api/chunking/piece.ts';
import { anyBlock, streamed } from '../support/chunk-blocks.ts';
import { assertComplete } from '../support/complete-chunks.ts';

type Counted = Extract<ChunkSizes, TokenSizes>;

const paragraph = (text: string): Block => ({ kind: 'paragraph', text });
const tokensOf: CountTokens = (text) => countTokens(text, { disallowedSpecial: new Set() });

/** Parts of texts in which a token is a long word, a character, or less than that. */
const parts: Readonly<Record<string, readonly string[]>> = {
	English: ['The build links each library. ', 'Install it ', 'at 10:45, ', 'internationalisation ', '\n'],
	Thai: ['การติดตั้ง', 'โปรแกรม', 'คอมพิวเตอร์', ' เพื่อใช้งาน', 'ในสำนักงาน', '๑๒๓ '],
	Chinese: ['会议', '我们今天讨论了新的项目计划', '，', '。', '龘', '𠀀𠀁', '金曜日です'],
	emoji: ['😀', '👩‍👩‍👧‍👦', '🏳️‍🌈', '👍🏽', '🇩🇪', ' ', 'ok '],
	code: ['\tif (a[i] !== null) {\n', '        return x;\n', '}\n\n', 'const f = (b) => b?.c ?? 0;\n'],
	'nobody’s': ['x', '\u0301', '     ', '--------', '<|endoftext|>', '\u{10fffd}', '\ud800', '0'],
};
const anyScript = fc
	.constantFrom(...Object.values(parts))
	.chain((of) => fc.array(fc.constantFrom(...of), { minLength: 1, maxLength: 250 }))
	.map((found) => `a${found.join('')}`);
const anyHeading = fc.record({
	kind: fc.constant('heading' as const),
	level: fc.integer({ min: 1, max: 4 }),
	text: fc.oneof(fc.lorem({ maxCount: 4 }), fc.constantFrom('การติดตั้ง'.repeat(30), '龘'.repeat(90))),
});
const anyDocument = fc.array(
	fc.oneof(
		{ weight: 4, arbitrary: fc.record({ kind: fc.constant('paragraph' as const), text: anyScript }) },
		{
			weight: 2,
			arbitrary: fc.record({
				kind: fc.constantFrom('item' as const, 'code' as const),
				text: anyScript,
			}),
		},
		{
			weight: 1,
			arbitrary: fc.record({
				kind: fc.constant('row' as const),
				text: anyScript,
				header: fc.constantFrom('Name | Value', '金額 | '.repeat(9)),
			}),
		},
		{ weight: 1, arbitrary: anyHeading },
	),
	{ maxLength: 10 },
);
const anySizes = fc
	.integer({ min: 100, max: 400 })
	.chain((maxTokens) => fc.record({ maxTokens: fc.constant(maxTokens), overlapTokens: fc.nat(49) }));

describe('chunks in tokens', () => {
	let count: CountTokens;
	before(async () => {
		const sizes = await countedSizes({ maxTokens: 256, overlapTokens: 32 });
		assert.ok('count' in sizes);
		count = sizes.count;
	});
	const of = (sizes: TokenSizes): Counted => ({ ...sizes, count });
	const usual = () => of({ maxTokens: 256, overlapTokens: 32 });

	it('are counted as OpenAI counts them, whatever they say', () => {
		assert.equal(count('tiktoken is great!'), 6);
		assert.equal(count('お誕生日おめでとう'), 9);
		assert.equal(count('a <|endoftext|> b'), tokensOf('a <|endoftext|> b'));
		// One token of eight letters; as a whole it would take a tokenizer minutes.
		assert.ok(count('x'.repeat(300_000)) < 45_000);
	});

	it('are none above the limit as they are embedded, lose nothing and keep the order, in any script', () => {
		fc.assert(
			fc.property(anyDocument, anySizes, (blocks, sizes) => {
				const pieces = chunk(blocks, of(sizes));
				for (const piece of pieces) {
					const tokens = tokensOf(embeddedText(piece));
					assert.ok(tokens <= sizes.maxTokens, `${tokens} tokens`);
					assert.equal(piece.tokens, tokens);
					assert.notEqual(piece.text.trim(), '');
				}
				const rows = blocks.some(({ kind }) => kind === 'row');
				if (!rows) assertComplete(pieces, blocks.map(({ text }) => text).join(' '), sizes.overlapTokens * 16);
			}),
			{ numRuns: 150 },
		);
	});

	it('are the same streamed, whatever the window and the pieces', () => {
		fc.assert(
			fc.property(
				fc.array(anyBlock, { maxLength: 8 }),
				anySizes,
				fc.integer({ min: 1, max: 6_000 }),
				fc.option(fc.integer({ min: 1, max: 700 }), { nil: null }),
				fc.constantFrom(null, 'A title'),
				(blocks, sizes, window, pieceChars, title) => {
					const tokens = of(sizes);
					assert.deepEqual(streamed(blocks, tokens, window, pieceChars, title), chunk(blocks, tokens, title));
				},
			),
			{ numRuns: 60 },
		);
	});

	it('fill the limit where the text is long, and repeat of the chunk before no more than they should', () => {
		for (const [script, of] of Object.entries(parts)) {
			// In no order: where a text repeats itself all cuts are alike.
			const place = (i: number) => Math.imul(i + 1, 0x9e3779b1) >>> 8;
			const text = Array.from({ length: 3_000 }, (_, i) => `${i % 7}${of[place(i) % of.length]}`).join('');
			const pieces = chunk([paragraph(text)], usual());
			const mean = pieces.reduce((sum, { tokens = 0 }) => sum + tokens, 0) / pieces.length;
			assert.ok(mean > 256 * 0.45, `${script}: ${mean} tokens on average`);
			for (const [index, piece] of pieces.entries()) {
				const before = pieces[index - 1]?.text ?? '';
				const repeated = Array.from({ length: Math.min(piece.text.length, 512) }, (_, i) => i).findLast((n) =>
					before.endsWith(piece.text.slice(0, n)),
				);
				const tokens = tokensOf(piece.text.slice(0, repeated ?? 0));
				assert.ok(tokens <= 32 + 4, `${script}: ${tokens} tokens are repeated`);
			}
		}
	});

	it('stay as they are below an insertion', () => {
		const lines = Array.from({ length: 2_000 }, (_, i) => `Line ${i * 7919} tells ${i % 13} of ${i % 97}.`);
		const hashes = (text: string): Set<string> => new Set(chunk([paragraph(text)], usual()).map(chunkHash));
		const before = hashes(lines.join(' '));
		assert.ok(before.size > 100);
		for (const at of [0, 3, 700, 1_999]) {
			const after = hashes(lines.toSpliced(at, 0, 'Something new is said here, at some length.').join(' '));
			const added = [...after].filter((hash) => !before.has(hash));
			assert.ok(added.length <= 3, `${added.length} of ${before.size} are new`);
		}
	});

	it('bound what the headings above them take', () => {
		const heading = (level: number, text: string): Block => ({ kind: 'heading', level, text });
		const blocks = [1, 2, 3, 4, 5].map((level) => heading(level, `${level} ${'การติดตั้ง'.repeat(9)}`));
		const pieces = chunk(
			[...blocks, paragraph('word '.repeat(2_000))],
			of({ maxTokens: 120, overlapTokens: 0 }),
		);
		assert.ok(pieces.length > 20);
		for (const { heading: above } of pieces) {
			assert.ok(above !== null && above !== '');
			assert.ok(tokensOf(above) <= 30);
		}
		const short = chunk([heading(1, 'Guide'), heading(2, 'Start'), paragraph('x')], usual());
		assert.equal(short[0]?.heading, 'Guide > Start');
	});

	it('are counted in proportion to the text', () => {
		for (const text of [
			'word '.repeat(40_000),
			'x'.repeat(200_000),
			`a${' '.repeat(200_000)}b`,
			'漢'.repeat(60_000),
		]) {
			let counted = 0;
			const sizes = { ...usual(), count: (part: string) => ((counted += part.length), count(part)) };
			for (const make of [
				() => chunk([paragraph(text)], sizes),
				() => streamed([paragraph(text)], sizes, 16_384, 1_000),
			]) {
				counted = 0;
				assert.ok(make().length > 1);
				assert.ok(counted < text.length * 2.5, `${counted} characters counted of ${text.length}`);
			}
		}
	});

	it('are within the limit even where a tokenizer makes more of texts together than of each', () => {
		const together: CountTokens = (text) => Math.ceil(text.length / 4) + (text.length > 300 ? 200 : 0);
		const sizes = { maxTokens: 100, overlapTokens: 10, count: together };
		const text = Array.from({ length: 900 }, (_, i) => `word${i}`).join(' ');
		const blocks = [{ kind: 'heading' as const, level: 1, text: 'Guide' }, paragraph(text)];
		const pieces = chunk(blocks, sizes);
		for (const piece of pieces) assert.ok(together(embeddedText(piece)) <= 100);
		assertComplete(pieces, `Guide ${text}`, 160);
		assert.deepEqual(streamed(blocks, sizes, 500, 100), pieces);
	});

	it('are cut at a character’s beginning where one is longer than all there is room for', () => {
		const pieces: Piece[] = chunk([paragraph('👩‍👩‍👧‍👦'.repeat(200))], of({ maxTokens: 100, overlapTokens: 0 }));
		for (const { text } of pieces) assert.ok(text.startsWith('👩') && text.endsWith('👦'), text);
	});
});

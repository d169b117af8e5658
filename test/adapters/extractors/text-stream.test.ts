import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { LONGEST_LINE, openTextFile } from '../../../api/adapters/extractors/decode-stream.ts';
import { streamText } from '../../../api/adapters/extractors/text-stream.ts';
import { extractText } from '../../../api/adapters/extractors/text.ts';
import { createChunkStream } from '../../../api/chunking/chunk-stream.ts';
import { chunk } from '../../../api/chunking/chunk.ts';
import type { Piece } from '../../../api/chunking/piece.ts';
import { isDocDropError } from '../../../api/errors.ts';

const sizes = { maxChars: 300, overlapChars: 40 };
const anyLine = fc.oneof(
	fc.lorem({ maxCount: 12 }),
	fc.constantFrom(
		'',
		'',
		'   ',
		'====',
		'----',
		'*****',
		'-',
		'Title',
		'Ti\fle',
		'\f',
		'\t indented',
		'  - item',
		'x\r',
		'.. _target:',
		'`Title`_',
	),
	fc.string({ maxLength: 40 }),
	fc.nat(30).map((n) => '='.repeat(n)),
	fc.nat(900).map((n) => `  ${'long '.repeat(n)} `),
);
const anyFile = fc
	.tuple(fc.array(anyLine, { maxLength: 60 }), fc.constantFrom('\n', '\r\n', '\r'), fc.constantFrom('', '\n'))
	.map(([lines, end, last]) => lines.join(end) + last);
const anyBytes = fc.oneof(
	anyFile.map((text) => Buffer.from(text)),
	anyFile.map((text) => Buffer.from(`\ufeff${text}`)),
	anyFile.map((text) => Buffer.from(`\ufeff${text}`, 'utf16le')),
	anyFile.map((text) => Buffer.concat([Buffer.from(text), Buffer.from([0x80, 0xe9, 0x20, 0x9f])])),
);
const anyLength = fc.constantFrom(1, 200, 1_000, 1_000_000);
const anyType = fc.constantFrom('text/plain', 'text/x-rst');

describe('text that is read in pieces', () => {
	const dir = mkdtempSync(join(tmpdir(), 'docdrop-text-stream-'));
	const file = join(dir, 'content');
	after(() => rmSync(dir, { recursive: true, force: true }));

	function streamed(
		bytes: Uint8Array,
		longParagraph: number,
		mimeType = 'text/plain',
	): { title: string | null; pieces: Piece[] } {
		writeFileSync(file, bytes);
		const chunks = createChunkStream(sizes, null, 500);
		const pieces: Piece[] = [];
		const walk = streamText(openTextFile(file, mimeType), chunks, longParagraph);
		for (;;) {
			const { done, value } = walk.next();
			pieces.push(...chunks.take());
			if (done === true) return { title: value, pieces };
		}
	}

	it('gives the title and the chunks of text that is read whole', () => {
		fc.assert(
			fc.property(anyBytes, anyLength, anyType, (bytes, longParagraph, mimeType) => {
				let whole;
				try {
					const { title, blocks } = extractText(bytes, mimeType);
					whole = { title, pieces: chunk(blocks, sizes) };
				} catch (error) {
					assert.ok(isDocDropError(error));
					assert.throws(() => streamed(bytes, longParagraph, mimeType), { message: error.message });
					return;
				}
				assert.deepEqual(streamed(bytes, longParagraph, mimeType), whole);
			}),
			{ numRuns: 500 },
		);
	});

	it('joins what falls apart between two reads', () => {
		const text = `${'é漢😀\r\n'.repeat(60_000)}\r\n\r\n${'café. '.repeat(50_000)}`;
		const { blocks } = extractText(Buffer.from(text));
		assert.deepEqual(streamed(Buffer.from(text), 1_000).pieces, chunk(blocks, sizes));
	});

	it('refuses a line that no limit would hold, naming the limit', () => {
		assert.throws(() => streamed(Buffer.alloc(LONGEST_LINE + 1, 'a'), 1_000), {
			code: 'unreadable',
			message: new RegExp(`line of more than ${LONGEST_LINE} characters`),
		});
	});
});

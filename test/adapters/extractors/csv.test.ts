import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { extractCsv, streamCsv } from '../../../api/adapters/extractors/csv.ts';
import { openTextFile } from '../../../api/adapters/extractors/decode-stream.ts';
import { chunk } from '../../../api/chunking/chunk.ts';
import type { Piece } from '../../../api/chunking/piece.ts';
import { createChunkStream } from '../../../api/chunking/chunk-stream.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const texts = (csv: string, mimeType = 'text/csv') =>
	extractCsv(bytes(csv), mimeType).blocks.map(({ text }) => text);

describe('extractCsv', () => {
	it('names the cells of each row by its header', () => {
		assert.deepEqual(texts('name,born,city\nAda,1815,London\n"Lovelace, A.",,"a ""quoted""\nplace"\n'), [
			'name | born | city',
			'name: Ada | born: 1815 | city: London',
			'name: Lovelace, A. | city: a "quoted" place',
		]);
	});

	for (const delimiter of [',', ';', '\t', '|']) {
		it(`finds the delimiter ${JSON.stringify(delimiter)}`, () => {
			const csv = ['name', 'text'].join(delimiter) + '\n' + ['Ada', 'one. two: three'].join(delimiter);
			assert.deepEqual(texts(csv), ['name | text', 'name: Ada | text: one. two: three']);
		});
	}

	it('takes TSV at its word, and the delimiter that a first line names', () => {
		assert.deepEqual(texts('a\tb\nx, y\tz, w', 'text/tab-separated-values'), ['a | b', 'a: x, y | b: z, w']);
		assert.deepEqual(texts('sep=;\na;b\n1,5;2'), ['a | b', 'a: 1,5 | b: 2']);
	});

	it('reads a number that is written as a formula so that it keeps its zeros', () => {
		assert.deepEqual(texts('name,code\nAda,="00123"'), ['name | code', 'name: Ada | code: 00123']);
	});

	it('takes a header in which some names are doubled', () => {
		assert.deepEqual(texts('name,amount,note,amount\nAda,1,,2'), [
			'name | amount | note | amount',
			'name: Ada | amount: 1 | amount: 2',
		]);
	});

	it('names nothing where the first row is no header', () => {
		assert.deepEqual(texts('1,Ada\n2,Bob'), ['1 | Ada', '2 | Bob']);
		assert.deepEqual(texts('x,x\ny,z'), ['x | x', 'y | z']);
		assert.deepEqual(texts('one\ntwo'), ['one', 'two']);
	});

	it('finds a header below the title of a table', () => {
		assert.deepEqual(texts('Sales of the year\n\nregion,sum\nNorth,12'), [
			'Sales of the year',
			'region | sum',
			'region: North | sum: 12',
		]);
	});

	it('reads a quote that nobody closes as text, and every row behind it', () => {
		const csv = `a,b\n1,"open\n${Array.from({ length: 50 }, (_, n) => `${n},x${n}`).join('\n')}`;
		const found = texts(csv);
		assert.equal(found.length, 52);
		assert.equal(found[1], 'a: 1 | b: "open');
		assert.equal(found.at(-1), 'a: 49 | b: x49');
		assert.match(extractCsv(bytes(csv), 'text/csv').warnings?.[0] ?? '', /never closed/);
		const long = `a,b\n1,"open\n${'2,some more text\n'.repeat(200_000)}3,the end`;
		const all = texts(long);
		assert.deepEqual([all.length, all.at(-1)], [200_003, 'a: 3 | b: the end']);
	});

	it('is read in the charset that its sender declares, and says in which', () => {
		const cyrillic = Buffer.from('a,b\n\xec\xe8\xf0,1', 'latin1');
		const { blocks, charset } = extractCsv(cyrillic, 'text/csv', 'windows-1251');
		assert.deepEqual([blocks[1]?.text, charset], ['a: мир | b: 1', 'windows-1251']);
	});

	it('keeps a text of many lines in one cell', () => {
		const long = 'line of a cell\n'.repeat(20_000);
		assert.equal(texts(`a,b\n1,"${long}"\n2,next`)[2], 'a: 2 | b: next');
	});
});

describe('CSV that is read in pieces', () => {
	const dir = mkdtempSync(join(tmpdir(), 'docdrop-csv-'));
	const file = join(dir, 'content');
	after(() => rmSync(dir, { recursive: true, force: true }));
	const sizes = { maxChars: 300, overlapChars: 40 };
	function streamed(csv: string, mimeType: string): Piece[] {
		writeFileSync(file, csv);
		const chunks = createChunkStream(sizes, null, 500);
		const pieces: Piece[] = [];
		const walk = streamCsv(openTextFile(file, mimeType), mimeType, chunks);
		for (;;) {
			const { done } = walk.next();
			pieces.push(...chunks.take());
			if (done === true) return pieces;
		}
	}

	it('gives the chunks of the whole file', () => {
		const cell = fc.oneof(
			fc.constantFrom('', 'a', '"', '"x"', '"a\nb"', '"a,b"', ' ', '1', 'sep=;', '\f', 'ü'),
			fc.lorem({ maxCount: 5 }),
			fc.nat(3_000).map((n) => `"${'long, '.repeat(n)}"`),
		);
		const csv = fc
			.tuple(
				fc.array(fc.array(cell, { minLength: 1, maxLength: 5 }), { maxLength: 40 }),
				fc.constantFrom(',', ';', '\t', '|'),
				fc.constantFrom('\n', '\r\n'),
			)
			.map(([rows, delimiter, end]) => rows.map((cells) => cells.join(delimiter)).join(end));
		fc.assert(
			fc.property(csv, fc.constantFrom('text/csv', 'text/tab-separated-values'), (text, mimeType) => {
				const whole = chunk(extractCsv(bytes(text), mimeType).blocks, sizes);
				assert.deepEqual(streamed(text, mimeType), whole);
			}),
			{ numRuns: 60 },
		);
	});
});

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Block, chunk } from '../../api/chunking/chunk.ts';
import { assertComplete } from '../support/complete-chunks.ts';
import { chunkHash, embeddedText, type Piece } from '../../api/chunking/piece.ts';

const text = (pieces: readonly Piece[]) => pieces.map((piece) => piece.text);
const paragraph = (value: string): Block => ({ kind: 'paragraph', text: value });
const heading = (level: number, value: string): Block => ({ kind: 'heading', level, text: value });

/** The same numbers in every run: 32-bit Weyl sequence, mixed. */
function numbers(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x9e3779b9) >>> 0;
		let z = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
		z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
		return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32;
	};
}

const vocabulary =
	'the build of a target links each shared library and installs its runtime path where they are'.split(' ');
function prose(next: () => number, chars: number): string {
	let out = '';
	while (out.length < chars) {
		const word = vocabulary[Math.floor(next() * vocabulary.length)] ?? '';
		const number = next() < 0.1 ? String(Math.floor(next() * 1e6)) : word;
		out += number + (next() < 0.1 ? '. ' : ' ');
	}
	return out.trim();
}

/** Texts that hardly repeat themselves, so that a missing piece shows. */
const numbered = (parts: readonly string[]) => parts.map((part, i) => `${i.toString(36)}${part}`).join('');
const anyText = fc.oneof(
	fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }),
	fc.lorem({ maxCount: 60 }),
	fc
		.array(fc.constantFrom(' ', 'b', '. ', '\n', '。', '漢', '😀', '     ', '"'), { maxLength: 900 })
		.map(numbered),
	fc.nat(2000).map((n) => numbered(Array.from({ length: n }, () => ''))),
	fc.nat(600).map((n) => numbered(Array.from({ length: n }, () => '😀'))),
	fc.nat(3000).map((n) => `a${' '.repeat(n)}b`),
);
const anyBlock: fc.Arbitrary<Block> = fc.record({
	kind: fc.constantFrom('heading', 'paragraph', 'item', 'code', 'row'),
	level: fc.integer({ min: 1, max: 9 }),
	text: anyText,
});
const anySizes = fc
	.integer({ min: 200, max: 1500 })
	.chain((maxChars) =>
		fc.record({ maxChars: fc.constant(maxChars), overlapChars: fc.nat(Math.ceil(maxChars / 2) - 1) }),
	);

const EDITS = 40;

describe('chunk', () => {
	it('gives no chunks for no text', () => {
		assert.deepEqual(chunk([]), []);
		assert.deepEqual(chunk([paragraph(' \n '), heading(1, '')]), []);
	});

	it('keeps a short section whole, joins blocks by blank lines and list items by line ends', () => {
		const blocks: Block[] = [
			paragraph('one'),
			{ kind: 'item', text: 'two' },
			{ kind: 'item', text: 'three' },
			{ kind: 'code', text: '  four\n\tfive' },
		];
		assert.deepEqual(chunk(blocks), [
			{ text: 'one\n\ntwo\nthree\n\n  four\n\tfive', heading: null, page: null },
		]);
	});

	it('starts a chunk at each heading and gives it the headings above', () => {
		const pieces = chunk([
			paragraph('before'),
			heading(1, 'Guide'),
			heading(2, 'Install'),
			paragraph('make'),
			heading(3, 'Linux'),
			paragraph('apt'),
			heading(2, 'Use'),
			paragraph('run'),
		]);
		assert.deepEqual(
			pieces.map(({ heading: trail, text: value }) => [trail, value]),
			[
				[null, 'before'],
				['Guide > Install', 'Guide\n\nInstall\n\nmake'],
				['Guide > Install > Linux', 'Linux\n\napt'],
				['Guide > Use', 'Use\n\nrun'],
			],
		);
	});

	it('keeps a heading that has nothing below it', () => {
		assert.deepEqual(text(chunk([heading(1, 'A'), heading(1, 'B'), heading(1, 'C')])), ['A', 'B', 'C']);
	});

	it('bounds the trail however long and deep the headings are', () => {
		const blocks = Array.from({ length: 50 }, (_, i) => [
			heading(i + 1, '😀'.repeat(500)),
			paragraph('x'),
		]).flat();
		for (const piece of chunk(blocks)) {
			assert.ok((piece.heading ?? '').length < 700);
			assert.ok((piece.heading ?? '').isWellFormed());
		}
	});

	it('gives the page where a chunk begins', () => {
		const next = numbers(1);
		const blocks = [1, 2, 3].map((page): Block => ({ kind: 'paragraph', text: prose(next, 1100), page }));
		const pages = chunk(blocks).map((piece) => piece.page);
		assert.equal(pages[0], 1);
		assert.equal(pages.at(-1), 3);
		assert.deepEqual(
			pages,
			pages.toSorted((a, b) => (a ?? 0) - (b ?? 0)),
		);
	});

	it('cuts between paragraphs where it can, else between sentences', () => {
		const next = numbers(2);
		const blocks = Array.from({ length: 60 }, () => paragraph(`${prose(next, 50 + next() * 240)}.`));
		const whole = new Set(blocks.map((block) => block.text));
		for (const piece of chunk(blocks, { overlapChars: 0 })) {
			for (const part of piece.text.split('\n\n')) assert.ok(whole.has(part), part.slice(0, 60));
		}
		const sentences = Array.from({ length: 100 }, (_, i) => `This is sentence ${i} of one long paragraph.`);
		const pieces = chunk([paragraph(sentences.join(' '))], { overlapChars: 0 });
		assert.ok(pieces.length > 3);
		for (const piece of pieces) assert.match(piece.text, /^This .*\.$/s);
	});

	it('repeats whole sentences or words of the chunk before, and only within a section', () => {
		const next = numbers(3);
		const blocks = [
			heading(1, 'A'),
			paragraph(prose(next, 5000)),
			heading(1, 'B'),
			paragraph(prose(next, 5000)),
		];
		const pieces = chunk(blocks, { maxChars: 600, overlapChars: 100 });
		let repeated = 0;
		for (const [index, piece] of pieces.entries()) {
			const before = pieces[index - 1];
			if (before === undefined || before.heading !== piece.heading) continue;
			const shared = Array.from({ length: 100 }, (_, i) => 100 - i).find((n) =>
				before.text.endsWith(piece.text.slice(0, n)),
			);
			if (shared !== undefined && shared > 3) repeated += 1;
			assert.ok(
				` ${before.text}`.includes(` ${piece.text.split(/\s/)[0] ?? ''}`),
				'begins with a whole word',
			);
		}
		assert.ok(repeated > pieces.length / 2);
		const second = pieces.find((piece) => piece.heading === 'B');
		assert.ok(second?.text.startsWith('B\n\n'));
	});

	it('loses nothing and keeps the order, whatever the blocks', () => {
		fc.assert(
			fc.property(fc.array(anyBlock, { maxLength: 12 }), anySizes, (blocks, sizes) => {
				const pieces = chunk(blocks, sizes);
				assertComplete(pieces, blocks.map((block) => block.text).join(' '), sizes.overlapChars);
				for (const piece of pieces) {
					assert.ok(piece.text.length <= sizes.maxChars);
					assert.notEqual(piece.text.trim(), '');
					if (blocks.every((block) => block.text.isWellFormed())) assert.ok(piece.text.isWellFormed());
				}
			}),
			{ numRuns: 300 },
		);
	});

	it('leaves no tiny piece at the end of a long section', () => {
		fc.assert(
			fc.property(fc.array(fc.lorem({ maxCount: 80 }), { minLength: 1, maxLength: 40 }), (paragraphs) => {
				const pieces = chunk(paragraphs.map(paragraph), { maxChars: 600, overlapChars: 0 });
				if (pieces.length < 2) return;
				for (const piece of pieces) assert.ok(piece.text.length >= 600 / 4 - 3, String(piece.text.length));
			}),
			{ numRuns: 100 },
		);
	});

	describe('an edit in a document of about 500 chunks without headings changes few chunks', () => {
		const lengths: Record<string, (next: () => number) => number> = {
			'paragraphs of all lengths': (next) => 40 + next() * next() * 1000,
			'paragraphs of 200 to 500 characters': (next) => 200 + next() * 300,
			'list lines': (next) => 20 + next() * 80,
			'paragraphs that fill a chunk': (next) => 500 + next() * 500,
			'paragraphs longer than a chunk': (next) => 1500 + next() * 4000,
		};
		for (const [name, length] of Object.entries(lengths)) {
			it(`(at most 3 in 95 of 100 edits, at most 5 in all): ${name}`, () => {
				const next = numbers(7);
				const make = () => paragraph(prose(next, length(next)));
				const blocks: Block[] = [];
				for (let chars = 0; chars < 500 * 650; chars += blocks.at(-1)?.text.length ?? 0) blocks.push(make());
				const before = new Set(chunk(blocks).map(chunkHash));
				assert.ok(before.size > 350 && before.size < 700, String(before.size));
				const counts = Array.from({ length: EDITS }, (_, i) => {
					const edited = [...blocks];
					const at = Math.floor(next() * blocks.length);
					const old = edited[at]?.text ?? '';
					const middle = Math.floor(next() * old.length);
					// A block that is several chunks long is edited; as a whole it would change all of them.
					const kind = old.length > 1200 ? 3 : i % 4;
					if (kind === 0) edited.splice(at, 1, make());
					else if (kind === 1) edited.splice(at, 0, make());
					else if (kind === 2) edited.splice(at, 1);
					else edited.splice(at, 1, paragraph(`${old.slice(0, middle)} edited ${old.slice(middle + 8)}`));
					return chunk(edited).filter((piece) => !before.has(chunkHash(piece))).length;
				});
				const few = counts.filter((count) => count <= 3).length / counts.length;
				assert.ok(Math.max(...counts) <= 5, `at most ${Math.max(...counts)}`);
				assert.ok(few >= 0.95, `${few} within 3`);
			});
		}
	});

	it('takes time in proportion to hostile texts', () => {
		const texts = [
			'same line\n'.repeat(100_000),
			'x'.repeat(1_000_000),
			'.'.repeat(1_000_000),
			' '.repeat(1_000_000),
		];
		for (const value of texts) {
			const started = process.cpuUsage();
			chunk([paragraph(`a${value}b`)]);
			chunk(
				value
					.slice(0, 200_000)
					.match(/.{1,20}/gs)
					?.map(paragraph) ?? [],
			);
			// Quadratic code takes minutes here; the bound leaves room for a busy machine.
			assert.ok(process.cpuUsage(started).user < 3_000_000);
		}
	});

	it('refuses sizes that cannot work', () => {
		for (const sizes of [
			{ maxChars: 199 },
			{ maxChars: 8001 },
			{ maxChars: 500.5 },
			{ overlapChars: 600 },
			{ overlapChars: -1 },
		]) {
			assert.throws(() => chunk([], sizes), { code: 'config_invalid' });
		}
	});
});

describe('chunkHash', () => {
	it('tells apart what differs in any field, however the parts are joined', () => {
		const base: Piece = { text: 'b', heading: 'a', page: 1 };
		const others: Piece[] = [
			{ text: 'b', heading: null, page: 1 },
			{ text: 'b', heading: '', page: 1 },
			{ text: 'b', heading: 'a', page: null },
			{ text: 'ab', heading: '', page: 1 },
			{ text: '1;b', heading: 'a', page: null },
			{ text: 'b', heading: 'a', page: 11 },
		];
		assert.equal(new Set([base, ...others].map(chunkHash)).size, others.length + 1);
		assert.equal(chunkHash({ ...base }), chunkHash(base));
	});

	it('never changes: points of the index are named by it', () => {
		assert.equal(
			chunkHash({ text: 'Grüße', heading: 'A > B', page: null }),
			'ce13ce91f514a21262a9f1a58fa906082c11a949c24d1356b94518f9f2fe7e84',
		);
	});
});

describe('embeddedText', () => {
	const cases: [what: string, heading: string | null, text: string, wanted: string][] = [
		['no heading', null, 'Body.', 'Body.'],
		['a heading that stands in the text', 'Guide', 'Guide\n\nBody.', 'Guide\n\nBody.'],
		['its parents', 'Book > Guide', 'Guide\n\nBody.', 'Book\nGuide\n\nBody.'],
		['a title with its subtitle', 'Book > Guide > Start', 'Guide\n\nStart\n\nBody.', 'Book\nGuide\n\nStart\n\nBody.'],
		['equal headings below one another', 'A > A', 'A\n\nA\n\nBody.', 'A\n\nA\n\nBody.'],
		['a heading on several lines', 'One two', 'One\n two\n\nBody.', 'One\n two\n\nBody.'],
		['a heading that the path shows cut', 'x'.repeat(100), `${'x'.repeat(150)}\n\nBody.`, `${'x'.repeat(150)}\n\nBody.`],
		['nothing but the heading', 'Guide', 'Guide', 'Guide'],
		['a later part of the section', 'Book > Guide', 'More of it.', 'Book > Guide\nMore of it.'],
		['a text that begins like the heading', 'Guide', 'Guide dogs are patient.', 'Guide\nGuide dogs are patient.'],
		['a parent that the text begins with', 'Guide > Start', 'Guide\n\nBody.', 'Guide > Start\nGuide\n\nBody.'],
		['a heading that only ends alike', 'The Guide', 'Guide\n\nBody.', 'The Guide\nGuide\n\nBody.'],
	]; // prettier-ignore
	for (const [what, heading, text, wanted] of cases) {
		it(`has the path of headings once: ${what}`, () => assert.equal(embeddedText({ heading, text }), wanted));
	}

	it('has every heading above a chunk once, whatever the document', () => {
		const outline = fc.array(
			fc.record({ level: fc.integer({ min: 1, max: 6 }), chars: fc.constantFrom(0, 40, 900) }),
			{ minLength: 1, maxLength: 12 },
		);
		fc.assert(
			fc.property(outline, fc.integer(), (sections, seed) => {
				const next = numbers(seed);
				const blocks = sections.flatMap(({ level, chars }, n) => [
					heading(level, `Heading${n}x`),
					...(chars === 0 ? [] : [paragraph(prose(next, chars))]),
				]);
				for (const piece of chunk(blocks, { maxChars: 300, overlapChars: 0 })) {
					const found = embeddedText(piece).match(/Heading\d+x/g) ?? [];
					assert.deepEqual(found, piece.heading?.split(' > '));
				}
			}),
		);
	});

	describe('of tables', () => {
		const header = 'Country | Capital';
		const rows = Array.from({ length: 80 }, (_, i): Block => ({
			kind: 'row',
			text: `Country number ${i} | Capital city number ${i}`,
			header,
		}));
		const table: Block[] = [{ kind: 'row', text: header }, ...rows];

		it('begin with the header, and are not longer for it', () => {
			const blocks = [paragraph('Before the table.'), ...table, paragraph('Behind it. '.repeat(40))];
			const pieces = chunk(blocks, { maxChars: 400, overlapChars: 60 });
			assert.ok(pieces.length > 8);
			for (const piece of pieces) {
				assert.ok(piece.text.length <= 400);
				if (!/^Country number/m.test(piece.text.split('\n')[0] ?? '')) continue;
				assert.fail(`a chunk without the header: ${piece.text.slice(0, 60)}`);
			}
			const all = text(pieces).join('\n');
			for (const row of rows) assert.ok(all.includes(row.text));
			assert.equal(all.split('Before the table.').length, 2);
		});

		it('go without a header that takes the room of the text', () => {
			const long = 'Name | '.repeat(20);
			const blocks = rows.map((row) => ({ ...row, header: long }));
			for (const piece of chunk(blocks, { maxChars: 300, overlapChars: 40 })) {
				assert.ok(piece.text.length <= 300);
				assert.ok(!piece.text.startsWith(long));
			}
		});
	});

	it('puts the title above all headings, unless the outermost says it', () => {
		const headingsOf = (title: string | null, ...blocks: Block[]) =>
			chunk(blocks, {}, title).map((piece) => piece.heading);
		const body = paragraph('text');
		assert.deepEqual(headingsOf('Quokka guide', body), ['Quokka guide']);
		assert.deepEqual(headingsOf('Quokka guide', heading(1, 'Boats'), body, heading(2, 'Times'), body), [
			'Quokka guide > Boats',
			'Quokka guide > Boats > Times',
		]);
		assert.deepEqual(headingsOf('quokka guide', heading(1, 'Quokka Guide'), body), ['Quokka Guide']);
		assert.deepEqual(headingsOf('Boats — Island Site', heading(1, 'Boats'), body), ['Boats']);
		assert.deepEqual(headingsOf('Site | Boats', heading(1, 'Boats'), body), ['Boats']);
		assert.deepEqual(headingsOf('Boats and trains', heading(1, 'Boats'), body), ['Boats and trains > Boats']);
		assert.deepEqual(headingsOf(null, body), [null]);
		const [piece] = chunk([heading(1, 'Boats'), body], {}, 'Quokka guide');
		assert.ok(piece !== undefined);
		assert.equal(embeddedText(piece), 'Quokka guide\nBoats\n\ntext');
	});

	it('cuts neither a character that a reader sees, nor a word of a script without spaces', () => {
		const sizes = { maxChars: 300, overlapChars: 0 };
		const marks = ['e\u0301\u0302\u0303', '👩‍👩‍👧‍👦', '🏳️‍🌈', '👍🏽', '각', 'नि', 'กำ'];
		for (const mark of marks) {
			for (const piece of chunk([paragraph(mark.repeat(700))], sizes)) {
				assert.ok(piece.text.startsWith(mark), `${mark} at the start`);
				assert.ok(piece.text.endsWith(mark), `${mark} at the end`);
			}
		}
		const words = ['การ', 'ติดตั้ง', 'โปรแกรม', 'คอมพิวเตอร์', 'เพื่อ', 'ใช้งาน', 'ใน', 'สำนักงาน'];
		const starts = new Set(words.map((word) => word.slice(0, 3)));
		for (const piece of chunk([paragraph(words.join('').repeat(60))], sizes))
			assert.ok(starts.has(piece.text.slice(0, 3)), piece.text.slice(0, 12));
	});

	it('cuts a character without end all the same', () => {
		for (const piece of chunk([paragraph(`a${'\u0301'.repeat(5_000)}`)], { maxChars: 300, overlapChars: 0 }))
			assert.ok(piece.text.length <= 300);
	});
});

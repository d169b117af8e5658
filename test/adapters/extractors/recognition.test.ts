import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInProcessExtractor } from '../../../api/adapters/extractors/in-process.ts';
import { ocrBounds } from '../../../api/adapters/extractors/ocr-bounds.ts';
import { checkOcr, type CheckedOcr } from '../../../api/adapters/extractors/ocr-data.ts';
import { extractPdf } from '../../../api/adapters/extractors/pdf.ts';
import {
	createRecognition,
	type PageOutcome,
	paragraphsOf,
} from '../../../api/adapters/extractors/recognition.ts';
import { DocDropError } from '../../../api/errors.ts';
import { pdfFile } from '../../support/pdf-file.ts';
import {
	cropped,
	drawn,
	type GreyPicture,
	jpegTiff,
	png,
	pngOf,
	scannedPdf,
	tiff,
} from '../../support/picture-files.ts';

const eng = { languages: ['eng'], dataDir: null };

describe('text recognition', () => {
	let ocr: CheckedOcr;
	let picture: GreyPicture;
	before(async () => {
		ocr = await checkOcr(eng);
		picture = cropped(await drawn({ lines: [{ text: 'Ships arrived on Tuesday.', size: 14 }] }));
	});

	it('reads a picture, and says so', async () => {
		const extractor = createInProcessExtractor({ ocr });
		const { mimeType, chunks, warnings } = await extractor.extract({
			content: png(picture),
			mimeType: 'application/octet-stream',
		});
		assert.equal(mimeType, 'image/png');
		assert.deepEqual(
			chunks.map(({ text, page }) => ({ text, page })),
			[{ text: 'Ships arrived on Tuesday.', page: null }],
		);
		assert.deepEqual(warnings, ['the picture was read by OCR']);
		assert.ok(extractor.mimeTypes.includes('image/png'));
		assert.equal(
			extractor.fingerprintOf(mimeType),
			`${createInProcessExtractor().fingerprintOf(mimeType)}+${ocr.fingerprint}`,
		);
	});

	it('reads a scanned page as its PDF turns it', async () => {
		const extractor = createInProcessExtractor({ ocr });
		const { grey } = picture;
		const upsideDown = { ...picture, grey: Uint8Array.from(grey).reverse(), rotate: 180 };
		const content = scannedPdf([upsideDown]);
		const { chunks, warnings } = await extractor.extract({ content, mimeType: 'application/pdf' });
		assert.deepEqual(
			chunks.map(({ text, page }) => ({ text, page })),
			[{ text: 'Ships arrived on Tuesday.', page: 1 }],
		);
		assert.deepEqual(warnings, ['page 1 was read by OCR']);
	});

	it('reads a picture that lies upside down, whatever it says of itself', async () => {
		const content = png({ ...picture, grey: Uint8Array.from(picture.grey).reverse() });
		const { chunks } = await createInProcessExtractor({ ocr }).extract({ content, mimeType: 'image/png' });
		assert.deepEqual(
			chunks.map(({ text }) => text),
			['Ships arrived on Tuesday.'],
		);
	});

	it('reads a TIFF that is packed as JPEG, in one strip or in many, and names a way of packing that it does not read', async () => {
		const every = 4;
		const [width, height] = [Math.floor(picture.width / every), Math.floor(picture.height / every)];
		const grey = Uint8Array.from({ length: width * height }, (_, at) => {
			const [x, y] = [(at % width) * every, Math.floor(at / width) * every];
			return picture.grey[y * picture.width + x] ?? 0;
		});
		const coarse = { width, height, grey };
		const extractor = createInProcessExtractor({ ocr });
		for (const rows of [height, 5]) {
			const content = jpegTiff(coarse, rows);
			const { chunks } = await extractor.extract({ content, mimeType: 'image/tiff' });
			assert.deepEqual(
				chunks.map(({ text }) => text),
				['Ships arrived on Tuesday.'],
				`${rows} rows`,
			);
		}
		const packed = tiff([picture]);
		packed.writeUInt32LE(8, packed.indexOf(Buffer.from('03010400010000000100', 'hex')) + 8);
		await assert.rejects(extractor.extract({ content: packed, mimeType: 'image/tiff' }), {
			code: 'unreadable',
			message: /packed in a way that text recognition \(OCR\) does not take \(compression 8\)$/,
		});
	});

	it('refuses a picture by what it says of its size, before anything is unpacked', async () => {
		for (const [width, height, most] of [
			[30_000, 30_000, '40000000'],
			[40_000, 900, '32767 each way'],
		] as const) {
			const content = pngOf(width, height, Buffer.alloc(0));
			await assert.rejects(createInProcessExtractor({ ocr }).extract({ content, mimeType: 'image/png' }), {
				code: 'unreadable',
				message: `the file, read as image/png, has ${width} x ${height} pixels; at most ${most} are taken`,
			});
		}
	});

	it('where it is off, refuses a picture and names the setting', async () => {
		await assert.rejects(
			createInProcessExtractor().extract({ content: png(picture), mimeType: 'text/plain' }),
			{
				code: 'unsupported_type',
				message: /is image\/png by its content/,
				hint: /DOCDROP_OCR/,
			},
		);
	});

	it('ends with the pages and the time that a document may take', async () => {
		let now = 0;
		let announced = 0;
		let ended = 0;
		const recognition = createRecognition(ocr, {
			beforePage: async (place) => void (announced = place),
			afterPage: async () => void (ended += 1),
			slowPages: [],
			monotonic: () => (now += ocrBounds.documentMs / 2),
		});
		const kinds: string[] = [];
		for (let page = 1; page <= 4; page += 1)
			kinds.push((await recognition.read('image/png', () => ({ bytes: Buffer.from('none') }))).kind);
		assert.deepEqual([kinds, announced, ended], [['unread', 'unread', 'beyond', 'beyond'], 2, 2]);
		const many = createRecognition(ocr, {
			beforePage: () => Promise.resolve(),
			afterPage: () => Promise.resolve(),
			slowPages: [2],
			monotonic: () => 0,
		});
		const read = () => many.read('image/png', () => ({ bytes: Buffer.from('none') }));
		const why: string[] = [];
		for (let page = 1; page <= ocrBounds.pages; page += 1) {
			const outcome = await read();
			why.push(outcome.kind === 'unread' ? outcome.error.message : outcome.kind);
		}
		assert.match(why[0] ?? '', /it is damaged or none$/);
		assert.match(why[1] ?? '', /a page took longer than 60000 ms$/);
		assert.equal(why[2], why[0]);
		assert.equal(new Set(why).size, 2);
		assert.equal((await read()).kind, 'beyond');
		const slow = createRecognition(ocr, {
			...{ beforePage: () => Promise.resolve(), afterPage: () => Promise.resolve() },
			...{ slowPages: [1, 2, 4], monotonic: () => 0 },
		});
		const fates: string[] = [];
		for (let page = 1; page <= 5; page += 1)
			fates.push((await slow.read('image/png', () => ({ bytes: png(picture) }))).kind);
		assert.deepEqual(fates, ['unread', 'unread', 'read', 'beyond', 'beyond']);
	});

	describe('of languages whose data', () => {
		let dir: string;
		beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'docdrop-ocr-'))));
		afterEach(() => rmSync(dir, { recursive: true }));
		const refused = (languages: readonly string[], dataDir: string | null, field: string, message: RegExp) =>
			assert.rejects(checkOcr({ languages, dataDir }), { code: 'config_invalid', field, message });

		it('are missing does not start, and the error names setting and language', async () => {
			await refused(['deu'], null, 'DOCDROP_OCR', /built in \(eng\).*DOCDROP_OCR_DATA, got "deu"/);
			await refused(['deu'], dir, 'DOCDROP_OCR_DATA', /"deu" \(deu\.traineddata.*are missing/);
			await refused(['deu'], join(dir, 'gone'), 'DOCDROP_OCR_DATA', /are missing/);
		});

		it('are damaged does not start, and the error names setting and language', async () => {
			writeFileSync(join(dir, 'deu.traineddata'), 'nonsense '.repeat(1_000));
			await refused(['eng', 'deu'], dir, 'DOCDROP_OCR_DATA', /"deu".*are damaged/);
			writeFileSync(join(dir, 'fra.traineddata.gz'), Buffer.of(0x1f, 0x8b, 1, 2, 3));
			await refused(['fra'], dir, 'DOCDROP_OCR_DATA', /"fra".*could not be read/);
		});
	});
});

describe('a PDF with pages that text recognition is asked of', () => {
	/** Of each page that is a scan, in order. */
	const read = (scans: readonly PageOutcome[], pages = scans.map((): object => ({ isScan: true }))) => {
		const left = [...scans];
		const next = () => Promise.resolve(left.shift() ?? assert.fail('asked too often'));
		return extractPdf(pdfFile({ pages }), { read: next });
	};
	const text = (...paragraphs: string[]): PageOutcome => ({ kind: 'read', paragraphs });
	const unread: PageOutcome = { kind: 'unread', error: new DocDropError('unreadable', 'damaged') };

	it('asks of scans alone, and says of each page what became of it', async () => {
		const { blocks, warnings } = await read(
			[text('From a scan.', 'And more.'), text(), unread, text('The last.'), { kind: 'beyond' }],
			[
				...[{ isScan: true }, { lines: ['Typed.'] }, { isScan: true }, { isScan: true }],
				...[{ lines: [] }, { isScan: true }, { isScan: true }],
			],
		);
		assert.deepEqual(blocks, [
			{ kind: 'paragraph', text: 'From a scan.', page: 1 },
			{ kind: 'paragraph', text: 'And more.', page: 1 },
			{ kind: 'paragraph', text: 'Typed.', page: 2 },
			{ kind: 'paragraph', text: 'The last.', page: 6 },
		]);
		assert.deepEqual(warnings, [
			'pages 1 and 6 were read by OCR',
			'OCR found no text on page 3',
			'page 7 was not read by OCR: at most 200 pages of a document are, in 300 s, and none behind 2 that took longer than 60 s each',
			'page 4 could not be read',
		]);
	});

	it('has no text layer where nothing is found, and the hint says that it was looked for', async () => {
		await assert.rejects(read([text(), text()]), {
			code: 'no_text_layer',
			message: 'the PDF has no text: OCR found no text on pages 1 and 2',
			hint: /OCR\) found none.*DOCDROP_OCR/,
		});
		await assert.rejects(read([unread]), { code: 'unreadable' });
	});

	it('without it says which setting reads scans', async () => {
		await assert.rejects(extractPdf(pdfFile({ pages: [{ isScan: true }] })), {
			code: 'no_text_layer',
			hint: /DOCDROP_OCR/,
		});
	});
});

describe('the paragraphs of what was recognised', () => {
	it('join their lines, but for those that were meant to end, and words that a hyphen divides', () => {
		assert.deepEqual(
			paragraphsOf(
				'A line that is as long as the others are, and goes mid-\ndle of the word and then on until it is full\nenough.\n\nLong Street 12\nSome Town\n \n\nThe last.\n',
			),
			[
				'A line that is as long as the others are, and goes middle of the word and then on until it is full enough.',
				'Long Street 12\nSome Town',
				'The last.',
			],
		);
		assert.deepEqual(paragraphsOf(' \n\n\n'), []);
	});
});

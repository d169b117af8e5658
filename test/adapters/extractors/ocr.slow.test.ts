import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';
import { ocrBounds } from '../../../api/adapters/extractors/ocr-bounds.ts';
import { checkOcr } from '../../../api/adapters/extractors/ocr-data.ts';
import { createExtractorPool } from '../../../api/adapters/extractors/pool.ts';
import type { DocDropError } from '../../../api/errors.ts';
import type { Extractor } from '../../../api/ports/extractor.ts';
import { systemClock } from '../../../nodes/watch/clock.ts';
import {
	bmp,
	cropped,
	drawn,
	gif,
	type GreyPicture,
	jpeg,
	png,
	pngOf,
	scannedPdf,
	tiff,
	turned,
	webp,
} from '../../support/picture-files.ts';

const chunking = { maxChars: 1200, overlapChars: 150 };
const words = 'Ships arrived on Tuesday with grain.';

describe('the pool where pictures are read', function () {
	this.timeout(1_200_000);
	let pool: Extractor;
	let picture: GreyPicture;
	/** So coarse that one of its pixels may become eight by eight. */
	let coarse: GreyPicture;
	before(async () => {
		const ocr = await checkOcr({ languages: ['eng'], dataDir: null });
		pool = createExtractorPool({ workers: 2, ocr, chunking, clock: systemClock });
		picture = cropped(await drawn({ lines: [{ text: words, size: 20 }] }));
		coarse = everyFourth(picture);
	});
	after(() => pool.close());

	const read = async (content: Uint8Array, mimeType: string) => {
		const { chunks, warnings } = await pool.extract({ content, mimeType });
		return { text: chunks.map(({ text }) => text).join('\n'), warnings };
	};
	const refusal = (content: Uint8Array, mimeType: string) =>
		read(content, mimeType).then(
			() => assert.fail('it was read'),
			(error: unknown) => error as DocDropError,
		);

	it('reads every kind of them', async () => {
		const files = {
			'image/png': png(picture),
			'image/bmp': bmp(picture),
			'image/gif': gif(picture),
			'image/webp': webp(picture),
			'image/tiff': tiff([picture]),
			'image/jpeg': jpeg(coarse),
		};
		for (const [mimeType, content] of Object.entries(files)) {
			const found = await read(content, mimeType);
			assert.deepEqual(found, { text: words, warnings: ['the picture was read by OCR'] }, mimeType);
			const cut = await refusal(content.subarray(0, Math.floor(content.length / 2)), mimeType);
			assert.equal(cut.code, 'unreadable', mimeType);
			assert.ok(cut.message.includes(mimeType), cut.message);
		}
	});

	it('turns them as a camera says, and where they lie', async () => {
		let lying = coarse;
		for (const orientation of [8, 3, 6]) {
			lying = turned(lying);
			assert.equal((await read(jpeg(lying, orientation), 'image/jpeg')).text, words);
			assert.equal((await read(png(turned(picture)), 'image/png')).text, words);
		}
	});

	it('reads as many pages as a document may have, and names the others', async () => {
		const blank = { width: 64, height: 64, grey: new Uint8Array(64 * 64).fill(255) };
		const pages = Array.from({ length: 1_000 }, (_, at) => (at === 1 ? picture : blank));
		assert.deepEqual(await read(tiff(pages), 'image/tiff'), {
			text: words,
			warnings: [
				'page 2 was read by OCR',
				'OCR found no text on pages 1 and 3 to 200',
				'pages 201 to 1000 were not read by OCR: at most 200 pages of a document are, in 300 s, and none behind 2 that took longer than 60 s each',
			],
		});
		const scans = Array.from({ length: 500 }, (_, at) => (at === 1 ? picture : blank));
		const { warnings } = await read(scannedPdf(scans), 'application/pdf');
		assert.match(warnings.at(-1) ?? '', /^pages 201 to 500 were not read by OCR/);
	});

	it('refuses what would fill memory or time with its reason, and goes on', async () => {
		const zeros = (bytes: number) => deflateSync(Buffer.alloc(bytes), { level: 1 });
		const large = pngOf(10_000, 10_000, zeros(10_001 * 10_000));
		assert.match((await refusal(large, 'image/png')).message, /10000 x 10000 pixels; at most 40000000/);
		const frame = Buffer.from(gif(picture));
		const at = frame.indexOf(Buffer.of(0x2c, 0, 0, 0, 0));
		frame.writeUInt32LE(0xffffffff, at + 5);
		assert.equal((await refusal(frame, 'image/gif')).code, 'unreadable');
		// More than its header says, which nobody unpacks.
		assert.equal((await read(pngOf(100, 100, zeros(1e9)), 'image/png')).text, '');
		const specks = noise((value) => (value < 0.1 ? 0 : 255));
		const { code, message } = await refusal(png(specks), 'image/png');
		assert.equal(code, 'unreadable');
		assert.match(message, new RegExp(`OCR\\) of a page took longer than ${ocrBounds.pageMs} ms`));
		assert.equal((await read(png(picture), 'image/png')).text, words);
		const among = await read(scannedPdf([picture, specks, picture]), 'application/pdf');
		assert.deepEqual(among.warnings, ['pages 1 and 3 were read by OCR', 'page 2 could not be read']);
	});

	// Of another process Linux alone tells.
	(process.platform === 'linux' ? it : it.skip)('holds its processes within their memory', async () => {
		const wide = { width: 6_300, height: 6_300, grey: new Uint8Array(6_300 * 6_300).fill(255) };
		const pages = Array.from({ length: 3 }, () => scannedPdf([wide]));
		await Promise.all([
			...pages.map((content) => refusal(content, 'application/pdf')),
			...[0, 1].map(() => read(png(wide), 'image/png')),
		]);
		const peaks = children().map(peakMb);
		assert.ok(peaks.length >= 2 && peaks.every((mb) => mb > 100 && mb < 768), `${peaks.join(', ')} MB`);
	});
});

const everyFourth = ({ width, height, grey }: GreyPicture): GreyPicture => {
	const [across, down] = [Math.floor(width / 4), Math.floor(height / 4)];
	const out = Uint8Array.from({ length: across * down }, (_, at) => {
		const [x, y] = [(at % across) * 4, Math.floor(at / across) * 4];
		return grey[y * width + x] ?? 0;
	});
	return { width: across, height: down, grey: out };
};

const noise = (pixel: (value: number) => number): GreyPicture => {
	const [width, height] = [2_480, 3_508];
	return { width, height, grey: Uint8Array.from({ length: width * height }, () => pixel(Math.random())) };
};

const children = (): string[] =>
	readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
const peakMb = (pid: string): number =>
	Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024;

import assert from 'node:assert/strict';
import {
	jpegOrientation,
	pictureSize,
	type PictureType,
} from '../../../api/adapters/extractors/picture-size.ts';
import { beginningWith, tiffPages } from '../../../api/adapters/extractors/tiff-pages.ts';
import { bmp, gif, jpeg, png, pngOf, tiff, webp } from '../../support/picture-files.ts';

const picture = { width: 24, height: 16, grey: new Uint8Array(24 * 16).fill(200) };
const files: readonly (readonly [
	Exclude<PictureType, 'image/tiff'>,
	Buffer,
	width: number,
	height: number,
])[] = [
	['image/png', png(picture), 24, 16],
	['image/bmp', bmp(picture), 24, 16],
	['image/gif', gif(picture), 24, 16],
	['image/webp', webp(picture), 24, 16],
	['image/jpeg', jpeg(picture), 192, 128],
	['image/png', pngOf(65_000, 65_000, Buffer.alloc(0)), 65_000, 65_000],
];

describe('the size of a picture', () => {
	for (const [type, bytes, width, height] of files) {
		it(`is what ${type} says of itself, ${width} x ${height}`, () =>
			assert.deepEqual(pictureSize(bytes, type), { width, height }));

		it(`is none where ${type} is cut before it says so`, () => {
			for (let end = 0; end < Math.min(bytes.length, 400); end += 1) {
				const size = pictureSize(bytes.subarray(0, end), type);
				assert.ok(size === null || size.width === width, `${end} bytes`);
			}
			assert.equal(pictureSize(bytes.subarray(0, 8), type), null);
		});
	}

	it('is read of lossy and extended WebP, and of a bitmap that is told from the top down', () => {
		const riff = (part: string, content: readonly number[]) =>
			Buffer.concat([Buffer.from(`RIFF\0\0\0\0WEBP${part}`, 'latin1'), Buffer.from(content)]);
		const lossy = riff('VP8 ', [0, 0, 0, 0, 0, 0, 0, 0x9d, 0x01, 0x2a, 0x20, 0x43, 0x10, 0x80]);
		assert.deepEqual(pictureSize(lossy, 'image/webp'), { width: 0x320, height: 0x10 });
		const extended = riff('VP8X', [0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0x0f, 0, 1]);
		assert.deepEqual(pictureSize(extended, 'image/webp'), { width: 65_536, height: 65_552 });
		const turned = bmp(picture);
		turned.writeInt32LE(-16, 22);
		assert.deepEqual(pictureSize(turned, 'image/bmp'), { width: 24, height: 16 });
	});

	it('a JPEG says how it must be turned', () => {
		assert.equal(jpegOrientation(jpeg(picture)), 1);
		assert.equal(jpegOrientation(jpeg(picture, 6)), 6);
		assert.equal(jpegOrientation(jpeg(picture, 9)), 1);
		const whole = jpeg(picture, 6);
		for (let end = 0; end < 60; end += 1) assert.ok([1, 6].includes(jpegOrientation(whole.subarray(0, end))));
	});
});

describe('the pages of a TIFF', () => {
	const other = { width: 8, height: 8, grey: new Uint8Array(64) };
	const file = tiff([picture, other]);

	it('have sizes of their own, and each can stand first', () => {
		const pages = tiffPages(file);
		assert.deepEqual(
			pages.map(({ width, height }) => [width, height]),
			[
				[24, 16],
				[8, 8],
			],
		);
		const [, second] = pages;
		assert.ok(second !== undefined);
		assert.deepEqual(tiffPages(beginningWith(file, second)), [second]);
	});

	it('end where the chain leads into itself, or out of the file', () => {
		const [first] = tiffPages(file);
		assert.ok(first !== undefined);
		const looped = Buffer.from(file);
		const next = first.at + 2 + 9 * 12;
		looped.writeUInt32LE(first.at, next);
		assert.deepEqual(tiffPages(looped), [first]);
		looped.writeUInt32LE(0xfffffff0, next);
		assert.deepEqual(tiffPages(looped), [first]);
		assert.deepEqual(tiffPages(Buffer.from('II*\0', 'latin1')), []);
	});
});

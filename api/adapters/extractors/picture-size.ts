/**
 * How large a picture says it is, before anybody unpacks it: a few bytes may stand for gigabytes. Of the pictures
 * that can be read; null where the bytes do not say. Pure.
 */
import type { pictureTypes } from '../../contract/file-types.ts';

export interface PictureSize {
	readonly width: number;
	readonly height: number;
}

export type PictureType = keyof typeof pictureTypes;

/** Of a TIFF, its pages have sizes of their own (tiff-pages.ts). */
export function pictureSize(bytes: Uint8Array, type: Exclude<PictureType, 'image/tiff'>): PictureSize | null {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	try {
		return readers[type](view);
	} catch (error) {
		// It ends before it says so.
		if (error instanceof RangeError) return null;
		throw error;
	}
}

const readers = {
	'image/png': (view: DataView) => ({ width: view.getUint32(16), height: view.getUint32(20) }),
	'image/gif': (view: DataView) => ({ width: view.getUint16(6, true), height: view.getUint16(8, true) }),
	'image/bmp': bitmapSize,
	'image/webp': webpSize,
	'image/jpeg': jpegSize,
} satisfies Record<Exclude<PictureType, 'image/tiff'>, (view: DataView) => PictureSize | null>;

/** The first kind of header, of 12 bytes, counts in 16 bits. A negative height is told from the top down. */
function bitmapSize(view: DataView): PictureSize {
	if (view.getUint32(14, true) === 12)
		return { width: view.getUint16(18, true), height: view.getUint16(20, true) };
	return { width: Math.abs(view.getInt32(18, true)), height: Math.abs(view.getInt32(22, true)) };
}

function webpSize(view: DataView): PictureSize | null {
	const uint24 = (at: number) => view.getUint16(at, true) + view.getUint8(at + 2) * 65_536;
	switch (view.getUint32(12)) {
		case fourLetters('VP8 '):
			return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
		case fourLetters('VP8L'): {
			const bits = view.getUint32(21, true);
			return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
		}
		case fourLetters('VP8X'):
			return { width: uint24(24) + 1, height: uint24(27) + 1 };
		default:
			return null;
	}
}

const fourLetters = (name: string): number => Buffer.from(name, 'latin1').readUInt32BE();

function jpegSize(view: DataView): PictureSize | null {
	for (const { marker, at } of jpegSegments(view)) {
		// C4, C8 and CC begin tables, the others of the row a picture.
		if ((marker & 0xf0) === 0xc0 && ![0xc4, 0xc8, 0xcc].includes(marker))
			return { width: view.getUint16(at + 3), height: view.getUint16(at + 1) };
	}
	return null;
}

/** Up to the picture's data; `at`: behind the length. */
function* jpegSegments(view: DataView): Generator<{ readonly marker: number; readonly at: number }> {
	for (let at = 2; ;) {
		if (view.getUint8(at) !== 0xff) return;
		const marker = view.getUint8(at + 1);
		const length = view.getUint16(at + 2);
		if (marker === 0xff) at += 1;
		else if (marker === 0xda || length < 2) return;
		else {
			yield { marker, at: at + 4 };
			at += 2 + length;
		}
	}
}

const ORIENTATION = 0x0112;
const EXIF = 'Exif\0\0';

/** How a JPEG of a camera must be turned, as EXIF counts; 1 where it does not say. */
export function jpegOrientation(bytes: Uint8Array): number {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	try {
		for (const { marker, at } of jpegSegments(view)) {
			if (marker !== 0xe1 || Buffer.from(bytes.subarray(at, at + 6)).toString('latin1') !== EXIF) continue;
			const start = at + EXIF.length;
			const isLittle = view.getUint16(start) === 0x4949;
			const tags = start + view.getUint32(start + 4, isLittle);
			const count = view.getUint16(tags, isLittle);
			for (let tag = tags + 2; tag < tags + 2 + count * 12; tag += 12) {
				if (view.getUint16(tag, isLittle) !== ORIENTATION) continue;
				const value = view.getUint16(tag + 8, isLittle);
				return value >= 1 && value <= 8 ? value : 1;
			}
		}
	} catch (error) {
		if (!(error instanceof RangeError)) throw error;
	}
	return 1;
}

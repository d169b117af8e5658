/** The pages of a TIFF: a chain of directories, each with the size of its picture. Pure. */
import type { PictureSize } from './picture-size.ts';

interface TiffPage extends PictureSize {
	/** Where its directory lies. */
	readonly at: number;
}

/** A chain that is longer is none that somebody scanned. */
const MOST_PAGES = 10_000;
const WIDTH = 256;
const HEIGHT = 257;
/** Types of values: 16 bits and 32. */
const SHORT = 3;

/** As far as they can be followed; a chain may lead into itself, or out of the file. */
export function tiffPages(bytes: Uint8Array): TiffPage[] {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const pages: TiffPage[] = [];
	const seen = new Set<number>([0]);
	try {
		const isLittle = view.getUint16(0) === 0x4949;
		let at = view.getUint32(4, isLittle);
		while (!seen.has(at) && pages.length < MOST_PAGES) {
			seen.add(at);
			const count = view.getUint16(at, isLittle);
			const next = at + 2 + count * 12;
			const sizes = new Map<number, number>();
			for (let tag = at + 2; tag < next; tag += 12) {
				const is16 = view.getUint16(tag + 2, isLittle) === SHORT;
				const value = is16 ? view.getUint16(tag + 8, isLittle) : view.getUint32(tag + 8, isLittle);
				sizes.set(view.getUint16(tag, isLittle), value);
			}
			pages.push({ at, width: sizes.get(WIDTH) ?? 0, height: sizes.get(HEIGHT) ?? 0 });
			at = view.getUint32(next, isLittle);
		}
	} catch (error) {
		if (!(error instanceof RangeError)) throw error;
	}
	return pages;
}

/** The same file beginning with another of its pages: whoever reads the first one reads that. */
export function beginningWith(bytes: Uint8Array, { at }: TiffPage): Uint8Array {
	const turned = Uint8Array.from(bytes);
	const isLittle = bytes[0] === 0x49;
	new DataView(turned.buffer).setUint32(4, at, isLittle);
	return turned;
}

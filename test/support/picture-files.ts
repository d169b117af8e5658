/** Pictures made by code: text that PDFium has drawn, and files of every kind that hold it, as plain as a reader allows. */
import { deflateSync, crc32 } from 'node:zlib';
import { sourceOfBytes } from '../../api/adapters/extractors/byte-source.ts';
import { openPdf } from '../../api/adapters/extractors/pdf-document.ts';
import { drawPage } from '../../api/adapters/extractors/pdf-picture.ts';
import { openPdfium } from '../../api/adapters/extractors/pdfium.ts';
import { createPdfObjects, pdfFile, type PdfPage } from './pdf-file.ts';

export interface GreyPicture {
	readonly width: number;
	readonly height: number;
	/** A byte a pixel, row by row. */
	readonly grey: Uint8Array;
}

/** As a scanner of 300 dots an inch sees the page. */
export async function drawn(page: PdfPage): Promise<GreyPicture> {
	const pdf = openPdf(await openPdfium(), sourceOfBytes(pdfFile({ pages: [page] })));
	try {
		const bytes = Buffer.from(drawPage(pdf, 0).bytes);
		const [head = '', width = '', height = ''] =
			/^P5\n(\d+) (\d+)\n255\n/.exec(bytes.toString('latin1', 0, 40)) ?? [];
		return { width: Number(width), height: Number(height), grey: bytes.subarray(head.length) };
	} finally {
		pdf.close();
	}
}

/** What is not white of it, with a margin; each pixel then stands for so many of both ways. */
export function cropped({ width, height, grey }: GreyPicture, margin = 40): GreyPicture {
	const isInk = (value: number) => value < 128;
	const rows = Array.from({ length: height }, (_, y) => grey.subarray(y * width, (y + 1) * width));
	const inked = rows.flatMap((row, y) => (row.some(isInk) ? [y] : []));
	const lefts = rows.flatMap((row) => row.findIndex(isInk)).filter((x) => x >= 0);
	const rights = rows.map((row) => row.findLastIndex(isInk));
	const [top = 0, bottom = 0] = [inked[0], inked.at(-1)];
	const left = Math.max(0, Math.min(...lefts) - margin);
	const right = Math.min(width, Math.max(...rights) + margin);
	const kept = rows.slice(Math.max(0, top - margin), bottom + margin).map((row) => row.subarray(left, right));
	return { width: right - left, height: kept.length, grey: Buffer.concat(kept) };
}

/** Turned to the right. */
export function turned({ width, height, grey }: GreyPicture): GreyPicture {
	const out = new Uint8Array(grey.length);
	for (let y = 0; y < height; y += 1)
		for (let x = 0; x < width; x += 1) out[x * height + (height - 1 - y)] = grey[y * width + x] ?? 0;
	return { width: height, height: width, grey: out };
}

export function png({ width, height, grey }: GreyPicture): Buffer {
	const rows = Array.from({ length: height }, (_, y) =>
		Buffer.concat([Buffer.of(0), grey.subarray(y * width, (y + 1) * width)]),
	);
	return pngOf(width, height, deflateSync(Buffer.concat(rows)));
}

/** Says whatever size it is asked to. */
export function pngOf(width: number, height: number, data: Buffer): Buffer {
	const part = (name: string, content: Buffer) => {
		const named = Buffer.concat([Buffer.from(name), content]);
		return Buffer.concat([uint32(content.length), named, uint32(crc32(named))]);
	};
	const header = Buffer.concat([uint32(width), uint32(height), Buffer.of(8, 0, 0, 0, 0)]);
	return Buffer.concat([
		Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
		...[part('IHDR', header), part('IDAT', data), part('IEND', Buffer.alloc(0))],
	]);
}

export function bmp({ width, height, grey }: GreyPicture): Buffer {
	const pitch = Math.ceil(width / 4) * 4;
	const pixels = Buffer.alloc(pitch * height);
	for (let y = 0; y < height; y += 1)
		pixels.set(grey.subarray(y * width, (y + 1) * width), (height - 1 - y) * pitch);
	const palette = Buffer.from(Array.from({ length: 256 }, (_, at) => [at, at, at, 0]).flat());
	const head = Buffer.alloc(54);
	head.write('BM', 'latin1');
	head.writeUInt32LE(54 + palette.length + pixels.length, 2);
	head.writeUInt32LE(54 + palette.length, 10);
	head.writeUInt32LE(40, 14);
	head.writeInt32LE(width, 18);
	head.writeInt32LE(height, 22);
	head.writeUInt16LE(1, 26);
	head.writeUInt16LE(8, 28);
	return Buffer.concat([head, palette, pixels]);
}

/** Without compression: its table is cleared before its codes grow. */
export function gif({ width, height, grey }: GreyPicture): Buffer {
	const codes: number[] = [];
	for (const [at, value] of grey.entries()) {
		if (at % 120 === 0) codes.push(128);
		codes.push(value >> 1);
	}
	codes.push(129);
	const blocks: Buffer[] = [];
	for (let at = 0; at < codes.length; at += 255) {
		const block = codes.slice(at, at + 255);
		blocks.push(Buffer.of(block.length, ...block));
	}
	const palette = Buffer.from(Array.from({ length: 128 }, (_, at) => [at * 2, at * 2, at * 2]).flat());
	const size = Buffer.concat([uint16(width), uint16(height)]);
	return Buffer.concat([
		...[Buffer.from('GIF89a'), size, Buffer.of(0xf6, 0, 0), palette],
		...[Buffer.of(0x2c, 0, 0, 0, 0), size, Buffer.of(0, 7), ...blocks, Buffer.of(0, 0x3b)],
	]);
}

/** A page each. */
export const tiff = (pages: readonly GreyPicture[]): Buffer =>
	tiffOf(
		pages.map(({ width, height, grey }) => ({ width, height, strips: [Buffer.from(grey)], rows: height })),
	);

/** Packed as JPEG in strips of so many rows of the picture, of which each pixel becomes eight by eight. */
export function jpegTiff({ width, height, grey }: GreyPicture, rows: number): Buffer {
	const strips: Buffer[] = [];
	for (let y = 0; y < height; y += rows) {
		const strip = grey.subarray(y * width, (y + rows) * width);
		strips.push(jpeg({ width, height: strip.length / width, grey: strip }));
	}
	return tiffOf([{ width: width * 8, height: height * 8, strips, rows: rows * 8, packing: 7 }]);
}

interface TiffPicture {
	readonly width: number;
	readonly height: number;
	readonly strips: readonly Buffer[];
	readonly rows: number;
	readonly packing?: number;
}

function tiffOf(pages: readonly TiffPicture[]): Buffer {
	const parts: Buffer[] = [Buffer.from('II*\0', 'latin1'), uint32LE(8)];
	let length = 8;
	for (const [index, { width, height, strips, rows, packing = 1 }] of pages.entries()) {
		const list = length + 2 + 9 * 12 + 4;
		const isOne = strips.length === 1;
		let at = list + (isOne ? 0 : strips.length * 8);
		const places = strips.map((strip) => (at += strip.length) - strip.length);
		const values = isOne ? [places[0] ?? 0, strips[0]?.length ?? 0] : [list, list + strips.length * 4];
		const tags = [
			...([
				[256, 1, width],
				[257, 1, height],
				[258, 1, 8],
				[259, 1, packing],
				[262, 1, 1],
			] as const),
			...([
				[273, strips.length, values[0] ?? 0],
				[277, 1, 1],
				[278, 1, rows],
			] as const),
			[279, strips.length, values[1] ?? 0] as const,
		].map(([tag, count, value]) => Buffer.concat([uint16(tag), uint16(4), uint32LE(count), uint32LE(value)]));
		const lists = isOne ? [] : [...places, ...strips.map((strip) => strip.length)].map(uint32LE);
		const next = index + 1 < pages.length ? at : 0;
		parts.push(uint16(tags.length), ...tags, uint32LE(next), ...lists, ...strips);
		length = at;
	}
	return Buffer.concat(parts);
}

/** Black and white. */
export function webp({ width, height, grey }: GreyPicture): Buffer {
	const bits = createBits('lowest first');
	bits
		.put(width - 1, 14)
		.put(height - 1, 14)
		.put(0, 4);
	// Green is subtracted from the others, so that all are told by it; no cache, no tables of tables.
	bits.put(1, 1).put(2, 2).put(0, 1).put(0, 1).put(0, 1);
	// Codes for green: 0 and 255; one each for red, blue, alpha and distances.
	bits.put(1, 1).put(1, 1).put(0, 1).put(0, 1).put(255, 8);
	bits.put(1, 1).put(0, 1).put(0, 1).put(0, 1);
	bits.put(1, 1).put(0, 1).put(0, 1).put(0, 1);
	bits.put(1, 1).put(0, 1).put(1, 1).put(255, 8);
	bits.put(1, 1).put(0, 1).put(0, 1).put(0, 1);
	for (const value of grey) bits.put(value < 128 ? 0 : 1, 1);
	const data = Buffer.concat([Buffer.of(0x2f), bits.end(0)]);
	const padded = Buffer.concat([data, Buffer.alloc(data.length % 2)]);
	const part = Buffer.concat([Buffer.from('WEBPVP8L'), uint32LE(data.length), padded]);
	return Buffer.concat([Buffer.from('RIFF'), uint32LE(part.length), part]);
}

/** Each pixel becomes eight by eight: blocks of one colour need no more than their means. */
export function jpeg({ width, height, grey }: GreyPicture, orientation?: number): Buffer {
	const segment = (marker: number, ...content: readonly Buffer[]) => {
		const whole = Buffer.concat(content);
		return Buffer.concat([Buffer.of(0xff, marker), uint16BE(whole.length + 2), whole]);
	};
	const bits = createBits('highest first');
	let last = 0;
	for (const value of grey) {
		// Quantised by 8, which is what a mean is multiplied by.
		const mean = value - 128;
		const difference = mean - last;
		last = mean;
		const size = difference === 0 ? 0 : 32 - Math.clz32(Math.abs(difference));
		bits.put(size, 4).put(difference < 0 ? difference + 2 ** size - 1 : difference, size);
		bits.put(0, 1);
	}
	const scan = Buffer.from([...bits.end(1)].flatMap((byte) => (byte === 0xff ? [0xff, 0] : [byte])));
	const table = (id: number, counts: readonly number[], values: readonly number[]) =>
		Buffer.of(id, ...Array.from({ length: 16 }, (_, at) => counts[at] ?? 0), ...values);
	const exif =
		orientation === undefined
			? Buffer.alloc(0)
			: segment(
					0xe1,
					...[Buffer.from('Exif\0\0MM\0*\0\0\0\x08\0\x01', 'latin1'), uint16BE(0x0112), uint16BE(3)],
					...[uint32(1), uint16BE(orientation), Buffer.alloc(6)],
				);
	return Buffer.concat([
		Buffer.of(0xff, 0xd8),
		exif,
		segment(0xdb, Buffer.of(0), Buffer.alloc(64, 8)),
		segment(0xc0, Buffer.of(8), uint16BE(height * 8), uint16BE(width * 8), Buffer.of(1, 1, 0x11, 0)),
		segment(0xc4, table(0x00, [0, 0, 0, 12], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])),
		segment(0xc4, table(0x10, [1], [0])),
		segment(0xda, Buffer.of(1, 1, 0, 0, 63, 0)),
		...[scan, Buffer.of(0xff, 0xd9)],
	]);
}

/** A PDF of pictures, one a page, as a scanner makes it; null is a page of text. `rotate`: how its reader turns it. */
export function scannedPdf(pages: readonly (GreyPicture & { readonly rotate?: number })[]): Buffer {
	const objects = createPdfObjects();
	const root = objects.reserve();
	const tree = objects.reserve();
	const numbers = pages.map(({ width, height, grey, rotate = 0 }) => {
		const picture = objects.addStream(
			`/Type /XObject /Subtype /Image /Width ${width} /Height ${height} /ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /FlateDecode`,
			deflateSync(grey),
		);
		const [across, down] = [(width * 72) / 300, (height * 72) / 300];
		const content = objects.addStream('', `q ${across} 0 0 ${down} 0 0 cm /Im1 Do Q`);
		return objects.add(
			`<< /Type /Page /Parent ${tree} 0 R /MediaBox [0 0 ${across} ${down}] /Rotate ${rotate} /Contents ${content} 0 R` +
				` /Resources << /XObject << /Im1 ${picture} 0 R >> >> >>`,
		);
	});
	objects.put(
		tree,
		`<< /Type /Pages /Count ${numbers.length} /Kids [${numbers.map((n) => `${n} 0 R`).join(' ')}] >>`,
	);
	objects.put(root, `<< /Type /Catalog /Pages ${tree} 0 R >>`);
	return objects.file(`/Root ${root} 0 R`);
}

function createBits(order: 'lowest first' | 'highest first') {
	const bytes: number[] = [];
	let byte = 0;
	let count = 0;
	const bits = {
		put(value: number, length: number) {
			for (let at = 0; at < length; at += 1) {
				const bit = (value >> (order === 'lowest first' ? at : length - 1 - at)) & 1;
				byte |= bit << (order === 'lowest first' ? count : 7 - count);
				count += 1;
				if (count < 8) continue;
				bytes.push(byte);
				byte = 0;
				count = 0;
			}
			return bits;
		},
		/** The rest is filled up. */
		end(fill: 0 | 1): Buffer {
			while (count > 0) bits.put(fill, 1);
			return Buffer.from(bytes);
		},
	};
	return bits;
}

function sized(bytes: number, write: (buffer: Buffer) => void): Buffer {
	const buffer = Buffer.alloc(bytes);
	write(buffer);
	return buffer;
}
const uint16 = (value: number) => sized(2, (buffer) => buffer.writeUInt16LE(value));
const uint16BE = (value: number) => sized(2, (buffer) => buffer.writeUInt16BE(value));
const uint32 = (value: number) => sized(4, (buffer) => buffer.writeUInt32BE(value >>> 0));
const uint32LE = (value: number) => sized(4, (buffer) => buffer.writeUInt32LE(value >>> 0));

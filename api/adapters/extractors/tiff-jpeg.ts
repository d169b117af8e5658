/**
 * A page of a TIFF that is packed as JPEG, as the JPEG that its strips are parts of: scanners write them, and
 * Leptonica's TIFF reader has no JPEG in it. Each strip is a JPEG of its own without the tables that all have in common,
 * and begins anew where a JPEG may do so within: strip after strip with such a mark between is one picture. Pure.
 */
import type { Piece, TiffPage } from './tiff-pages.ts';

const marks = { begin: 0xd8, end: 0xd9, scan: 0xda, tables: 0xdb, codes: 0xc4, restart: 0xdd, colours: 0xee };
/** One scan from the top down, in 8 bits; more scans cannot be put together. */
const FRAMES: readonly number[] = [0xc0, 0xc1];
/** Says that the colours are red, green and blue, and not what JPEG makes of them. */
const PLAIN_COLOURS = Buffer.from('ffee000e41646f626500640000000000', 'hex');

interface Segment {
	readonly mark: number;
	/** With its mark. */
	readonly bytes: Uint8Array;
}

interface Jpeg {
	/** All before the scan. */
	readonly segments: readonly Segment[];
	/** The head of the scan with its mark, and what follows to the end. */
	readonly scan: Segment | null;
	readonly data: Uint8Array;
}

/** Null where the page is another one than such a scanner writes. */
export function jpegOf(bytes: Uint8Array, page: TiffPage): Uint8Array | null {
	const { width, height, strips, rowsPerStrip, tables, colours } = page;
	const parts = strips.map((strip) => parse(pieceOf(bytes, strip)));
	const [first] = parts;
	const frame = first?.segments.find(({ mark }) => FRAMES.includes(mark));
	if (first?.scan == null || frame === undefined || page.isTiled) return null;
	const common = tables === null ? [] : parse(pieceOf(bytes, tables)).segments;
	const whole = Buffer.from(frame.bytes);
	// What is unpacked is what was looked at.
	if (whole.length < 11 || whole.readUInt16BE(7) !== width) return null;
	whole.writeUInt16BE(height, 5);
	const interval = parts.length === 1 ? 0 : blocksPerStrip(frame, width, rowsPerStrip);
	const hasOwnMarks = parts.some(({ segments }) => segments.some(({ mark }) => mark === marks.restart));
	if (interval === null || (interval > 0 && hasOwnMarks)) return null;
	const scans: Uint8Array[] = [];
	for (const [index, { segments, scan, data }] of parts.entries()) {
		const others = tablesOf(segments);
		if (scan === null || (others.length > 0 && !others.equals(tablesOf(first.segments)))) return null;
		if (index > 0) scans.push(Buffer.of(0xff, 0xd0 + ((index - 1) % 8)));
		scans.push(data);
	}
	const own = first.segments.filter(
		({ mark }) => mark === marks.colours || (interval === 0 && mark === marks.restart),
	);
	return Buffer.concat([
		...[Buffer.of(0xff, marks.begin), colours === 2 ? PLAIN_COLOURS : Buffer.alloc(0)],
		...[tablesOf(common), tablesOf(first.segments), ...own.map((one) => one.bytes)],
		...(interval === 0 ? [] : [Buffer.of(0xff, marks.restart, 0, 4, interval >> 8, interval & 0xff)]),
		...[whole, first.scan.bytes, ...scans, Buffer.of(0xff, marks.end)],
	]);
}

const tablesOf = (segments: readonly Segment[]): Buffer =>
	Buffer.concat(
		segments.flatMap(({ mark, bytes }) => (mark === marks.tables || mark === marks.codes ? [bytes] : [])),
	);

const pieceOf = (bytes: Uint8Array, { at, length }: Piece): Uint8Array => bytes.subarray(at, at + length);

/** Blocks of pixels that are packed together, of one strip; null where strips do not end with such blocks. */
function blocksPerStrip({ bytes }: Segment, width: number, rows: number): number | null {
	let [across, down] = [1, 1];
	for (let at = 10; at + 2 < bytes.length; at += 3) {
		across = Math.max(across, (bytes[at + 1] ?? 0) >> 4);
		down = Math.max(down, (bytes[at + 1] ?? 0) & 15);
	}
	const count = Math.ceil(width / (across * 8)) * (rows / (down * 8));
	return Number.isInteger(count) && count > 0 && count < 65_536 ? count : null;
}

/** As far as it can be followed. */
function parse(jpeg: Uint8Array): Jpeg {
	const segments: Segment[] = [];
	let at = jpeg[0] === 0xff && jpeg[1] === marks.begin ? 2 : jpeg.length;
	while (at + 4 <= jpeg.length && jpeg[at] === 0xff) {
		const mark = jpeg[at + 1] ?? 0;
		if (mark === marks.end) break;
		const end = at + 2 + (((jpeg[at + 2] ?? 0) << 8) | (jpeg[at + 3] ?? 0));
		const segment = { mark, bytes: jpeg.subarray(at, end) };
		if (mark === marks.scan) {
			const isEnded = jpeg.at(-2) === 0xff && jpeg.at(-1) === marks.end;
			return { segments, scan: segment, data: jpeg.subarray(end, isEnded ? -2 : undefined) };
		}
		// What a program says of itself stands before each strip.
		const isSaid = mark >= 0xe0 && mark !== marks.colours;
		if (!isSaid) segments.push(segment);
		at = end;
	}
	return { segments, scan: null, data: jpeg.subarray(0, 0) };
}

/** The pages of a TIFF: a chain of directories, each with the size of its picture and how it is packed. Pure. */
import type { PictureSize } from './picture-size.ts';

export interface TiffPage extends PictureSize {
	/** Where its directory lies. */
	readonly at: number;
	/** TIFF's number of it: 7 is JPEG. */
	readonly packing: number;
	/** 2: red, green and blue. */
	readonly colours: number;
	/** In tiles and not in strips. */
	readonly isTiled: boolean;
	readonly strips: readonly Piece[];
	readonly rowsPerStrip: number;
	/** What its strips have in common, where they are JPEG. */
	readonly tables: Piece | null;
}

export interface Piece {
	readonly at: number;
	readonly length: number;
}

/** A chain that is longer is none that somebody scanned. */
const MOST_PAGES = 10_000;
/** Of all pages together: many may name the same ones. */
const MOST_STRIPS = 200_000;
const tags = {
	...{ width: 256, height: 257, packing: 259, colours: 262, strips: 273, rowsPerStrip: 278 },
	...{ stripLengths: 279, tileWidth: 322, jpegTables: 347 },
};
/** Types of values: 16 bits and 32. */
const SHORT = 3;

interface Entry {
	readonly isShort: boolean;
	readonly count: number;
	/** Of the value, or of what says where the values are. */
	readonly at: number;
}

/** As far as they can be followed; a chain may lead into itself, or out of the file. */
export function tiffPages(bytes: Uint8Array): TiffPage[] {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const pages: TiffPage[] = [];
	const seen = new Set<number>([0]);
	const left = { strips: MOST_STRIPS };
	try {
		const isLittle = view.getUint16(0) === 0x4949;
		let at = view.getUint32(4, isLittle);
		while (!seen.has(at) && pages.length < MOST_PAGES) {
			seen.add(at);
			const next = at + 2 + view.getUint16(at, isLittle) * 12;
			const entries = new Map<number, Entry>();
			for (let tag = at + 2; tag < next; tag += 12)
				entries.set(view.getUint16(tag, isLittle), {
					isShort: view.getUint16(tag + 2, isLittle) === SHORT,
					count: view.getUint32(tag + 4, isLittle),
					at: tag + 8,
				});
			pages.push(pageOf(view, { isLittle, at, entries, left }));
			at = view.getUint32(next, isLittle);
		}
	} catch (error) {
		if (!(error instanceof RangeError)) throw error;
	}
	return pages;
}

function pageOf(
	view: DataView,
	{
		isLittle,
		at,
		entries,
		left,
	}: {
		readonly isLittle: boolean;
		readonly at: number;
		readonly entries: ReadonlyMap<number, Entry>;
		readonly left: { strips: number };
	},
): TiffPage {
	const one = (tag: number, unsaid = 0): number => {
		const entry = entries.get(tag);
		if (entry === undefined) return unsaid;
		return entry.isShort ? view.getUint16(entry.at, isLittle) : view.getUint32(entry.at, isLittle);
	};
	const all = (tag: number): number[] => {
		const { isShort, count, at: place } = entries.get(tag) ?? { isShort: false, count: 0, at: 0 };
		const size = isShort ? 2 : 4;
		const from = count * size > 4 ? view.getUint32(place, isLittle) : place;
		// Whoever cannot follow them finds the page packed in a way that is not read.
		if (count > left.strips || from + count * size > view.byteLength) return [];
		left.strips -= count;
		const read = (index: number) =>
			isShort ? view.getUint16(from + index * 2, isLittle) : view.getUint32(from + index * 4, isLittle);
		return Array.from({ length: count }, (_, index) => read(index));
	};
	const lengths = all(tags.stripLengths);
	const tables = entries.get(tags.jpegTables);
	return {
		at,
		width: one(tags.width),
		height: one(tags.height),
		packing: one(tags.packing, 1),
		colours: one(tags.colours),
		isTiled: entries.has(tags.tileWidth),
		strips: all(tags.strips).map((place, index) => ({ at: place, length: lengths[index] ?? 0 })),
		rowsPerStrip: one(tags.rowsPerStrip, 0xffffffff),
		tables: tables === undefined ? null : { at: view.getUint32(tables.at, isLittle), length: tables.count },
	};
}

/** The same file beginning with another of its pages: whoever reads the first one reads that. */
export function beginningWith(bytes: Uint8Array, { at }: Pick<TiffPage, 'at'>): Uint8Array {
	const turned = Uint8Array.from(bytes);
	const isLittle = bytes[0] === 0x49;
	new DataView(turned.buffer).setUint32(4, at, isLittle);
	return turned;
}

/** Where a chunk's text begins: what it repeats of the text before it, and of its table's header. Pure. */
import { overlapStart } from './chunk-cuts.ts';
import type { SectionSizes } from './chunk-sizes.ts';
import type { Ruler, TextWindow } from './ruler.ts';

/** Positions in a section's text. */
export interface ChunkPlace {
	/** Where the chunk before begins. */
	readonly floor: number;
	readonly start: number;
	readonly end: number;
	/** Of the block that the chunk begins in: the header of its table, and where the rows below that begin. */
	readonly header: string | undefined;
	readonly rowsFrom: number;
}

/** `header` has its line end; it is empty where nothing is repeated, or where there is no room for it. */
export function chunkStart(
	{ text, base }: TextWindow,
	{ floor, start, end, header, rowsFrom }: ChunkPlace,
	{ max, overlap, tokens }: SectionSizes,
	ruler: Ruler,
): { from: number; header: string } {
	const lengthOf = tokens?.count ?? ((value: string) => value.length);
	const room = max - (ruler.at(end) - ruler.at(start));
	const fits = header !== undefined && lengthOf(header) * 4 <= max && lengthOf(header) < room;
	const repeated = fits ? `${header}\n` : '';
	const most = Math.min(overlap, fits ? room - lengthOf(repeated) : room);
	const from = base + overlapStart(text, floor - base, start - base, start - ruler.back(start, most));
	// What stands before the rows, their header included, must not come between the two.
	return { from: repeated !== '' && from < rowsFrom ? start : from, header: repeated };
}

/** Where a chunk's text begins: what it repeats of the text before it, and of its table's header. Pure. */
import { overlapStart } from './chunk-cuts.ts';

/** Places in a text. */
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
	text: string,
	{ floor, start, end, header, rowsFrom }: ChunkPlace,
	{ maxChars, overlapChars }: { readonly maxChars: number; readonly overlapChars: number },
): { from: number; header: string } {
	const room = maxChars - (end - start);
	const fits = header !== undefined && header.length * 4 <= maxChars && header.length < room;
	const repeated = fits ? `${header}\n` : '';
	const from = overlapStart(text, floor, start, Math.min(overlapChars, room - repeated.length));
	// What stands before the rows, their header included, must not come between the two.
	return { from: repeated !== '' && from < rowsFrom ? start : from, header: repeated };
}

/**
 * Cuts one put into transactions of at most MAX_ROWS points, so that none holds the writer for long. Pure.
 *
 * A document that is cut brings what it keeps in its first piece, and the pieces after it carry the same
 * fields, which change nothing that is there already.
 */
import type { DocWrite, NewPoint } from '../../ports/index.ts';

/** As many as a bulk write has by default: one more would cost it a second sync. */
export const MAX_ROWS = 512;

export function splitWrites(writes: readonly DocWrite[], maxRows: number): DocWrite[][] {
	const pieces: DocWrite[][] = [[]];
	let room = maxRows;
	for (const write of writes) {
		let rest: readonly NewPoint[] = write.points;
		let part: Pick<DocWrite, 'kept' | 'reordered'> = write;
		do {
			if (room === 0) {
				pieces.push([]);
				room = maxRows;
			}
			const points = rest.slice(0, room);
			pieces.at(-1)?.push({ ...write, ...part, points });
			room -= points.length;
			rest = rest.slice(points.length);
			part = { kept: [], reordered: [] };
		} while (rest.length > 0);
	}
	return pieces;
}

export function splitIds(ids: readonly string[], maxRows: number): string[][] {
	const pieces: string[][] = [];
	for (let start = 0; start < ids.length; start += maxRows) pieces.push(ids.slice(start, start + maxRows));
	return pieces;
}

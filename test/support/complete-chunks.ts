import assert from 'node:assert/strict';
import type { Piece } from '../../api/chunking/piece.ts';

/**
 * Fails where the chunks, put one after the other with at most `overlapChars` repeated, are not the whole
 * text. Repetitive texts leave several ways to do it, so that all places are kept where a chunk may end.
 */
export function assertComplete(pieces: readonly Piece[], whole: string, overlapChars: number): void {
	const bare = (value: string) => value.replace(/\s+/g, '');
	const source = bare(whole);
	let ends = new Set([0]);
	for (const piece of pieces) {
		const part = bare(piece.text);
		const next = new Set<number>();
		for (const end of ends) {
			for (let back = 0; back <= Math.min(end, overlapChars, part.length - 1); back += 1) {
				if (source.startsWith(part, end - back)) next.add(end - back + part.length);
			}
		}
		assert.ok(next.size > 0, `not the next part of the text: ${piece.text.slice(0, 80)}`);
		ends = next;
	}
	assert.ok(ends.has(source.length), 'the end of the text is missing');
}

/**
 * The texts of many points in one buffer, as SQLite stores them. As strings they would be the writer thread's
 * garbage: its collector took a third of its time, copying messages that wait for their transaction. Pure.
 */
export interface PackedTexts {
	/** UTF-8: of each point its content, then its terms. */
	readonly bytes: Uint8Array;
	/** Where in `bytes` the content and the terms of each point end: two numbers a point. */
	readonly ends: Uint32Array;
}

export function packTexts(
	points: readonly { readonly content: string; readonly terms: string }[],
): PackedTexts {
	let size = 0;
	for (const { content, terms } of points) size += Buffer.byteLength(content) + Buffer.byteLength(terms);
	// Of its own: cloning a view of a pool would send the whole pool.
	const bytes = Buffer.allocUnsafeSlow(size);
	const ends = new Uint32Array(points.length * 2);
	let end = 0;
	points.forEach(({ content, terms }, at) => {
		ends[at * 2] = end += bytes.write(content, end);
		ends[at * 2 + 1] = end += bytes.write(terms, end);
	});
	return { bytes, ends };
}

/** Views of the `at`-th point's texts. */
export function unpackTexts(
	{ bytes, ends }: PackedTexts,
	at: number,
): { content: Uint8Array; terms: Uint8Array } {
	const [from = 0, middle = 0, to = 0] = [at === 0 ? 0 : ends[at * 2 - 1], ends[at * 2], ends[at * 2 + 1]];
	return { content: bytes.subarray(from, middle), terms: bytes.subarray(middle, to) };
}

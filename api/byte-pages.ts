/**
 * Memory that is used again, for bytes that wait longer than a turn of the event loop: what is sent, and what is on its
 * way into the store. Made anew for each request it would count as lasting until the collectors go through all that
 * lives, which they did all the time under large requests.
 */
export interface Pages {
	/** What it holds is anything. Who does not give it back takes it for good. */
	take(): Buffer;
	/** Nobody reads or writes it any more. */
	give(page: Buffer): void;
}

/** A batch of a hundred documents of 4 kB, and some more. */
export const pageBytes = 524_288;
/** Free ones: 8 MB. */
const kept = 16;

/** `isShared`: a thread that is sent a page, or a part of it, reads it where it is. To copy into such a one takes longer. */
export function createPages({ isShared }: { readonly isShared: boolean }): Pages {
	const free: Buffer[] = [];
	return {
		take: () =>
			free.pop() ??
			(isShared ? Buffer.from(new SharedArrayBuffer(pageBytes)) : Buffer.allocUnsafeSlow(pageBytes)),
		give(page) {
			if (free.length < kept) free.push(page);
		},
	};
}

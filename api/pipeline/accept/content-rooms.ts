import { createPages, pageBytes } from '../../byte-pages.ts';

/**
 * Where contents of the many documents of one request wait for their transaction: as bytes that the store's thread reads
 * where they are. As strings they would be copied into the heap of that thread, and wait there and here until the
 * collectors take them for lasting.
 */
export interface ContentRoom {
	/** A copy of what is short, for as long as the room is open; what is long is left as it is. */
	take(content: string | Uint8Array): string | Uint8Array;
	/** After the transaction, or where there will be none. Nobody may read what it took any more. */
	close(): void;
}

export interface ContentRooms {
	open(): ContentRoom;
}

/** `longest`: of one content that is taken; much less than a page. */
export function createContentRooms(longest: number): ContentRooms {
	const pages = createPages({ isShared: true });
	function open(): ContentRoom {
		let own: Buffer[] = [];
		let used = 0;
		return {
			take(content) {
				const size = Buffer.byteLength(content);
				if (size > longest) return content;
				let page = own.at(-1);
				if (page === undefined || used + size > pageBytes) {
					own.push((page = pages.take()));
					used = 0;
				}
				const start = used;
				used += size;
				if (typeof content === 'string') page.write(content, start);
				else page.set(content, start);
				return page.subarray(start, used);
			},
			close() {
				for (const page of own) pages.give(page);
				own = [];
			},
		};
	}
	return { open };
}

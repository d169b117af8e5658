/**
 * Where contents of the many documents of one request wait for their transaction: as bytes in memory that is shared
 * with the store's thread, and used again for the next request. As strings they would be copied into the heap of
 * that thread, and wait there and here until the collectors take them for lasting, which were busy with little else.
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

/** A batch of a hundred documents of 4 kB, and some more. */
const pageBytes = 524_288;
/** Pages that are kept for the next ones: 8 MB. */
const keptPages = 16;

/** `longest`: of one content that is taken; much less than a page. */
export function createContentRooms(longest: number): ContentRooms {
	const free: Buffer[] = [];
	const nextPage = () => free.pop() ?? Buffer.from(new SharedArrayBuffer(pageBytes));

	function open(): ContentRoom {
		let pages: Buffer[] = [];
		let used = 0;
		return {
			take(content) {
				const size = Buffer.byteLength(content);
				if (size > longest) return content;
				let page = pages.at(-1);
				if (page === undefined || used + size > pageBytes) {
					pages.push((page = nextPage()));
					used = 0;
				}
				const start = used;
				used += size;
				if (typeof content === 'string') page.write(content, start);
				else page.set(content, start);
				return page.subarray(start, used);
			},
			close() {
				free.push(...pages.slice(0, keptPages - free.length));
				pages = [];
			},
		};
	}
	return { open };
}

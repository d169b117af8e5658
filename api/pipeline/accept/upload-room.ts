/**
 * Room on disk for contents that arrive as streams: reserved before the first byte is received, and counted by the
 * store once the change is accepted. So what is kept and what is on its way stay below one bound, and an upload that
 * would be refused in the end is refused before it comes.
 */
import { DocDropError } from '../../errors.ts';
import type { DocStore } from '../../ports/index.ts';
import type { Allotment } from '../admission/index.ts';

export interface UploadRoom {
	/** Rejects with `queue_full` where there is no room, with `rate_limited` where the tenant's part of it is taken. */
	reserve(tenant: string, bytes: number): Promise<() => void>;
	/** What all uploads together have reserved. */
	reserved(): number;
}

export function createUploadRoom(deps: {
	readonly docStore: Pick<DocStore, 'pendingBytes'>;
	readonly uploads: Allotment;
	readonly maxPendingBytes: number;
}): UploadRoom {
	const { docStore, uploads, maxPendingBytes } = deps;
	return {
		async reserve(tenant, bytes) {
			if ((await docStore.pendingBytes()) + bytes > maxPendingBytes) throw queueFull();
			const giveBack = await uploads.take(tenant, bytes);
			try {
				const taken = (await docStore.pendingBytes()) + uploads.held();
				// Whoever sends what is no stream finds room beside the uploads, unless one needs nearly all of it.
				if (taken > bytes && taken > maxPendingBytes * uploadPart) throw queueFull();
				return giveBack;
			} catch (error) {
				giveBack();
				throw error;
			}
		},
		reserved: () => uploads.held(),
	};
}

/** Of all contents that may be kept, so much may be taken where an upload is let in. */
const uploadPart = 3 / 4;

/** Of one that does not say its length, where the largest document is not smaller. */
export const unknownPart = 1 / 4;

export const queueFull = () => new DocDropError('queue_full', 'the queue is full', { retryAfterMs: 5_000 });

/** No more of an upload that did not say its length than was reserved for it. */
export async function* upTo(room: number, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
	let size = 0;
	for await (const piece of bytes) {
		size += piece.byteLength;
		if (size > room) throw queueFull();
		yield piece;
	}
}

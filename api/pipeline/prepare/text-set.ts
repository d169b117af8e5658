import type { QueueKey } from '../../domain/index.ts';

/** Whose texts they are: a document's, or those of a repair. */
export interface TextOwner extends QueueKey {
	readonly jobId?: string;
	/** Counted failures so far. */
	readonly attempts?: number;
}

/** The texts that one document has with the embedder at a time: all of their vectors, or one error. For embed.ts. */
export interface TextSet {
	readonly owner: TextOwner;
	readonly requests: readonly TextRequest[];
	readonly vectors: Promise<Float32Array[]>;
	/** Some of them had to wait for an embedder that was away. */
	hasWaited: boolean;
	/** Nobody wants the rest any more. */
	isOver: boolean;
	take(index: number, vector: Float32Array): void;
	fail(error: unknown): void;
}

export interface TextRequest {
	readonly text: string;
	readonly index: number;
	readonly set: TextSet;
}

export function createTextSet(texts: readonly string[], owner: TextOwner): TextSet {
	const { promise, resolve, reject } = Promise.withResolvers<Float32Array[]>();
	const found: Float32Array[] = [];
	let missing = texts.length;
	const requests: TextRequest[] = [];
	const set: TextSet = {
		owner,
		requests,
		vectors: promise,
		hasWaited: false,
		isOver: false,
		take(index, vector) {
			found[index] = vector;
			missing -= 1;
			if (missing > 0 || set.isOver) return;
			set.isOver = true;
			resolve(found);
		},
		fail(error) {
			set.isOver = true;
			reject(error);
		},
	};
	for (const [index, text] of texts.entries()) requests.push({ text, index, set });
	return set;
}

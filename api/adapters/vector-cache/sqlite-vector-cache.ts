import { LRUCache } from 'lru-cache';
import type { Clock, VectorCache, VectorEntry } from '../../ports/index.ts';
import { openThread, threadFile } from '../thread/index.ts';

/** The thread's methods, as messages carry them. */
type CacheMethods = {
	find(keys: readonly string[], now: number): (Uint8Array | undefined)[];
	keep(entries: readonly VectorEntry[], now: number): void;
};

interface CacheOptions {
	/** Its folder, made when it is not there. */
	readonly dir: string;
	readonly maxBytes: number;
	/** Of those in memory, which are found without asking the thread; they are on disk as well. */
	readonly maxMemoryBytes: number;
	readonly clock: Clock;
	/** The cache does not work, and why; told once. */
	readonly onLost: (cause: unknown) => void;
}

/** Calls to the thread at a time, at most: what comes on top while the disk is slow is not kept. */
const mostWaiting = 64;

/** The vector cache in `vectors.db` in `dir`, in a thread of its own; what was used last is in memory besides. */
export function openVectorCache({ dir, maxBytes, maxMemoryBytes, clock, onLost }: CacheOptions): VectorCache {
	let isLost = false;
	const lose = (cause: unknown) => {
		if (!isLost) onLost(cause);
		isLost = true;
	};
	const thread = openThread<CacheMethods>({
		file: threadFile('adapters/vector-cache/vector-cache-thread'),
		workerData: { dir, maxBytes },
		onLost: lose,
	});
	const memory = new LRUCache<string, Float32Array>({
		maxSize: maxMemoryBytes,
		sizeCalculation: ({ byteLength }, key) => byteLength + key.length,
	});

	async function fromDisk(keys: readonly string[]): Promise<readonly (Float32Array | undefined)[]> {
		if (keys.length === 0 || isLost) return [];
		try {
			const found = await thread.call('find', keys, clock.now());
			return found.map((bytes) => (bytes === undefined ? undefined : vectorOf(bytes)));
		} catch (error) {
			lose(error);
			return [];
		}
	}

	return {
		async find(keys) {
			const found = keys.map((key) => memory.get(key));
			const missing = keys.filter((_, index) => found[index] === undefined);
			const read = (await fromDisk(missing)).values();
			return keys.map((key, index) => {
				const known = found[index];
				if (known !== undefined) return known;
				const vector = read.next().value;
				if (vector !== undefined) memory.set(key, vector);
				return vector;
			});
		},
		keep(given) {
			const entries = given.map(({ key, vector }) => ({ key, vector: alone(vector) }));
			for (const { key, vector } of entries) memory.set(key, vector);
			if (isLost || thread.load() >= mostWaiting) return;
			thread.call('keep', entries, clock.now()).catch(lose);
		},
		close: thread.close,
	};
}

const vectorOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Float32Array =>
	new Float32Array(buffer, byteOffset, byteLength / Float32Array.BYTES_PER_ELEMENT);

/** Not a part of a larger buffer, which would stay in memory, and travel, as a whole. */
const alone = (vector: Float32Array): Float32Array =>
	vector.byteLength === vector.buffer.byteLength ? vector : vector.slice();

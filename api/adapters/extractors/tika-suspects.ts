/** Contents that the Tika server has failed over, and how often. In memory: after a restart each has its tries anew. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { ExtractInput } from '../../ports/index.ts';
import { fromReadError } from './extract.ts';

type Content = ExtractInput['content'];

/** Each rejects with `content_missing` or `store_unavailable`. */
export interface Suspects {
	has(content: Content): Promise<boolean>;
	/** Once more; how often it is now. */
	failed(content: Content): Promise<number>;
	clear(content: Content): Promise<void>;
}

/** Who failed longest ago is forgotten. */
const MOST_CONTENTS = 1_000;

export function createSuspects(): Suspects {
	const failures = new Map<string, number>();
	return {
		// Where nothing has failed nothing is read twice.
		has: async (content) => failures.size > 0 && failures.has(await hashOf(content)),
		async failed(content) {
			const hash = await hashOf(content);
			const count = (failures.get(hash) ?? 0) + 1;
			failures.delete(hash);
			failures.set(hash, count);
			const [oldest] = failures.keys();
			if (failures.size > MOST_CONTENTS && oldest !== undefined) failures.delete(oldest);
			return count;
		},
		async clear(content) {
			failures.delete(await hashOf(content));
		},
	};
}

async function hashOf(content: Content): Promise<string> {
	const hash = createHash('sha256');
	if (content instanceof Uint8Array) return hash.update(content).digest('hex');
	await pipeline(createReadStream(content.file), hash).catch((error: unknown) => {
		throw fromReadError(error);
	});
	return hash.digest('hex');
}

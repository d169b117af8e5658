import { hash } from 'node:crypto';

/**
 * Which shard of its tenant holds a document, from 0: by its docId alone, the same in every process. Documents
 * of one shard share a lane; what a number of shards has placed, another number does not find.
 */
export function shardOf(docId: string, shards: number): number {
	if (shards === 1) return 0;
	return hash('sha1', docId, 'buffer').readUInt32BE(0) % shards;
}

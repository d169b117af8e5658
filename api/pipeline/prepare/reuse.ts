import type { Claimed, VectorStore } from '../../ports/index.ts';
import type { ManifestChunk } from '../../domain/index.ts';
import type { Breaker } from '../faults/index.ts';

/**
 * Vectors that a moved document brings along: chunks of the same hash have the same text under the same headings,
 * and so the same vector, as long as extractors, chunker and model are the same. They are read from the points of
 * the name that was left, which stay until the new ones are in, and only within the tenant.
 */

/** Ids in one request. */
const pageSize = 500;

/** By point id of the new document; chunks that are not in it have to be embedded. */
export async function vectorsFromBefore(
	{ tenant, fingerprint, moveSources }: Pick<Claimed, 'tenant' | 'fingerprint' | 'moveSources'>,
	chunks: readonly Pick<ManifestChunk, 'pointId' | 'hash'>[],
	deps: {
		readonly vectorStore: Pick<VectorStore, 'vectors'>;
		readonly breaker: Breaker;
		readonly signal: AbortSignal;
	},
): Promise<Map<string, Float32Array>> {
	const found = new Map<string, Float32Array>();
	const sources = moveSources.filter((one) => one.tenant === tenant && one.fingerprint === fingerprint);
	const old = new Map(
		sources.flatMap(({ manifest }) => manifest).map(({ hash, pointId }) => [hash, pointId]),
	);
	const wanted = chunks.flatMap(({ pointId, hash }) => {
		const oldId = old.get(hash);
		return oldId === undefined ? [] : { pointId, oldId };
	});
	for (let at = 0; at < wanted.length; at += pageSize) {
		const page = wanted.slice(at, at + pageSize);
		const ids = [...new Set(page.map(({ oldId }) => oldId))];
		let vectors: Map<string, Float32Array>;
		try {
			vectors = await deps.breaker.run(() => deps.vectorStore.vectors(tenant, ids), deps.signal);
		} catch {
			deps.signal.throwIfAborted();
			// It only costs an embedding. Publishing will find out what is wrong with the index.
			return found;
		}
		for (const { pointId, oldId } of page) {
			const vector = vectors.get(oldId);
			if (vector !== undefined) found.set(pointId, vector);
		}
	}
	return found;
}

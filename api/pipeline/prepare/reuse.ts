import type { Claimed, DocStore, MoveSource, VectorStore } from '../../ports/index.ts';
import { bytesOfUuid, createRecords, type ManifestChunk, pointId, type Records } from '../../domain/index.ts';
import type { Breaker } from '../faults/index.ts';

/**
 * Vectors that a document brings along, from the name that it had or from before its metadata changed: chunks of the same hash have the same text under the same headings,
 * and so the same vector, as long as extractors, chunker and model are the same. They are read from the points of
 * the name that was left, which stay until the new ones are in, or from its own, and only within the tenant. Which points those are
 * follows from the chunks' hashes; that they are published is asked of the store, in pages, packed in memory.
 */
export interface Reuse {
	/** By point id of the new document; chunks that are not in it have to be embedded. */
	vectors(
		chunks: readonly Pick<ManifestChunk, 'pointId' | 'hash'>[],
	): Promise<ReadonlyMap<string, Float32Array>>;
}

interface ReuseDeps {
	readonly docStore: Pick<DocStore, 'entriesOf'>;
	readonly vectorStore: Pick<VectorStore, 'vectors'>;
	readonly breaker: Breaker;
	readonly signal: AbortSignal;
}

/** Ids in one request. */
const pageSize = 500;
const entriesAPage = 2_000;

export async function openReuse(
	{ tenant, docId, fingerprint, moveSources, ...claimed }: Claimed,
	deps: ReuseDeps,
): Promise<Reuse> {
	const published: { readonly docId: string; readonly ids: Records }[] = [];
	for (const source of moveSources) {
		if (source.tenant !== tenant || source.fingerprint !== fingerprint) continue;
		published.push({ docId: source.docId, ids: await publishedIds(source, deps.docStore) });
	}
	// Its own points are written anew where they get other terms, with the vectors that they have.
	if (claimed.published?.fingerprint === fingerprint && !claimed.isInterrupted) {
		const ids = createRecords(16);
		for (const { pointId: id } of claimed.manifest) ids.add(bytesOfUuid(id));
		published.push({ docId, ids });
	}
	/** Where the index cannot be read once, nothing more is asked of it. */
	let isReadable = true;

	/** Equal chunks of a document have equal vectors: the first one of them will do. */
	function oldIdOf(hash: string): string | null {
		for (const { docId: old, ids } of published) {
			const id = pointId(tenant, old, hash, 0);
			if (ids.find(bytesOfUuid(id)) >= 0) return id;
		}
		return null;
	}

	return {
		async vectors(chunks) {
			const found = new Map<string, Float32Array>();
			if (published.length === 0) return found;
			const wanted = chunks.flatMap(({ pointId: id, hash }) => {
				const oldId = oldIdOf(hash);
				return oldId === null ? [] : { id, oldId };
			});
			for (let at = 0; at < wanted.length && isReadable; at += pageSize) {
				const page = wanted.slice(at, at + pageSize);
				const ids = [...new Set(page.map(({ oldId }) => oldId))];
				try {
					const vectors = await deps.breaker.run(() => deps.vectorStore.vectors(tenant, ids), deps.signal);
					for (const { id, oldId } of page) {
						const vector = vectors.get(oldId);
						if (vector !== undefined) found.set(id, vector);
					}
				} catch {
					deps.signal.throwIfAborted();
					// It only costs an embedding. Publishing will find out what is wrong with the index.
					isReadable = false;
				}
			}
			return found;
		},
	};
}

async function publishedIds({ doc }: MoveSource, docStore: ReuseDeps['docStore']): Promise<Records> {
	const ids = createRecords(16);
	for (let after: string | null = null; ;) {
		const page = await docStore.entriesOf(doc, after, entriesAPage);
		for (const { pointId: id, isCertain } of page) {
			const record = bytesOfUuid(id);
			if (isCertain && ids.find(record) < 0) ids.add(record);
		}
		if (page.length < entriesAPage) return ids;
		after = page.at(-1)?.pointId ?? null;
	}
}

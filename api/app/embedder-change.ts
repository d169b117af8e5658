/**
 * Vectors of two embedders never stand in one index: nearness between them would mean nothing. Which embedder an index
 * was filled by is a marker in the document store, whatever the index can say of itself. Only the composition root uses
 * this.
 *
 * The embedded index is made anew by itself where both embedders cost nothing (adapters/sqlite-vec/outdated-index.ts), and
 * the check at the start fills it from the stored texts. Anything else is a person's choice: vectors may have been paid
 * for, and a collection may be another one's as well.
 */
import type { FastifyBaseLogger } from 'fastify';
import { DocDropError } from '../errors.ts';
import type { DocStore, Spools, VectorStore } from '../ports/index.ts';

/** How fingerprints of embedders begin that were built in, in this version or an earlier one. */
export const builtInFingerprints: readonly string[] = ['lexical:', 'static:'];

/** JSON: fingerprints by the name of the index. */
const markerName = 'embedders';

interface ChangeDeps {
	readonly docStore: Pick<DocStore, 'marker' | 'setMarker' | 'tenants' | 'documents'>;
	readonly vectorStore: Pick<VectorStore, 'kind' | 'count'>;
	readonly spools: Pick<Spools, 'list' | 'remove'>;
	readonly logger: Pick<FastifyBaseLogger, 'warn'>;
}

/**
 * Called once the index is open, or was found away. Throws `index_mismatch` where it holds vectors of another embedder.
 * `indexName`: tells collections apart that this store publishes into.
 */
export async function checkEmbedder(
	{ indexName, fingerprint }: { readonly indexName: string; readonly fingerprint: string },
	isIndexOpen: boolean,
	{ docStore, vectorStore, spools, logger }: ChangeDeps,
): Promise<void> {
	const note = await docStore.marker(markerName);
	const known: Record<string, string> =
		note === null ? await fromDocuments(indexName, docStore) : (JSON.parse(note) as Record<string, string>);
	const before = known[indexName];
	if (note !== null && before === fingerprint) return;
	const isChange = before !== undefined && before !== fingerprint;
	if (isChange && vectorStore.kind === 'qdrant' && !(isIndexOpen && (await vectorStore.count(null)) === 0)) {
		await docStore.setMarker(markerName, JSON.stringify(known));
		throw new DocDropError(
			'index_mismatch',
			`the collection ${indexName} holds vectors of the embedder ${before}, this one is ${fingerprint}`,
			{
				hint: 'Name a new collection in DOCDROP_QDRANT_COLLECTION: it is filled from the stored texts by itself. Or set DOCDROP_EMBEDDER and its model as they were.',
			},
		);
	}
	if (isChange) {
		logger.warn(
			{ before, now: fingerprint },
			'the embedder is another one: the index is filled anew from the stored texts, and searches find what it has so far',
		);
	}
	// Checkpoints of large documents hold vectors too. They go before anything says that the change is done.
	for (const { tenant, docId } of await spools.list()) await spools.remove(tenant, docId);
	await docStore.setMarker(markerName, JSON.stringify({ ...known, [indexName]: fingerprint }));
}

/** What versions without the marker have left: the pipeline's fingerprint of any published document ends in its embedder's. */
async function fromDocuments(
	indexName: string,
	docStore: ChangeDeps['docStore'],
): Promise<Record<string, string>> {
	const page = 100;
	for (let after = ''; ;) {
		const tenants = await docStore.tenants({ after, limit: page });
		for (const tenant of tenants) {
			const [one] = await docStore.documents({ tenant, state: 'published', limit: 1 });
			const embedder = one?.published?.fingerprint.split('|').at(-1)?.split('#')[0];
			if (embedder !== undefined && embedder !== '') return { [indexName]: embedder };
		}
		const last = tenants.at(-1);
		if (last === undefined || tenants.length < page) return {};
		after = last;
	}
}

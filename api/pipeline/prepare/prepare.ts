import type {
	Claimed,
	Clock,
	DocFields,
	DocumentFacts,
	DocStore,
	Extractor,
	NewPoint,
	VectorStore,
} from '../../ports/index.ts';
import type { Breaker } from '../faults/index.ts';
import { embeddedText, indexedTerms, isNamedAlike } from '../../chunking/index.ts';
import { within } from './deadline.ts';
import type { EmbedStep } from './embed.ts';
import type { Gate } from './fair-queue.ts';
import { documentCost, fieldsOf, plan, type Plan, readingOf, readMeta } from '../../domain/index.ts';
import { openReuse } from './reuse.ts';

/**
 * Extract, chunk, plan, embed: everything about one leased document that writes nothing. Many run
 * at a time; what they return waits in the tenant's lane.
 */
export interface Prepared {
	readonly claimed: Claimed;
	readonly plan: Plan;
	readonly points: readonly NewPoint[];
	/** Of the points' vectors, those that were not embedded but taken over from the name that the document had. */
	readonly reused: number;
	/** Null for a deletion. publishedAt is filled in when it is published. */
	readonly fields: Omit<DocFields, 'publishedAt'> | null;
	readonly droppedExtra: readonly string[];
	/** What of it could not be read. */
	readonly warnings: readonly string[];
}

export { embeddedText };

export function prepareDeletion(claimed: Claimed): Prepared {
	const { tenant, docId, manifest, orphans } = claimed;
	const nothing = plan({ tenant, docId, chunks: [], manifest, orphans, canKeep: false });
	return { claimed, plan: nothing, points: [], reused: 0, fields: null, droppedExtra: [], warnings: [] };
}

export async function prepare(
	claimed: Claimed,
	deps: {
		readonly extractor: Extractor;
		/** Before the extractor: no more files than keep it busy wait in it, so that turns are taken here. */
		readonly reading: Gate;
		readonly embed: Pick<EmbedStep, 'embed'>;
		readonly docStore: Pick<DocStore, 'entriesOf'>;
		readonly vectorStore: Pick<VectorStore, 'vectors'>;
		readonly breaker: Breaker;
		readonly clock: Clock;
		/** After this much time in the extractor a document is taken out of it. */
		readonly stallMs: number;
		readonly signal: AbortSignal;
	},
): Promise<Prepared> {
	const { tenant, docId, manifest, orphans, content } = claimed;
	if (claimed.op === 'delete') return prepareDeletion(claimed);
	if (content === null) throw new Error('a document that is wanted has no body');
	const leave = await deps.reading.enter(claimed, documentCost(content.size), deps.signal);
	const input = { content: content.body, ...readingOf(claimed.meta) };
	const { chunks, ...facts } = await within(
		deps.stallMs,
		'the extractor',
		(signal) => deps.extractor.extract(input, signal),
		deps,
	).finally(leave);
	const planned = plan({
		tenant,
		docId,
		chunks,
		manifest,
		orphans,
		canKeep: canKeep(claimed),
	});
	const terms = new Map(chunks.map((chunk) => [chunk.hash, chunk.terms]));
	const reuse = await openReuse(claimed, deps);
	const before = await reuse.vectors(planned.added);
	const fresh = planned.added.filter(({ pointId }) => !before.has(pointId));
	const embedded = await deps.embed.embed(fresh.map(embeddedText), claimed);
	const vectors = new Map([
		...before,
		...fresh.map(({ pointId }, index) => [pointId, embedded[index]] as const),
	]);
	const naming = { docId, ...readMeta(claimed.meta) };
	const points = planned.added.map((chunk): NewPoint => {
		const vector = vectors.get(chunk.pointId);
		if (vector === undefined) throw new Error('a chunk without its vector');
		return {
			id: chunk.pointId,
			vector,
			terms: indexedTerms(terms.get(chunk.hash) ?? '', naming),
			content: chunk.text,
			heading: chunk.heading,
			page: chunk.page,
			order: chunk.order,
		};
	});
	return { claimed, plan: planned, points, reused: before.size, ...changedFields(claimed, content, facts) };
}

/**
 * Whether published points of chunks that stay are as they would be made now. After an interrupted attempt they are
 * all rewritten: what that one set on those that stay is not known.
 */
export function canKeep({ docId, published, meta, fingerprint, isInterrupted }: Claimed): boolean {
	// Without a fingerprint: an attempt was given up half way, and what it set is not known either.
	if (published?.fingerprint !== fingerprint || fingerprint === '' || isInterrupted) return false;
	return isNamedAlike(docId, readMeta(published.meta), readMeta(meta));
}

type Content = NonNullable<Claimed['content']>;

/** What becomes of the document's fields in the index, and what there is to say of its content. */
export function changedFields(
	claimed: Claimed,
	content: Pick<Content, 'sha256'>,
	{ title, warnings }: Pick<DocumentFacts, 'title' | 'warnings'>,
) {
	const before = claimed.published === null ? {} : readMeta(claimed.published.meta).metadata;
	const fields = fieldsOf({ ...claimed, sha256: content.sha256, title });
	const droppedExtra = Object.keys(before).filter((name) => !Object.hasOwn(fields.extra, name));
	return { fields, droppedExtra, warnings };
}

import type {
	Clock,
	DocFields,
	DocStore,
	NewPoint,
	RepairTarget,
	StoredPoint,
	VectorStore,
} from '../../ports/index.ts';
import { fieldsOf, type ManifestEntry, slices } from '../../domain/index.ts';
import type { Log, Telemetry } from '../../telemetry.ts';
import type { Breaker } from '../faults/index.ts';
import { embeddedText, indexedTerms, tokenize } from '../../chunking/index.ts';
import type { EmbedStep } from '../prepare/index.ts';

/**
 * One document of an index that lost something, brought back to what the manifest says: missing points are made
 * again from the stored chunk texts, points that should not be there are removed. tenant-repair.ts says
 * which documents.
 *
 * The document is held meanwhile, so that no publication of it is under way. What is written is in the manifest
 * already, so that nothing has to be remembered, and after a crash the document is repaired once more.
 */
export interface Difference {
	/** Not there, or not as they were published. */
	readonly missing: readonly ManifestEntry[];
	readonly extra: readonly string[];
	/** Of a point that is as it was published; null where none is. */
	readonly fields: DocFields | null;
	/** The index holds what the store has never seen: then the store is the one that lost something. */
	readonly isNewer: boolean;
}

/** Store times, ms, between which this store has published nothing: from its last life to this one. */
export interface Gap {
	readonly from: number;
	readonly to: number;
}

/** Pure. `points` are all that the index has of the document. */
export function differ(target: RepairTarget, points: readonly StoredPoint[], gap: Gap): Difference {
	const { doc, manifest, orphans, published, version, isInterrupted } = target;
	const found = new Map(points.map((point) => [point.id, point]));
	const isRight = ({ pointId, order }: ManifestEntry) => {
		const point = found.get(pointId);
		return point !== undefined && point.order === order && point.fields.version === published?.version;
	};
	const isNewer = ({ fields }: StoredPoint) => {
		if (doc !== null) return fields.version > version;
		// A deletion that is not remembered any more has no version. What a store put back has forgotten has a time.
		const at = Date.parse(fields.publishedAt);
		return at > gap.from && at < gap.to;
	};
	const right = manifest.find(isRight);
	const known = new Set([...manifest.map(({ pointId }) => pointId), ...orphans]);
	return {
		// After an interrupted attempt points may be as that one left them, and the next one writes all of them.
		missing: isInterrupted ? [] : manifest.filter((entry) => !isRight(entry)),
		extra: points.map(({ id }) => id).filter((id) => !known.has(id)),
		fields: right === undefined ? null : (found.get(right.pointId)?.fields ?? null),
		isNewer: points.some(isNewer),
	};
}

export interface Repaired {
	readonly written: number;
	readonly removed: number;
	/** Points of a version that the store does not know: left as they are. */
	readonly newer: boolean;
}

export interface RepairDeps {
	readonly docStore: DocStore;
	readonly vectorStore: VectorStore;
	readonly breaker: Breaker;
	readonly embed: Pick<EmbedStep, 'embed'>;
	readonly clock: Clock;
	readonly log: Log;
	readonly telemetry: Telemetry;
	readonly signal: AbortSignal;
	/** Documents in work may have had their hold ended: the worker is told. */
	readonly wake: () => void;
	readonly gap: Gap;
	readonly totals: RepairTotals;
}

/** What the repairs of this process have done so far. */
export interface RepairTotals {
	written: number;
	removed: number;
	/** The index holds versions that the store has never seen; found out anew by each check. */
	isNewer: boolean;
}

/** Texts and vectors in memory at a time. */
const pointsAtOnce = 128;

/** Null: the document is being worked on; it stays held, and is to be tried again. The caller ends the hold. */
export async function repair(tenant: string, docId: string, deps: RepairDeps): Promise<Repaired | null> {
	const { docStore, vectorStore, breaker, embed, signal } = deps;
	const target = await docStore.hold(tenant, docId);
	if (target === null) return null;
	const { missing, extra, fields, isNewer } = differ(target, await pointsOf(tenant, docId, deps), deps.gap);
	if (isNewer) return { written: 0, removed: 0, newer: true };
	const { doc, published } = target;
	if (missing.length > 0 && doc !== null && published !== null) {
		const publishedAt = new Date(published.at).toISOString();
		const ofDocument = fields ?? { ...fieldsOf(published), publishedAt };
		for (const entries of slices(missing, pointsAtOnce)) {
			const chunks = await docStore.texts(
				doc,
				entries.map(({ pointId }) => pointId),
			);
			// As work that nobody waits for in person.
			const vectors = await embed.embed(chunks.map(embeddedText), { tenant, class: 2 });
			const points = chunks.map(({ pointId: id, text: content, heading, page, order }, index): NewPoint => {
				const vector = vectors[index];
				if (vector === undefined) throw new Error('a chunk without its vector');
				const terms = indexedTerms(tokenize(embeddedText({ heading, text: content })).join(' '), docId);
				return { id, vector, terms, content, heading, page, order };
			});
			const write = { tenant, docId, fields: ofDocument, points, kept: [], reordered: [], droppedExtra: [] };
			await breaker.run((inner) => vectorStore.put([write], inner), signal);
		}
	}
	if (extra.length > 0) await breaker.run((inner) => vectorStore.remove(tenant, extra, inner), signal);
	return { written: missing.length, removed: extra.length, newer: false };
}

/** All points of one document, in one call of the breaker. */
export const pointsOf = (
	tenant: string,
	docId: string,
	{ vectorStore, breaker, signal }: Pick<RepairDeps, 'vectorStore' | 'breaker' | 'signal'>,
): Promise<StoredPoint[]> =>
	breaker.run(async () => {
		const points: StoredPoint[] = [];
		for await (const point of vectorStore.scan(tenant, docId)) {
			// What is not in the document's manifest is removed: a point of another one must never get that far.
			if (point.tenant !== tenant || point.docId !== docId)
				throw new Error('a scan of one document gave a point of another');
			points.push(point);
		}
		return points;
	}, signal);

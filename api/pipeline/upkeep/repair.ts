import type { Clock, DocFields, DocStore, NewPoint, RepairTarget, VectorStore } from '../../ports/index.ts';
import { type Failure, fieldsOf, readMeta, slices } from '../../domain/index.ts';
import type { Log, Telemetry } from '../../telemetry.ts';
import type { Breaker } from '../faults/index.ts';
import { embeddedText, indexedTerms, termsOf } from '../../chunking/index.ts';
import type { EmbedStep } from '../prepare/index.ts';
import { differ, type Gap, pagesOf } from './document-difference.ts';

/**
 * One document of an index that lost something, brought back to what the manifest says: missing points are made
 * again from the stored chunk texts, points that should not be there are removed. tenant-repair.ts says
 * which documents.
 *
 * The document is held meanwhile, so that no publication of it is under way. What is written is in the manifest
 * already, so that nothing has to be remembered, and after a crash the document is repaired once more. However large
 * it is, it is read by its ids, page by page, and each call of the index is short.
 */
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
	readonly random: () => number;
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
	/** Documents that could not be repaired for what they are, by name; found out anew by each check. */
	readonly unmended: Map<string, Failure>;
}

/** Texts and vectors in memory at a time. */
const pointsAtOnce = 128;
/** Ids of what is wrong that are in memory at a time. */
const differencesAtOnce = 5_000;

/** Null: the document is being worked on; it stays held, and is to be tried again. The caller ends the hold. */
export async function repair(tenant: string, docId: string, deps: RepairDeps): Promise<Repaired | null> {
	const { docStore, vectorStore, breaker, signal } = deps;
	const target = await docStore.hold(tenant, docId);
	if (target === null) return null;
	const done = { written: 0, removed: 0, newer: false };
	let fields: DocFields | null = null;
	for (let from: string | null = null; ;) {
		const found = await survey({ tenant, docId }, target, from, deps);
		if (found.isNewer) return { ...done, newer: true };
		fields ??= found.fields;
		done.written += await writeAgain({ tenant, docId }, target, found.missing, fields, deps);
		for (const ids of slices(found.extra, pointsAtOnce)) {
			await breaker.run((inner) => vectorStore.remove(tenant, ids, inner), signal);
			done.removed += ids.length;
		}
		if (found.next === null) return done;
		from = found.next;
	}
}

interface Name {
	readonly tenant: string;
	readonly docId: string;
}

interface Survey {
	readonly missing: string[];
	readonly extra: string[];
	fields: DocFields | null;
	isNewer: boolean;
	/** The id that this has come to, where there may be more behind it. */
	next: string | null;
}

/**
 * What is wrong behind `from`, as much as is worked on at once. The first survey of a document looks at all of it, because
 * nothing may be touched where one point is newer than the store.
 */
async function survey(
	name: Name,
	target: RepairTarget,
	from: string | null,
	deps: RepairDeps,
): Promise<Survey> {
	const found: Survey = { missing: [], extra: [], fields: null, isNewer: false, next: null };
	for await (const page of pagesOf(name, target, from, deps)) {
		const { missing, extra, fields, isNewer } = differ(target, page, deps.gap);
		found.isNewer ||= isNewer;
		found.fields ??= fields;
		if (found.isNewer) break;
		if (found.next !== null) continue;
		found.missing.push(...missing);
		found.extra.push(...extra);
		if (found.missing.length + found.extra.length < differencesAtOnce) continue;
		found.next = page.last;
		if (from !== null) break;
	}
	return found;
}

/** `fields`: of a point of the document that is as it was published; null where none is. */
async function writeAgain(
	{ tenant, docId }: Name,
	{ doc, published }: RepairTarget,
	missing: readonly string[],
	fields: DocFields | null,
	{ docStore, vectorStore, breaker, embed, signal }: RepairDeps,
): Promise<number> {
	if (doc === null || published === null) return 0;
	let written = 0;
	const naming = { docId, ...readMeta(published.meta) };
	const publishedAt = new Date(published.at).toISOString();
	const ofDocument = fields ?? { ...fieldsOf(published), publishedAt };
	for (const ids of slices(missing, pointsAtOnce)) {
		const chunks = await docStore.texts(doc, ids);
		if (chunks.length === 0) continue;
		// As work that nobody waits for in person.
		const vectors = await embed.embed(chunks.map(embeddedText), { tenant, class: 2 });
		const points = chunks.map(({ pointId: id, text: content, heading, page, order }, index): NewPoint => {
			const vector = vectors[index];
			if (vector === undefined) throw new Error('a chunk without its vector');
			const terms = indexedTerms(termsOf(embeddedText({ heading, text: content })).join(' '), naming);
			return { id, vector, terms, content, heading, page, order };
		});
		const write = { tenant, docId, fields: ofDocument, points, kept: [], reordered: [], droppedExtra: [] };
		await breaker.run((inner) => vectorStore.put([write], inner), signal);
		written += points.length;
	}
	return written;
}

import type { Clock, DocFields, DocStore, NewPoint, RepairTarget, VectorStore } from '../../ports/index.ts';
import { type Failure, fieldsOf, pointId, readMeta, slices } from '../../domain/index.ts';
import type { Log, Telemetry } from '../../telemetry.ts';
import type { Breaker } from '../faults/index.ts';
import type { AuditKind } from '../../contract/audit-kinds.ts';
import { embeddedText, indexedTerms, termsOf } from '../../chunking/index.ts';
import type { EmbedStep } from '../prepare/index.ts';
import { differ, type Gap, pagesOf, type SeenPoint } from './document-difference.ts';

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
	readonly target: RepairTarget;
	readonly written: number;
	readonly removed: number;
	/** Points of a version that the store does not know: left as they are. */
	readonly newer: boolean;
	/** Points of the document in the index, before anything was written or removed. */
	readonly points: number;
	readonly found: PointFindings;
	/** What was found and is as it was, because it could not be mended or was not to be. */
	readonly left: number;
}

/** Points by what is wrong with them. */
export type PointFindings = Readonly<Record<Exclude<AuditKind, 'folder'>, number>>;

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
	/** Whether the contents of the points are held against the manifest, too; their marks alone cost a tenth. */
	readonly readsContents: boolean;
	/** False: it is found out what is wrong, and nothing is touched. */
	readonly mends: boolean;
}

/** What the repairs of this process have done so far. */
export interface RepairTotals {
	written: number;
	removed: number;
	/** The index holds versions that the store has never seen; found out anew by each check. */
	isNewer: boolean;
	/** Documents that could not be repaired for what they are, by name, until they are. */
	readonly unmended: Map<string, Failure>;
}

/** Texts and vectors in memory at a time. */
const pointsAtOnce = 128;
/** Ids of what is wrong that are in memory at a time. */
const differencesAtOnce = 5_000;

/** Null: the document is being worked on; it stays held, and is to be tried again. The caller ends the hold. */
export async function repair(tenant: string, docId: string, deps: RepairDeps): Promise<Repaired | null> {
	const { docStore, readsContents, mends } = deps;
	const target = await docStore.hold(tenant, docId);
	if (target === null) return null;
	const name = { tenant, docId };
	const first = await survey(name, target, null, deps);
	const found = await sortDoubled(name, target, first, deps);
	const all = total(found);
	const seen = { target, points: first.points, found, newer: found.newer > 0 };
	if (seen.newer || !mends || all === 0) return { ...seen, written: 0, removed: 0, left: all };
	const done = await mend(name, target, first, deps);
	// An index may say of a write that it is done, and not have done it.
	const left = readsContents ? total((await survey(name, target, null, deps)).counts) : 0;
	return { ...seen, ...done, left };
}

/** From the first survey on, as much as is worked on at once, until all of the document is as it should be. */
async function mend(
	name: Name,
	target: RepairTarget,
	first: Survey,
	deps: RepairDeps,
): Promise<Pick<Repaired, 'written' | 'removed'>> {
	const { vectorStore, breaker, signal } = deps;
	const done = { written: 0, removed: 0 };
	const { fields } = first;
	for (let found = first; ; found = await survey(name, target, found.next, deps)) {
		done.written += await writeAgain(name, target, found.wrong, fields ?? found.fields, deps);
		for (const ids of slices(
			found.extra.map(({ id }) => id),
			pointsAtOnce,
		)) {
			await breaker.run((inner) => vectorStore.remove(name.tenant, ids, inner), signal);
			done.removed += ids.length;
		}
		if (found.next === null) return done;
	}
}

interface Name {
	readonly tenant: string;
	readonly docId: string;
}

interface Survey {
	readonly wrong: string[];
	readonly extra: SeenPoint[];
	fields: DocFields | null;
	/** Points that were seen, and what is wrong of all of them; of a survey from the beginning. */
	points: number;
	readonly counts: Record<keyof PointFindings, number>;
	/** The id that this has come to, where there may be more behind it. */
	next: string | null;
}

const total = (counts: PointFindings): number => Object.values(counts).reduce((sum, one) => sum + one, 0);

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
	const counts = { missing: 0, changed: 0, stale: 0, misordered: 0, surplus: 0, doubled: 0, newer: 0 };
	const found: Survey = { wrong: [], extra: [], fields: null, points: 0, counts, next: null };
	for await (const page of pagesOf(name, target, from, deps)) {
		const { wrong, extra, fields, newer } = differ(target, page, deps.gap);
		found.points += page.points.length;
		for (const { kind } of wrong) counts[kind] += 1;
		counts.surplus += extra.length;
		counts.newer += newer;
		found.fields ??= fields;
		if (found.next !== null) continue;
		found.wrong.push(...wrong.map(({ pointId }) => pointId));
		found.extra.push(...extra);
		if (found.wrong.length + found.extra.length < differencesAtOnce) continue;
		found.next = page.last;
		if (from !== null) break;
	}
	return found;
}

/** A surplus point is a double where the manifest has its content, which the first of the equal chunks is named by. */
async function sortDoubled(
	{ tenant, docId }: Name,
	{ doc }: RepairTarget,
	{ counts, extra }: Survey,
	{ docStore }: RepairDeps,
): Promise<PointFindings> {
	if (doc === null) return counts;
	const firsts = extra.flatMap(({ hash }) => (hash === null ? [] : [pointId(tenant, docId, hash, 0)]));
	let doubled = 0;
	for (const ids of slices(firsts, pointsAtOnce)) {
		const known = new Set((await docStore.texts(doc, [...new Set(ids)])).map((chunk) => chunk.pointId));
		doubled += ids.filter((id) => known.has(id)).length;
	}
	return { ...counts, doubled, surplus: counts.surplus - doubled };
}

/** `fields`: of a point of the document that is as it was published; null where none is. */
async function writeAgain(
	{ tenant, docId }: Name,
	{ doc, published }: RepairTarget,
	wrong: readonly string[],
	fields: DocFields | null,
	{ docStore, vectorStore, breaker, embed, signal }: RepairDeps,
): Promise<number> {
	if (doc === null || published === null) return 0;
	let written = 0;
	const naming = { docId, ...readMeta(published.meta) };
	const publishedAt = new Date(published.at).toISOString();
	const ofDocument = fields ?? { ...fieldsOf(published), publishedAt };
	for (const ids of slices(wrong, pointsAtOnce)) {
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

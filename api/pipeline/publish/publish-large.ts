import { indexedTerms } from '../../chunking/index.ts';
import { type ManifestChunk, readMeta } from '../../domain/index.ts';
import type { Chunk, DocWrite, NewPoint } from '../../ports/index.ts';
import type { LaneTurn } from './lane-lock.ts';
import type { LargePrepared } from '../prepare/index.ts';
import type { PublishDeps } from './publish.ts';

/**
 * publish.ts for a document whose points do not fit into one bulk write: the same protocol, slice by slice.
 *
 *  begin   the store knows that an attempt has begun to write
 *  stay    points that stay get the document's new fields, or are written whole, slice by slice
 *  slices  for each page: its new points into mayExist, entries that it rewrites uncertain; then put
 *  gone    only now, slice by slice: uncertain; out of the index; out of the store
 *  commit  what is left in the store is the manifest, in one step
 *
 * Each step may be done again. After a crash all of them are, for the document's newest generation. Between two
 * steps the lane's lock is free, so that other documents of the tenant go on meanwhile.
 */
export type LargeStep = (turn: LaneTurn) => Promise<void>;

export interface LargeProgress {
	/** The lease was lost on the way: its new holder does the work. */
	isLost: boolean;
	isCommitted: boolean;
}

/** One transaction of the embedded index. */
const pointsASlice = 512;
/**
 * Some 400,000 characters. What a slice holds is on the heap until its last write is answered; of five pages most outlived
 * two collections, were taken for lasting, and 200 MB of text left 90 MB more of them than two pages do.
 */
const pagesASlice = 2;
const rewritesASlice = 128;
const goneASlice = 500;
const entriesASlice = 2_000;

export function* largeSteps(
	prepared: LargePrepared,
	detail: () => { readonly publishMs: number },
	progress: LargeProgress,
	deps: Omit<PublishDeps, 'turn'>,
): Generator<LargeStep> {
	const { docStore, vectorStore, breaker, blame, crashPoint, now, signal } = deps;
	const { claimed, plan, spool, rewrite, fields, droppedExtra } = prepared;
	const { lease, tenant, docId } = claimed;
	const publishedAt = new Date(now()).toISOString();
	const reordered = plan.reordered();
	const movedEntries = reordered.map(({ id, order }) => ({ pointId: id, order }));

	async function intend(added: readonly ManifestChunk[], uncertain: readonly string[]): Promise<boolean> {
		const [isLeased] = await docStore.recordIntent([{ lease, added, uncertain }]);
		if (isLeased !== true) progress.isLost = true;
		return isLeased === true;
	}
	const put = async (turn: LaneTurn, parts: Pick<DocWrite, 'points' | 'kept' | 'reordered'>) => {
		if (fields === null) return;
		const write = { tenant, docId, fields: { ...fields, publishedAt }, droppedExtra, ...parts };
		await turn.enter();
		await breaker.run((inner) => vectorStore.put([write], inner), signal);
		blame.served();
	};

	yield async (turn) => {
		if (!(await intend([], []))) return;
		crashPoint('after-intent');
		if (plan.kept > 0 && rewrite === null) await put(turn, { points: [], kept: plan.keptIds(), reordered });
	};
	for (let from = 0; rewrite !== null && from < plan.chunks && !progress.isLost; from += rewritesASlice) {
		yield async (turn) => {
			const length = Math.min(rewritesASlice, plan.chunks - from);
			const points = await rewrite(Array.from({ length }, (_, at) => plan.pointId(from + at)));
			// Between the slices another lease may have taken the document over, and published what is newer.
			if (!(await intend([], []))) return;
			await put(turn, { points, kept: [], reordered: [] });
			crashPoint('between-points');
		};
	}
	for (let at = 0; at < reordered.length && !progress.isLost; at += entriesASlice) {
		yield async () => {
			if (!(await docStore.reorder(lease, movedEntries.slice(at, at + entriesASlice))))
				progress.isLost = true;
		};
	}
	for (let page = 0; spool !== null && page < spool.pages() && !progress.isLost;) {
		const from = page;
		const first = spool.firstOf(from);
		do page += 1;
		while (
			page < Math.min(spool.pages(), from + pagesASlice) &&
			spool.firstOf(page + 1) - first <= pointsASlice
		);
		const to = page;
		yield async (turn) => {
			const { added, points, rewritten, known } = await slice(prepared, from, to);
			if (points.length === 0) return;
			if (!(await intend(added, rewritten))) return;
			if (known.length > 0 && !(await docStore.reorder(lease, known))) progress.isLost = true;
			if (progress.isLost) return;
			crashPoint('after-intent');
			await put(turn, { points, kept: [], reordered: [] });
			crashPoint('between-points');
		};
	}
	for (let from = 0; from < plan.gone && !progress.isLost; from += goneASlice) {
		yield async (turn) => {
			const { ids, certain } = plan.goneIds(from, from + goneASlice);
			if (!(await intend([], certain))) return;
			await turn.enter();
			await breaker.run((inner) => vectorStore.remove(tenant, ids, inner), signal);
			if (!(await docStore.forget(lease, ids))) progress.isLost = true;
		};
	}
	if (progress.isLost) return;
	yield async () => {
		crashPoint('before-manifest');
		const [isCommitted] = await docStore.commit(
			[
				{
					lease,
					manifest: 'intended',
					title: fields?.title ?? null,
					detail: {
						added: plan.chunks - plan.kept,
						kept: plan.kept,
						removed: plan.gone,
						embedded: prepared.embedded,
						...(prepared.reused > 0 && { reused: prepared.reused }),
						closedBy: 'large',
						...detail(),
						...(prepared.warnings.length > 0 && { warnings: prepared.warnings }),
					},
				},
			],
			now(),
		);
		progress.isCommitted = isCommitted === true;
		progress.isLost = isCommitted !== true;
	};
	// Housekeeping: the next change of the document would do it at once, and keep the store busy for it.
	let after: string | null = null;
	for (let isEnd = !progress.isCommitted; !isEnd; isEnd = after === null) {
		yield async () => {
			after = await docStore.tidyEntries(lease.doc, after, entriesASlice);
		};
	}
}

/** The new points of some pages, with what the store keeps of them. */
async function slice({ claimed, spool, plan }: LargePrepared, from: number, to: number) {
	const added: ManifestChunk[] = [];
	const points: NewPoint[] = [];
	/** Of them those in the manifest; those that the store has already, for which an intent changes nothing. */
	const rewritten: string[] = [];
	const known: ManifestChunk[] = [];
	if (spool === null) return { added, points, rewritten, known };
	const naming = { docId: claimed.docId, ...readMeta(claimed.meta) };
	const first = spool.firstOf(from);
	const chunks: Chunk[] = [];
	for (let page = from; page < to; page += 1) chunks.push(...(await spool.read(page)));
	const vectors = await spool.vectors(first, chunks.length);
	for (const [at, { hash, heading, page: sheet, text, terms }] of chunks.entries()) {
		const index = first + at;
		if (plan.isKept(index)) continue;
		const vector = vectors[at] ?? null;
		if (vector === null) throw new Error('a chunk without its vector');
		const pointId = plan.pointId(index);
		const order = plan.order(index);
		const chunk = { pointId, hash, order, heading, page: sheet, text };
		added.push(chunk);
		if (plan.isKnown(index)) known.push(chunk);
		if (plan.isOfManifest(index)) rewritten.push(pointId);
		points.push({
			id: pointId,
			vector,
			terms: indexedTerms(terms, naming),
			content: text,
			heading,
			page: sheet,
			order,
		});
	}
	return { added, points, rewritten, known };
}

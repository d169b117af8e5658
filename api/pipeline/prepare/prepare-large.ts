import type { Chunk, Claimed, DocFields, DocStore, NewPoint, Spool } from '../../ports/index.ts';
import { embeddedText } from '../../chunking/index.ts';
import type { EmbedStep } from './embed.ts';
import {
	createLargePlanner,
	documentCost,
	largeBytes,
	type LargePlan,
	readingOf,
} from '../../domain/index.ts';
import { loopTurn } from '../../loop-turn.ts';
import { canKeep, changedFields } from './prepare.ts';
import type { Gate } from './fair-queue.ts';
import { openReuse, type Reuse } from './reuse.ts';
import type { StepDeps } from './step-deps.ts';

/**
 * prepare.ts for documents that are too large to be in memory: chunks and vectors go into a spool, page by page,
 * and only their hashes and names are planned over. What is embedded is in the spool's checkpoint as soon as it
 * came, so that after a crash only what is missing is embedded again. A moved document takes the vectors of the name
 * that it had over, page by page.
 */
export interface LargePrepared {
	readonly claimed: Claimed;
	readonly plan: LargePlan;
	/** Null for a deletion, and for a change of metadata alone. */
	readonly spool: Spool | null;
	/** Points that stay, written whole; null where only their fields change. */
	readonly rewrite: ((ids: readonly string[]) => Promise<NewPoint[]>) | null;
	readonly fields: Omit<DocFields, 'publishedAt'> | null;
	readonly droppedExtra: readonly string[];
	readonly warnings: readonly string[];
	readonly embedded: number;
	/** Vectors that were taken over from the name that the document had. */
	readonly reused: number;
}

export interface LargeDeps extends Pick<
	StepDeps,
	'docStore' | 'vectorStore' | 'extractor' | 'spools' | 'breaker' | 'signal'
> {
	/** See prepare.ts. */
	readonly reading: Gate;
	readonly embed: Pick<EmbedStep, 'embed'>;
}

/** Pages of one document that are with the embedder at the same time. */
const pagesAtOnce = 2;
const entriesAPage = 2_000;

/** Beside what waits as large (`isLargeWork`): what an attempt has left may have made a document one. */
export function isLarge({ content, isPaged }: Claimed): boolean {
	return isPaged || (content !== null && 'file' in content.body && content.size > largeBytes);
}

export async function prepareLarge(claimed: Claimed, deps: LargeDeps): Promise<LargePrepared> {
	const { tenant, docId, content, fingerprint } = claimed;
	let planner = createLargePlanner(tenant, docId);
	if (claimed.op === 'delete') {
		await addKnownEntries(claimed, planner, deps.docStore);
		const nothing = await planner.finish(false, loopTurn);
		const none = {
			spool: null,
			rewrite: null,
			fields: null,
			droppedExtra: [],
			warnings: [],
			embedded: 0,
			reused: 0,
		};
		return { claimed, plan: nothing, ...none };
	}
	if (content === null) throw new Error('a document that is wanted has no body');
	const reading = readingOf(claimed.meta);
	// Chunks follow from how the content is read as well.
	const read = `${fingerprint} ${JSON.stringify(reading)}`;
	const spool = await deps.spools.open({ tenant, docId, contentSha256: content.sha256, fingerprint: read });
	try {
		const leave = await deps.reading.enter(claimed, documentCost(content.size), deps.signal);
		const facts = await deps.extractor
			.stream(
				{ content: content.body, ...reading },
				{
					begin() {
						planner = createLargePlanner(tenant, docId);
						return spool.begin();
					},
					page(page) {
						for (const { hash } of page) planner.add(hash);
						return spool.append(page);
					},
				},
				deps.signal,
			)
			.finally(leave);
		await addKnownEntries(claimed, planner, deps.docStore);
		const plan = await planner.finish(canKeep(claimed), loopTurn);
		const vectors = await fillSpool(claimed, spool, plan, deps);
		return { claimed, plan, spool, rewrite: null, ...changedFields(claimed, content, facts), ...vectors };
	} catch (error) {
		await spool.close();
		throw error;
	}
}

async function addKnownEntries(
	{ lease, isPaged, manifest, orphans }: Claimed,
	planner: ReturnType<typeof createLargePlanner>,
	docStore: DocStore,
): Promise<void> {
	if (!isPaged) {
		planner.addEntries(manifest.map((entry) => ({ ...entry, isCertain: true })));
		return planner.addEntries(orphans.map((pointId) => ({ pointId, order: '', isCertain: false })));
	}
	let after: string | null = null;
	for (;;) {
		const entries = await docStore.entries(lease, after, entriesAPage);
		planner.addEntries(entries);
		if (entries.length < entriesAPage) return;
		after = entries.at(-1)?.pointId ?? null;
	}
}

/** Where a chunk's vector came from, if not from an earlier attempt. */
interface Vectors {
	readonly embedded: number;
	readonly reused: number;
}

async function fillSpool(claimed: Claimed, spool: Spool, plan: LargePlan, deps: LargeDeps): Promise<Vectors> {
	const reuse = await openReuse(claimed, deps);
	const sum = { embedded: 0, reused: 0 };
	let next = 0;
	const failed = { is: false };
	async function fillPages(): Promise<void> {
		while (next < spool.pages() && !failed.is) {
			const page = next++;
			const { embedded, reused } = await fillPage(claimed, spool, plan, page, { ...deps, reuse }).catch(
				(error: unknown) => {
					failed.is = true;
					throw error;
				},
			);
			sum.embedded += embedded;
			sum.reused += reused;
			deps.signal.throwIfAborted();
		}
	}
	// None goes on behind the caller's back when another one has failed.
	const ends = await Promise.allSettled(Array.from({ length: pagesAtOnce }, fillPages));
	for (const end of ends) if (end.status === 'rejected') throw end.reason;
	return sum;
}

async function fillPage(
	claimed: Claimed,
	spool: Spool,
	plan: LargePlan,
	page: number,
	{ embed, reuse }: LargeDeps & { readonly reuse: Reuse },
): Promise<Vectors> {
	const first = spool.firstOf(page);
	const count = spool.firstOf(page + 1) - first;
	const needed = Array.from({ length: count }, (_, at) => first + at).filter((index) => !plan.isKept(index));
	if (needed.length === 0) return { embedded: 0, reused: 0 };
	const there = await spool.vectors(first, count);
	const missing = needed.filter((index) => there[index - first] === null);
	if (missing.length === 0) return { embedded: 0, reused: 0 };
	const chunks: readonly Chunk[] = await spool.read(page);
	const chunkAt = (index: number) => {
		const chunk = chunks[index - first];
		if (chunk === undefined) throw new Error('a page without one of its chunks');
		return chunk;
	};
	const before = await reuse.vectors(
		missing.map((index) => ({ pointId: plan.pointId(index), hash: chunkAt(index).hash })),
	);
	const fresh = missing.filter((index) => !before.has(plan.pointId(index)));
	const embedded = await embed.embed(fresh.map(chunkAt).map(embeddedText), claimed);
	const vectors = new Map(fresh.map((index, at) => [index, embedded[at]]));
	await spool.putVectors(
		missing.flatMap((index) => {
			const vector = before.get(plan.pointId(index)) ?? vectors.get(index);
			return vector === undefined ? [] : [{ index, vector }];
		}),
	);
	return { embedded: fresh.length, reused: before.size };
}

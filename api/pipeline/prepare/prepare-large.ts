import { setImmediate } from 'node:timers/promises';
import type { Chunk, Claimed, DocFields, DocStore, Spool } from '../../ports/index.ts';
import { embeddedText } from '../../chunking/index.ts';
import type { EmbedStep } from './embed.ts';
import {
	createLargePlanner,
	documentCost,
	largeBytes,
	type LargePlan,
	readingOf,
} from '../../domain/index.ts';
import { changedFields } from './prepare.ts';
import type { Gate } from './fair-queue.ts';
import type { StepDeps } from './step-deps.ts';

/**
 * prepare.ts for documents that are too large to be in memory: chunks and vectors go into a spool, page by page,
 * and only their hashes and names are planned over. What is embedded is in the spool's checkpoint as soon as it
 * came, so that after a crash only what is missing is embedded again.
 */
export interface LargePrepared {
	readonly claimed: Claimed;
	readonly plan: LargePlan;
	/** Null for a deletion. */
	readonly spool: Spool | null;
	readonly fields: Omit<DocFields, 'publishedAt'> | null;
	readonly droppedExtra: readonly string[];
	readonly embedded: number;
}

export interface LargeDeps extends Pick<StepDeps, 'docStore' | 'extractor' | 'spools' | 'signal'> {
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
		const nothing = await planner.finish(false, setImmediate);
		return { claimed, plan: nothing, spool: null, fields: null, droppedExtra: [], embedded: 0 };
	}
	if (content === null) throw new Error('a document that is wanted has no body');
	const reading = readingOf(claimed.meta);
	// Chunks follow from how the content is read as well.
	const read = `${fingerprint} ${JSON.stringify(reading)}`;
	const spool = await deps.spools.open({ tenant, docId, contentSha256: content.sha256, fingerprint: read });
	try {
		const leave = await deps.reading.enter(claimed, documentCost(content.size), deps.signal);
		const { title } = await deps.extractor
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
		const plan = await planner.finish(
			claimed.published?.fingerprint === fingerprint && !claimed.isInterrupted,
			setImmediate,
		);
		const embedded = await embedAll(claimed, spool, plan, deps);
		return { claimed, plan, spool, ...changedFields(claimed, content, title), embedded };
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

async function embedAll(
	claimed: Claimed,
	spool: Spool,
	plan: LargePlan,
	{ embed, signal }: LargeDeps,
): Promise<number> {
	let embedded = 0;
	let next = 0;
	const failed = { is: false };
	async function embedPages(): Promise<void> {
		while (next < spool.pages() && !failed.is) {
			const page = next++;
			const count = await embedPage(claimed, spool, plan, page, embed).catch((error: unknown) => {
				failed.is = true;
				throw error;
			});
			embedded += count;
			signal.throwIfAborted();
		}
	}
	// None goes on behind the caller's back when another one has failed.
	const ends = await Promise.allSettled(Array.from({ length: pagesAtOnce }, embedPages));
	for (const end of ends) if (end.status === 'rejected') throw end.reason;
	return embedded;
}

async function embedPage(
	claimed: Claimed,
	spool: Spool,
	plan: LargePlan,
	page: number,
	embed: LargeDeps['embed'],
): Promise<number> {
	const first = spool.firstOf(page);
	const count = spool.firstOf(page + 1) - first;
	const needed = Array.from({ length: count }, (_, at) => first + at).filter((index) => !plan.isKept(index));
	if (needed.length === 0) return 0;
	const there = await spool.vectors(first, count);
	const missing = needed.filter((index) => there[index - first] === null);
	if (missing.length === 0) return 0;
	const chunks: readonly Chunk[] = await spool.read(page);
	const texts = missing.map((index) => {
		const chunk = chunks[index - first];
		if (chunk === undefined) throw new Error('a page without one of its chunks');
		return embeddedText(chunk);
	});
	const vectors = await embed.embed(texts, claimed);
	await spool.putVectors(
		missing.flatMap((index, at) => {
			const vector = vectors[at];
			return vector === undefined ? [] : [{ index, vector }];
		}),
	);
	return missing.length;
}
